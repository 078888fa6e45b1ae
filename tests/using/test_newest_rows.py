"""A store's page has the newest rows of its lists, the same as the last of all."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from domain.ledger import Account
from flows.converting.deliver_conversions import deliver_held
from flows.showing.seller_view import SellerView, seller_view
from tests.clocks import let_it_be
from tests.closings import Program
from tests.using.reward_days import Entry, deliver, event
from tests.using.scripted import CREDITED, Scripted
from tests.using.store_a import SOME_DAY, convert

LISTS = ("ledger", "conversions", "rewards")


def view(engine: Engine, seller_id: str = "A", newest: int | None = None) -> SellerView:
    with engine.connect() as connection:
        return seller_view(connection, seller_id, newest=newest)


@pytest.fixture
def busy(program: Program, database_url: str) -> Program:
    """Store A after conversions, some of them delivered, rewards, a cancellation and a gift."""
    program.adjust("B", 9_000)
    for number in range(5):
        convert(program, 2_000 + number, f"r{number}")
        if number == 2:
            deliver_held(program.engine, Scripted([CREDITED] * 3), "tests")
    for number in range(4):
        day = SOME_DAY + timedelta(days=number)
        let_it_be(database_url, day)
        entries = event(f"E{9 - number}", 1_000, 2_000) + event(f"B{number}", 10, seller_id="B")
        deliver(program, day, entries)
    let_it_be(database_url, SOME_DAY + timedelta(days=4))
    deliver(program, SOME_DAY + timedelta(days=4), [Entry("X", 1, 2_000, cancels=("E9", 2))])
    program.adjust("A", 777)
    program.adjust("B", 5)
    return program


@pytest.mark.parametrize("seller_id", ["A", "B"])
def test_the_newest_rows_are_the_last_of_all_with_the_same_balances(
    busy: Program, seller_id: str
) -> None:
    whole = view(busy.engine, seller_id)
    assert seller_id == "B" or len(whole.ledger) > 12
    for newest in (1, 3, 12, 1_000):
        shown = view(busy.engine, seller_id, newest)
        for name in LISTS:
            rows = getattr(whole, name)
            assert rows or (seller_id, name) == ("B", "conversions")
            assert getattr(shown, name) == rows[-newest:], name
            assert shown.totals[name] == whole.totals[name] == len(rows), name
        last = shown.ledger[-1].after
        assert last[Account.AVAILABLE] == whole.standing.available
        assert last[Account.HELD] == whole.standing.held


def test_a_store_that_never_had_points_has_no_rows(program: Program) -> None:
    shown = view(program.engine, "B", 12)
    assert [getattr(shown, name) for name in LISTS] == [(), (), ()]
    assert set(shown.totals.values()) == {0}


def test_only_the_part_that_is_asked_for_is_read(busy: Program) -> None:
    with busy.engine.connect() as connection:
        shown = seller_view(connection, "A", ("rewards",))
    assert shown.rewards
    assert (shown.months, shown.amounts, shown.ledger, shown.conversions) == ((), {}, (), ())
