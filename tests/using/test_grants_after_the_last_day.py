"""A grant after the last usable day brings nothing back, also when the expiry run is late (U14)."""

from datetime import date

import pytest

from adapters.postgres.statements import statement
from tests.clocks import let_it_be, let_midnight_come
from tests.closings import Program, Sold
from tests.using.store_a import DAY_AFTER, LAST_DAY, has


def moved(program: Program, seller_id: str = "A") -> list[tuple[str, int]]:
    """Return the kinds and points of a store's statement."""
    with program.engine.connect() as connection:
        return [(each.kind.value, each.points) for each in statement(connection, seller_id)]


def test_an_adjustment_comes_after_what_is_over_expired(
    program: Program, database_url: str
) -> None:
    let_it_be(database_url, DAY_AFTER)
    for _ in range(2):
        program.adjust("A", 1, on=DAY_AFTER)
    assert moved(program) == [("payout", 150_000), ("expiry", -150_000), ("adjustment", 1)]


def test_an_adjustment_of_the_last_day_costs_nothing(program: Program, database_url: str) -> None:
    let_it_be(database_url, DAY_AFTER)
    program.adjust("A", 1, on=LAST_DAY)
    assert has(program)[0] == 150_001


def test_what_is_over_can_be_taken_back(program: Program, database_url: str) -> None:
    let_it_be(database_url, DAY_AFTER)
    program.adjust("A", -1, on=DAY_AFTER)
    assert has(program)[0] == 149_999


@pytest.mark.parametrize(("granted_on", "left"), [(5, 0), (10, 10), (20, 10)])
def test_a_payout_that_is_due_later_comes_after_what_is_over_expired(
    program: Program, database_url: str, granted_on: int, left: int
) -> None:
    """The payout is due on 10 December and made on 24 December."""
    program.adjust("B", 10, on=date(2025, 12, granted_on))
    program.close("2026-11", {"A": Sold(), "B": Sold(7_000_000)})
    let_it_be(database_url, date(2026, 12, 24))
    program.pay("2026-11", date(2026, 12, 24))
    assert has(program, "B")[0] == 150_000 + left
    assert has(program)[0] == 150_000


@pytest.mark.parametrize("after", range(1, 5))
def test_midnight_may_come_meanwhile(program: Program, database_url: str, after: int) -> None:
    let_midnight_come(database_url, DAY_AFTER, after=after)
    program.adjust("A", 1, on=DAY_AFTER)
    assert moved(program)[1:] == [("expiry", -150_000), ("adjustment", 1)]
