"""What a day's work reads does not grow with the years: no history is read whole."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import Connection, Engine, event, text

from adapters.postgres.find_stores import stores_beginning
from adapters.postgres.month_points import points_by_month
from adapters.postgres.rewards import rewards_standing
from adapters.postgres.using import held_conversions, standing_of, unanswered_conversions
from domain.approval import NO_APPROVAL
from domain.months import SettlementMonth
from flows.converting.deliver_conversions import deliver_held
from flows.converting.link_ad_account import link_account
from flows.expiring.expire_points import expire_points
from flows.expiring.tell_stores import tell_stores
from flows.showing.month_states import month_states
from flows.showing.my_points import my_points
from flows.showing.open_corrections import open_corrections
from flows.showing.seller_view import seller_view
from tests.adapters.ledger_world import as_owner
from tests.clocks import let_it_be
from tests.closings import POLICIES, Delivered, Program, Sold, month
from tests.using.reward_days import deliver, try_again
from tests.using.reward_days import event as rewarded
from tests.using.scripted import CREDITED, Scripted
from tests.using.store_a import SOME_DAY, convert

STORES: Final = tuple(f"s{number:04}" for number in range(300))
FIRST, LAST = month("2024-11"), month("2026-10")
LINKED: Final = STORES[6::7]
DAYS: Final = 30
NEXT_DAY: Final = SOME_DAY + timedelta(days=DAYS)
LONG: Final = 1_000
HISTORIES: Final = {
    *("decision", "seller_amount", "seller_snapshot", "posting", "transfer", "reward_entry"),
    *("conversion", "conversion_end", "seal", "seal_balance"),
}
_COUNTED: Final = """
  SELECT coalesce(indrelid, oid)::regclass::text, sum(pg_stat_get_xact_tuples_returned(oid))
  FROM pg_class LEFT JOIN pg_index ON indexrelid = oid
  WHERE relnamespace = 'growth_points'::regnamespace AND relkind IN ('r', 'i') GROUP BY 1
"""
_SIZES: Final = "SELECT oid::regclass::text, reltuples FROM pg_class WHERE relkind = 'r'"


def sold(of: SettlementMonth, more: int = 0) -> Delivered:
    return {
        store: Sold(more + 2_000_000 * (place % 7) + of.month) for place, store in enumerate(STORES)
    }


@pytest.fixture
def program(engine: Engine, database_url: str, tmp_path: Path) -> Program:
    """Two years of months that are closed and paid, and days of rewards, with statistics."""
    program = Program(engine, tmp_path)
    for name in (FIRST - 2, FIRST - 1):
        program.ingest(str(name), sold(name))
    for name in FIRST.until(LAST):
        program.close(str(name), sold(name))
        program.pay(str(name))
    let_it_be(database_url, SOME_DAY)
    for store in LINKED:
        link_account(engine, store, f"ads-{store}", "a store")
        for number in range(27):
            convert(program, 1_000, f"r{number}", store)
    deliver_held(engine, Scripted([CREDITED for _ in LINKED for _ in range(27)]), "tests")
    for number in range(DAYS):
        day = SOME_DAY + timedelta(days=number)
        let_it_be(database_url, day)
        entries = [each for s in LINKED for each in rewarded(f"{s}-{day}", 1, seller_id=s)]
        deliver(program, day, entries)
    let_it_be(database_url, NEXT_DAY)
    with as_owner(database_url) as owner, owner.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))
    return program


def a_connection(show: Callable[[Connection], object]) -> Callable[[Program], object]:
    def shown(program: Program) -> object:
        with program.engine.connect() as connection:
            return show(connection)

    return shown


WORK: Final[dict[str, Callable[[Program], object]]] = {
    "closing a month": lambda program: program.close("2026-11", sold(month("2026-11"))),
    "closing it again": lambda program: program.close("2026-11", sold(month("2026-11"), 500_000)),
    "paying it": lambda program: program.pay("2026-11"),
    "restating a paid month": lambda program: program.close(
        "2026-11", sold(month("2026-11"), 900_000), acknowledge_paid=True
    ),
    "an adjustment": lambda program: program.adjust(STORES[6], 1_000, on=NEXT_DAY),
    "a conversion": lambda program: convert(program, 1_000, seller_id=STORES[6]),
    "a delivery": lambda program: deliver_held(program.engine, Scripted([CREDITED]), "tests"),
    "a day's rewards": lambda program: deliver(
        program, NEXT_DAY, rewarded("X", 1, 1, seller_id=STORES[6])
    ),
    "rewards again": try_again,
    "expiry": lambda program: expire_points(program.engine, "tests"),
    "notices": lambda program: tell_stores(program.engine, POLICIES, "tests"),
    "a store's page": a_connection(lambda it: seller_view(it, STORES[5], newest=12)),
    "all that there is of a store": a_connection(lambda it: seller_view(it, STORES[5])),
    "what a store has": a_connection(lambda it: standing_of(it, STORES[6])),
    "what a store may expect": a_connection(
        lambda it: my_points(it, STORES[6], NEXT_DAY, POLICIES)
    ),
    "all months": a_connection(lambda it: month_states(it, NO_APPROVAL)),
    "points of all months": a_connection(points_by_month),
    "open corrections": a_connection(open_corrections),
    "conversions without an answer": a_connection(unanswered_conversions),
    "conversions that are held": a_connection(held_conversions),
    "how rewards stand": a_connection(rewards_standing),
    "a search": a_connection(lambda it: [*stores_beginning(it, "s00", 10)]),
}


@contextmanager
def reading(engine: Engine) -> Iterator[Counter[str]]:
    """Count the rows of each table that are read within a block, by whatever way."""
    read: Counter[str] = Counter()

    def count(connection: Connection, sign: int) -> None:
        # It may still have what earlier transactions of the session read.
        driven = connection.connection.driver_connection
        assert driven is not None
        for table, rows in driven.execute(_COUNTED):
            read[_named(table)] += sign * int(rows)

    signs = {"begin": -1, "commit": 1, "rollback": 1}
    listening = {name: partial(count, sign=sign) for name, sign in signs.items()}
    for name, listener in listening.items():
        event.listen(engine, name, listener)
    try:
        yield read
    finally:
        for name, listener in listening.items():
            event.remove(engine, name, listener)


def test_no_work_reads_a_history(program: Program) -> None:
    with program.engine.connect() as connection:
        sizes = {_named(table): int(rows) for table, rows in connection.execute(text(_SIZES))}
    assert all(sizes[table] >= LONG for table in HISTORIES)
    found: dict[str, dict[str, str]] = {}
    for name, work in WORK.items():
        with reading(program.engine) as read:
            work(program)
        whole = {table for table in HISTORIES if read[table] >= sizes[table] * 0.9}
        found[name] = {table: f"{read[table]} of {sizes[table]}" for table in whole}
    assert not {name: tables for name, tables in found.items() if tables}


def _named(table: str) -> str:
    return table.removeprefix("growth_points.")
