"""The daily run of rewards pays every day that it can, whatever is wrong with another."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from flows.occasion import this_occasion
from flows.rewarding.flow import pay_yesterdays_rewards
from tests.command_line import Marketplace
from tests.deliveries import write_csv

TODAY = this_occasion().today
YESTERDAY, BEFORE = TODAY - timedelta(days=1), TODAY - timedelta(days=2)
Run = Callable[[], Any]


@pytest.fixture
def shop(closed_october: Marketplace, monkeypatch: pytest.MonkeyPatch) -> Marketplace:
    """Maru has 2,500 points, and the flows know where its rewards are."""
    closed_october.done("adjust", "maru", "2500", "--reason", "agreed")
    for name, value in closed_october.environment().items():
        monkeypatch.setenv(name, value)
    return closed_october


def reward(shop: Marketplace, day: date, points: int, **facts: str) -> None:
    """Deliver a day with one reward of maru."""
    entry = {"event_id": f"of-{day}", "position": "1", "points": str(points), "customer_ref": "c"}
    of = {"seller_id": "maru", "kind": "purchase", "occurred_on": str(day)}
    cancels = {"cancels_event_id": "", "cancels_position": ""}
    folder = shop.root / "rewards" / str(day)
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(folder / "rewards.csv", [{**entry, **of, **cancels, **facts}])


def balance(shop: Marketplace) -> int:
    """Maru's points."""
    return int(shop.done("statement", "maru", "--output", "csv").rows()[-1]["balance"])


def test_without_a_folder_of_rewards_there_is_nothing_to_do(shop: Marketplace) -> None:
    state = pay_yesterdays_rewards(return_state=True)
    assert (state.is_completed(), "the program has no rewards" in str(state.message)) == (
        True,
        True,
    )


def test_yesterday_and_a_day_that_came_late_are_paid_once(shop: Marketplace) -> None:
    reward(shop, BEFORE, 300)
    reward(shop, YESTERDAY, 200)
    for _ in range(2):
        assert pay_yesterdays_rewards(return_state=True).is_completed()
        assert balance(shop) == 2_000


@pytest.mark.parametrize(("blocked", "paid"), [(BEFORE, YESTERDAY), (YESTERDAY, BEFORE)])
def test_a_day_that_is_blocked_keeps_the_other_from_nothing(
    shop: Marketplace, blocked: date, paid: date
) -> None:
    reward(shop, blocked, 300, occurred_on="2019-01-01")
    reward(shop, paid, 200)

    state = pay_yesterdays_rewards(return_state=True)

    assert (state.is_failed(), str(blocked) in str(state.message)) == (True, True)
    assert balance(shop) == 2_300


def test_a_day_that_is_missing_fails_the_run_after_refused_entries_were_tried(
    shop: Marketplace,
) -> None:
    reward(shop, BEFORE, 2_600)
    pay_yesterdays_rewards(return_state=True)
    assert balance(shop) == 2_500
    shop.done("adjust", "maru", "100", "--reason", "more")

    state = pay_yesterdays_rewards(return_state=True)

    assert (state.is_failed(), str(YESTERDAY) in str(state.message)) == (True, True)
    assert balance(shop) == 0
