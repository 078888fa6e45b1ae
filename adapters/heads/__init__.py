"""Places outside the database that ledger heads are published to: files, object stores, webhooks.

Belongs here: writing a head to such a place, and reading back what it holds. Does not: what a head
is (`adapters.postgres.ledger`), or comparing it with the chain (`adapters.postgres.verification`).
"""
