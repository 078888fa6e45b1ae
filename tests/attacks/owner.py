"""Attacks by the owner of the tables, whom nothing stops: each must be named by verifying."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import Connection, text

from adapters.postgres.verification.verify import verify

_ITS_OWN = (
    *("work as the owner", "log in as the owner", "change the owner's password"),
    *("give away the owner's tables", "own a guard", "own a table"),
    *("work as the service", "work as the approver"),
    *("rebuild an index", "comment on a table", "raise a budget"),
)
_ANYBODY_MAY = (
    *("pay on its date", "approve what it pays", "record an approval that it did not give"),
)
_OUTSIDE = (
    *("share reading", "set default privileges of the owner"),
    *("make a schema", "make a public table", "replace a built-in function"),
    *("make a temporary table", "make a temporary table out of a query", "make a temporary view"),
    *("make a temporary sequence", "make a temporary function", "make a temporary type"),
)
# Sealing what waits is what everybody's records do.
SEALS = frozenset({"seal in a view", "see a function's owner work"})
# What the owner is there for, what the service or the approver may do as well, and what touches
# nothing of the program: its functions look for nothing in other schemas.
HARMLESS = SEALS.union(_ITS_OWN, _ANYBODY_MAY, _OUTSIDE)

_TRIGGERS = """
  SELECT tgrelid::regclass::text, quote_ident(tgname) FROM pg_trigger
  JOIN pg_class ON pg_class.oid = tgrelid
  WHERE relnamespace = 'growth_points'::regnamespace AND relkind = 'r' AND NOT tgisinternal
"""


def got_through(connection: Connection, sql: str) -> bool:
    """Attempt an attack, up to the checks at its commit; returns whether nothing refused it."""
    session = connection.connection.driver_connection
    assert isinstance(session, psycopg.Connection)
    if not connection.in_transaction():
        connection.begin()  # what is verified is this transaction
    try:
        if "FROM STDIN" in sql:
            with session.cursor().copy(sql):
                pass
        else:
            session.execute(sql)
        session.execute("SET CONSTRAINTS ALL IMMEDIATE; CLOSE ALL")
    except psycopg.Error:
        session.rollback()
        return False
    return True


@contextmanager
def without_triggers(connection: Connection) -> Iterator[None]:
    """Switch every trigger off, and on again as it was, so that only what was done can be told."""
    triggers = connection.execute(text(_TRIGGERS)).all()
    for table, name in triggers:
        connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {name}"))
    yield
    for table, name in triggers:
        connection.execute(text(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}"))


def differences(connection: Connection) -> frozenset[str]:
    """Verify, in the transaction of the attack."""
    return frozenset(str(each) for each in verify(connection))
