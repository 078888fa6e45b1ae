"""Ingesting a month's files: find, read and check them, then record a revision or refuse them."""
