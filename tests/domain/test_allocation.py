"""Which reward entries a store's points pay: the worked examples 8 to 11, 21 and 22."""

from datetime import date

import pytest

from domain.using.allocation import Offered, Outcome, Usable, allocate

DAY, LATER = date(2027, 6, 10), date(2027, 6, 11)
PAID, SHORT, AFTER = Outcome.PAID, Outcome.INSUFFICIENT_POINTS, Outcome.AFTER_REFUSED_ENTRY
EXPIRED = Outcome.POINTS_EXPIRED


def event(name: str, *points: int, on: date = DAY, first: int = 1) -> list[Offered]:
    """Make the entries of an event."""
    return [Offered(on, name, number, each) for number, each in enumerate(points, first)]


@pytest.mark.parametrize(
    ("offered", "usable", "outcomes"),
    [
        (event("E", *[1_000] * 4), Usable(2_500, DAY), [PAID, PAID, SHORT, AFTER]),
        (event("E", 1_000, 2_000, 500), Usable(2_500, DAY), [PAID, SHORT, AFTER]),
        (
            event("F", 1_500) + event("E", 1_000, 2_000, 500),
            Usable(2_500, DAY),
            [PAID, SHORT, AFTER, PAID],
        ),
        (event("B", 800, on=DAY) + event("A", 800, on=LATER), Usable(900, LATER), [PAID, SHORT]),
        (event("E", 2_000, 500, first=2), Usable(301_500, DAY), [PAID, PAID]),
        (event("E", 1_000), Usable(1_000, DAY), [PAID]),
        (event("E", 1_000, on=LATER), Usable(1_000, DAY), [EXPIRED]),
        (event("E", 1_000), Usable(0, DAY, expired=True), [EXPIRED]),
        (event("E", 1_000), Usable(0, None), [SHORT]),
        ([Offered(DAY, "E", 5, 1, after_closed=True)], Usable(10, DAY), [AFTER]),
    ],
    ids=[
        "in order as far as points reach",
        "a smaller one does not overtake",
        "another event is not affected",
        "by day, then by event",
        "tried again after a payout",
        "the last usable day, before the expiry",
        "after the last usable day",
        "after the expiry",
        "never a grant",
        "after an entry that stays refused",
    ],
)
def test_entries_are_paid_in_order(
    offered: list[Offered], usable: Usable, outcomes: list[Outcome]
) -> None:
    assert [outcome for _, outcome in allocate(offered, usable)] == outcomes
