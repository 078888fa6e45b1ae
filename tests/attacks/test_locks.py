"""Whoever may not write holds nobody up."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from adapters.postgres.as_of import last_seal_of
from adapters.postgres.database import lock_program, open_database
from adapters.postgres.ledger import seal_now
from tests.adapters.ledger_probes import keep_a_small_ledger
from tests.adapters.ledger_world import DUE_ON, NOVEMBER, adjust, as_owner, pay
from tests.attacks.attack import LOGINS
from tests.production import as_login, production_database

_ADVISORY = "SELECT pg_advisory_lock(7310020000 + it) FROM generate_series(0, 9) it"
_READ = """
  DO $$ DECLARE it regclass; BEGIN
    FOR it IN SELECT oid FROM pg_class
              WHERE relnamespace = 'growth_points'::regnamespace AND relkind = 'r' LOOP
      EXECUTE format('LOCK TABLE %s IN ACCESS SHARE MODE', it);
      EXECUTE format('SELECT * FROM %s', it);
    END LOOP;
  END $$
"""


@pytest.fixture(scope="module")
def ledger(server_url: str) -> Iterator[URL]:
    """A small ledger of production."""
    with production_database(server_url) as database:
        url = as_login("growth_points_owner", database)
        with open_database(url), as_owner(url) as owner:
            keep_a_small_ledger(owner)
        yield database


@contextmanager
def _working(ledger: URL) -> Iterator[Engine]:
    url = as_login(LOGINS["service"], ledger)
    with open_database(url, lock_timeout=2) as engine:
        yield engine


@pytest.mark.parametrize("held", [_ADVISORY, _READ], ids=["numbers", "tables"])
def test_what_a_reader_can_lock_holds_nobody_up(ledger: URL, held: str) -> None:
    with psycopg.connect(as_login(LOGINS["reader"], ledger)) as reader:
        reader.execute(held)
        with _working(ledger) as engine, engine.connect() as connection:
            lock_program(connection)
            adjust(connection, "g", 1, key="adjustment/beside a reader")
            pay(connection, month=NOVEMBER, on=date(2026, 12, 10))
            last_seal_of(connection, DUE_ON)
            seal_now(connection)
            connection.rollback()


def test_a_service_that_holds_the_program_is_waited_for(ledger: URL) -> None:
    """The other way round, so that the test above would notice a lock."""
    with psycopg.connect(as_login(LOGINS["service"], ledger)) as other:
        other.execute("SELECT growth_points.lock_program()")
        with (
            _working(ledger) as engine,
            engine.connect() as connection,
            pytest.raises(Exception, match="growth_points_app"),
        ):
            lock_program(connection)
