"""Attacks: SQL that must not get through as any login but the owner, and how each is refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import psycopg

# Who attacks: the logins of the program, and one that may connect and nothing else.
LOGINS = {
    "service": "growth_points_app",
    "approver": "growth_points_approver",
    "reader": "growth_points_reader",
    "stores": "growth_points_stores_app",
    "stranger": "stranger",
}
FORBIDDEN = "42501 "  # insufficient_privilege
NO_EFFECT = "nothing changed"
GOT_THROUGH = "it got through"  # expected only of a login whose work it is


@dataclass(frozen=True, slots=True)
class Attack:
    """SQL to attempt in one transaction, up to the checks at its commit.

    `refused` must occur in the refusal's code, constraint and message; `by` says so for logins that
    may do more than others.
    """

    name: str
    sql: str
    refused: str = FORBIDDEN
    by: Mapping[str, str] = field(default_factory=dict)

    def expected(self, login: str) -> str:
        """Return how this login must be refused."""
        return self.by.get(login, self.refused)


def outcome(connection: psycopg.Connection, sql: str) -> str:
    """Attempt an attack, and take it back; returns how it was refused, or what it changed."""
    before = _facts(connection)
    connection.rollback()
    try:
        connection.execute(sql)
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        changed = _facts(connection) != before
    except psycopg.Error as error:
        diagnosis = error.diag
        return f"{diagnosis.sqlstate} {diagnosis.constraint_name} {diagnosis.message_primary}"
    finally:
        connection.rollback()
    return GOT_THROUGH if changed else NO_EFFECT


_FACTS = """
  SELECT current_user::text, current_setting('session_replication_role'),
         (SELECT sum(hashtextextended(concat_ws('|', oid, relowner, relacl, relkind), 0))
          FROM pg_class WHERE relpersistence <> 't'),
         (SELECT sum(hashtextextended(concat_ws('|', oid, proowner, proacl, proconfig, prosrc), 0))
          FROM pg_proc),
         (SELECT sum(hashtextextended(concat_ws('|', oid, tgenabled), 0)) FROM pg_trigger),
         (SELECT array_agg(datacl::text ORDER BY oid) FROM pg_database),
         (SELECT sum(hashtextextended(concat_ws('|', roleid, member), 0)) FROM pg_auth_members)
"""
_ROWS = """
  SELECT count(*), sum(pg_column_size(it)) FROM growth_points.{} it
"""


def _facts(connection: psycopg.Connection) -> list[object]:
    """Describe what an attack may change: rows, as far as they can be read, and the catalogues."""
    facts: list[object] = list(connection.execute(_FACTS).fetchone() or ())
    readable = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace"
        " WHERE nspname = 'growth_points') AND relkind = 'r' AND CASE WHEN"
        " has_schema_privilege(relnamespace, 'USAGE') THEN has_table_privilege(oid, 'SELECT') END"
        " ORDER BY 1"
    )
    for (table,) in readable.fetchall():
        facts.extend(connection.execute(_ROWS.format(table)).fetchall())
    return facts
