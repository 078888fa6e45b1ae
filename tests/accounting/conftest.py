"""A ledger of three months in a row, with a transfer of every kind."""

from collections.abc import Iterator
from datetime import time, timedelta

import pytest
from sqlalchemy import Engine

from adapters.postgres.as_of import last_seal_of
from adapters.postgres.database import open_database
from adapters.postgres.ledger.expiring import expire
from tests.accounting.three_months import MONTHS, ThreeMonths, work_on
from tests.adapters.ledger_world import (
    adjust,
    award,
    awards_of,
    convert,
    database_of_its_own,
    end_conversion,
    know,
    link,
    pay,
    plan,
    reverse,
)
from tests.clocks import let_it_be, let_the_clock_decide, move_the_databases_clock
from tests.using.reward_days import Entry, deliver_to, event

_BEFORE_MIDNIGHT = time(23, 50)


@pytest.fixture(scope="session")
def three_months(server_url: str, migrated_template: str) -> Iterator[ThreeMonths]:
    """A ledger that tests look at together."""
    with (
        database_of_its_own(server_url, migrated_template) as url,
        open_database(url) as engine,
    ):
        _record(engine, url)
        with engine.begin() as connection:
            seal_no = last_seal_of(connection, MONTHS[-1].last_day)
        yield ThreeMonths(url, engine, seal_no)


def _record(engine: Engine, database_url: str) -> None:
    """Award as the first month begins, pay as the second one ends; the uses end in the third."""
    first, second, now = MONTHS
    work_on(database_url, first.first_day)
    with engine.begin() as connection:
        know(connection, "a")
        award(connection, awards_of("abc"))
        reverse(connection, awards_of("c"), leaving=awards_of("ab"))
    work_on(database_url, second.last_day, at=_BEFORE_MIDNIGHT)
    with engine.begin() as connection:
        plan(connection)
        pay(connection)
        adjust(connection, "c", 700, on=second.last_day)
        adjust(connection, "a", -300, key="adjustment/2", on=second.last_day)
        link(connection, "a", "b")
        held = convert(connection, "a", 20_000), convert(connection, "b", 5_000)
        convert(connection, "b", 1_000, request_id="r2")
    work_on(database_url, now.first_day)
    with engine.begin() as connection:
        end_conversion(connection, held[0])
        returned = end_conversion(connection, held[1], delivered=False)
    for rewarded in (event("E", 300, seller_id="a"), [Entry("X", 1, 300, "a", cancels=("E", 1))]):
        deliver_to(engine, second.last_day, rewarded)
    let_it_be(database_url, now.first_day + timedelta(days=1_000))
    with engine.begin() as connection:
        expire(connection, "tests", of_posting=returned.posting_no)
    move_the_databases_clock(database_url, timedelta())
    let_the_clock_decide(database_url)
