"""PostgreSQL: the tables, the embedded server, bulk reading and writing, the ledger.

One question per function; the caller owns the transaction.
"""
