"""Clawing back what a store has spent meanwhile: refused, with what is left to take."""

import pytest

from adapters.postgres.ledger import BalanceTooLow
from tests.closings import Program, Sold
from tests.using.reward_days import deliver, event
from tests.using.store_a import SOME_DAY, convert, has


def test_a_clawback_of_spent_points_says_what_is_left_to_take(program: Program) -> None:
    convert(program, 100_000)
    deliver(program, SOME_DAY, event("E", 1_000))
    program.close("2026-10", {"A": Sold(5_999_999), "B": Sold()}, acknowledge_paid=True)
    with pytest.raises(BalanceTooLow, match="150,000 available points: 49,000 are left to take"):
        program.adjust("A", -150_000, grants="2026-10")
    assert has(program) == (49_000, 100_000)
