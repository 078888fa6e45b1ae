"""Verifying: what can be derived again is, and whatever differs is named.

Belongs here: checks, each from the database to the differences it finds, in the file that names
what is checked; `verify` lists them all. Nothing here trusts the triggers, the constraints or the
functions of the database: somebody who could switch them off is whom this is for. Does not:
correcting anything, and deciding months again (that is `flows/verifying/replay`).
"""
