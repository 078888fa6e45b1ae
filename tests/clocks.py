"""Clocks that are wrong, without waiting: the database's and that of the machine."""

import re
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Final, Self

import pytest
from sqlalchemy import text

import flows.occasion
from tests.adapters.ledger_world import as_owner

SCHEMA: Final = Path(__file__).parents[1] / "deploy" / "schema"
RIGHT = timedelta()
SECONDS_AHEAD = timedelta(seconds=90)
YEAR_AHEAD = timedelta(days=366)
HOUR_BACK = -timedelta(hours=1)

_DATED_BY_THE_CLOCK = """
  SELECT format('ALTER TABLE %s ALTER %I SET DEFAULT clock_timestamp()',
                attrelid::regclass, attname)
  FROM pg_attribute JOIN pg_attrdef ON (adrelid, adnum) = (attrelid, attnum)
  JOIN pg_class ON pg_class.oid = attrelid
  WHERE relnamespace = 'growth_points'::regnamespace
    AND pg_get_expr(adbin, adrelid) LIKE '%clock_timestamp()%'
"""


def move_the_databases_clock(database_url: str, by: timedelta) -> None:
    """Have everything that is recorded from now on dated by a clock that is so much ahead."""
    ahead = f" + interval '{by.total_seconds()} s'" if by else ""
    with as_owner(database_url) as owner, owner.begin() as connection:
        for statement in connection.scalars(text(_DATED_BY_THE_CLOCK)).all():
            connection.execute(text(statement + ahead))


def let_it_be(database_url: str, day: date) -> None:
    """Let the database decide by this day what may be used, whatever its clock says."""
    _define_today(
        database_url,
        f"FUNCTION growth_points.today() RETURNS date LANGUAGE plpgsql AS"
        f" $$ BEGIN RETURN date '{day}'; END $$",
    )


def let_midnight_come(database_url: str, day: date, *, after: int) -> None:
    """Let it be a day while the database asks so many times, and the next day from then on.

    What was asked is not undone with a transaction that is rolled back.
    """
    with as_owner(database_url) as owner, owner.begin() as connection:
        connection.execute(text("DROP SEQUENCE IF EXISTS growth_points.asked"))
        connection.execute(text("CREATE SEQUENCE growth_points.asked"))
        connection.execute(text("GRANT USAGE ON SEQUENCE growth_points.asked TO PUBLIC"))
    _define_today(
        database_url,
        f"FUNCTION growth_points.today() RETURNS date LANGUAGE plpgsql AS"
        f" $$ BEGIN RETURN date '{day}'"
        f" + CASE WHEN nextval('growth_points.asked') > {after} THEN 1 ELSE 0 END; END $$",
    )


def let_the_clock_decide(database_url: str) -> None:
    """Let the database decide by its clock again."""
    schema = (SCHEMA / "8_using.sql").read_text("utf-8")
    (definition,) = re.findall(r"(?s)CREATE FUNCTION (today\(\).*?\$\$;)", schema)
    _define_today(database_url, f"FUNCTION growth_points.{definition}")


def _define_today(database_url: str, definition: str) -> None:
    with as_owner(database_url) as owner, owner.begin() as connection:
        connection.execute(text(f"CREATE OR REPLACE {definition}"))


def move_the_machines_clock(patch: pytest.MonkeyPatch, by: timedelta) -> None:
    """Have the program read a clock that is so much ahead, for as long as the patch holds."""

    class Moved(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            moved = datetime.now(tz) + by
            return cls.fromtimestamp(moved.timestamp(), tz)

    patch.setattr(flows.occasion, "datetime", Moved)
