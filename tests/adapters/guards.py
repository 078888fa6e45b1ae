"""Probes: attempts at what must not happen, each naming the guard that has to stop it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

Attempt = Callable[[Connection], object]
INSUFFICIENT_PRIVILEGE = "42501"


@dataclass(frozen=True)
class Probe:
    """An attempt that the guard must stop: `guard` is `table.constraint` or `table.trigger`.

    `names` is how the refusal identifies itself, by default the constraint's name. `without` are
    other triggers, switched off because they would stop the attempt earlier.
    """

    guard: str
    attempt: Attempt
    names: str = ""
    without: tuple[str, ...] = ()
    isolation: str = "READ COMMITTED"

    @property
    def refusal(self) -> str:
        """What the refusal must be called."""
        return self.names or self.guard.partition(".")[2]


def put(connection: Connection, table: str, values: dict[str, object], *, returning: str) -> int:
    """Insert one row, numbers of its own included."""
    names, places = ", ".join(values), ", ".join(f":{name}" for name in values)
    statement = (
        f"INSERT INTO growth_points.{table} ({names}) OVERRIDING SYSTEM VALUE"  # noqa: S608 names
        f" VALUES ({places}) RETURNING {returning}"
    )
    number: int = connection.execute(text(statement), values).scalar_one()
    return number


def change(statement: str) -> Attempt:
    """Make an attempt out of one statement."""
    return lambda connection: connection.execute(text(statement))


def empty(table: str) -> Attempt:
    """Empty a table that nothing refers to any more, so that only its own guard can refuse."""
    alone = f"""
      DO $$ DECLARE referring record; BEGIN
        FOR referring IN
          SELECT conrelid::regclass AS other, conname FROM pg_constraint
          WHERE contype = 'f' AND confrelid = 'growth_points.{table}'::regclass
        LOOP
          EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', referring.other, referring.conname);
        END LOOP;
        TRUNCATE growth_points.{table};
      END $$
    """  # noqa: S608 names
    return change(alone)


def changes(table: str, column: str) -> tuple[Attempt, ...]:
    """Update a table, delete from it, and empty it."""
    update = f"UPDATE growth_points.{table} SET {column} = {column}"  # noqa: S608 names
    return change(update), change(f"DELETE FROM growth_points.{table}"), empty(table)  # noqa: S608


def refusal(engine: Engine, probe: Probe, *, dropping: str = "") -> str | None:
    """Attempt what the probe attempts, up to the checks at commit; None when nothing refused it."""
    with engine.connect() as connection:
        connection.execution_options(isolation_level=probe.isolation)
        for trigger in probe.without:
            table, name = trigger.split(".")
            _run(connection, f"ALTER TABLE growth_points.{table} DISABLE TRIGGER {name}")
        if dropping:
            _run(connection, dropping)
        try:
            probe.attempt(connection)
            _run(connection, "SET CONSTRAINTS ALL IMMEDIATE")
        except DBAPIError as error:
            return named(error)
        finally:
            connection.rollback()
    return None


def named(error: DBAPIError) -> str:
    """Say which constraint refused, in which words, and by which code."""
    diagnosis = getattr(error.orig, "diag")  # noqa: B009 the type is SQLAlchemy's, wider
    return f"{diagnosis.constraint_name} {diagnosis.message_primary} ({diagnosis.sqlstate})"


def _run(connection: Connection, statement: str) -> None:
    connection.execute(text(statement))


_GUARDS = """
  WITH guarded AS (
    SELECT oid, relname FROM pg_class
    WHERE relnamespace = 'growth_points'::regnamespace AND relkind IN ('r', 'v')
      AND relname <> 'alembic_version'
  )
  SELECT relname || '.' || conname,
         format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', conrelid::regclass, conname)
  FROM pg_constraint JOIN guarded ON guarded.oid = conrelid WHERE contype NOT IN ('n', 't')
  UNION ALL
  SELECT typname || '.' || conname,
         format('ALTER DOMAIN %s DROP CONSTRAINT %I', contypid::regtype, conname)
  FROM pg_constraint JOIN pg_type ON pg_type.oid = contypid
  WHERE typnamespace = 'growth_points'::regnamespace AND contype = 'c'
  UNION ALL
  SELECT guarded.relname || '.' || index.relname, format('DROP INDEX %s', indexrelid::regclass)
  FROM pg_index JOIN guarded ON guarded.oid = indrelid JOIN pg_class index ON index.oid = indexrelid
  WHERE indisunique AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
  UNION ALL
  SELECT relname || '.' || tgname, format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass)
  FROM pg_trigger JOIN guarded ON guarded.oid = tgrelid WHERE NOT tgisinternal
"""


def guards(engine: Engine) -> dict[str, str]:
    """List every constraint, unique index and trigger of the schema: how each is dropped."""
    with engine.connect() as connection:
        rows = connection.execute(text(_GUARDS))
        return {row[0]: row[1] for row in rows}


def unnoticed(engine: Engine, probes: Iterable[Probe]) -> list[str]:
    """Drop each guard in turn; list those that could go without any probe noticing."""
    return [
        guard
        for guard, how in guards(engine).items()
        if all(
            probe.refusal in (refusal(engine, probe, dropping=how) or "")
            for probe in probes
            if probe.guard == guard
        )
    ]


_REQUIRED = """
  SELECT relname, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
  WHERE relnamespace = 'growth_points'::regnamespace AND relkind = 'r'
    AND relname <> 'alembic_version' AND attnum > 0 AND attnotnull
"""


def required(engine: Engine) -> list[tuple[str, str]]:
    """List the columns of every table that must have a value: table and column."""
    with engine.connect() as connection:
        rows = connection.execute(text(_REQUIRED))
        return [(row[0], row[1]) for row in rows]


def missing(engine: Engine, table: str, column: str) -> str:
    """Copy a row with one column empty; returns the column that the refusal names."""
    copy = (
        f"INSERT INTO growth_points.{table} OVERRIDING SYSTEM VALUE"  # noqa: S608 names
        f" SELECT (jsonb_populate_record(it, jsonb_build_object('{column}', NULL))).*"
        f" FROM growth_points.{table} it LIMIT 1"
    )
    with engine.connect() as connection:
        _run(connection, f"ALTER TABLE growth_points.{table} DISABLE TRIGGER USER")
        with pytest.raises(DBAPIError) as refused:
            _run(connection, copy)
    assert isinstance(refused.value.orig, psycopg.errors.NotNullViolation)
    return f"{refused.value.orig.diag.table_name}.{refused.value.orig.diag.column_name}"


@contextmanager
def without_guard(engine: Engine, guard: str) -> Iterator[None]:
    """Switch a trigger off, as only the owner of the tables could, for the length of a block."""
    table, name = guard.split(".")

    def alter(how: str) -> None:
        with engine.begin() as connection:
            _run(connection, "SET LOCAL ROLE NONE")
            _run(connection, f"ALTER TABLE growth_points.{table} {how} TRIGGER {name}")

    alter("DISABLE")
    yield
    alter("ENABLE ALWAYS")
