"""The daily run of rewards pays every day that it can, whatever is wrong with another."""

import logging
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from adapters.ingest.file_problem import FileProblem
from adapters.postgres.database import open_database
from domain.using.rewards import RewardKind
from flows.occasion import this_occasion
from flows.policies import policy_on
from flows.program import program_policies
from flows.rewarding.flow import pay_yesterdays_rewards
from flows.rewarding.send_entries import SentDay, SentEntry, send_entries
from flows.settings import Settings
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


def reward(shop: Marketplace, day: date, *points: int, **facts: str) -> None:
    """Deliver a day with rewards of maru, all of one event."""
    of = {"event_id": f"of-{day}", "seller_id": "maru", "kind": "purchase", "customer_ref": "c"}
    rest = {"occurred_on": str(day), "cancels_event_id": "", "cancels_position": ""}
    rows = [
        {**of, **rest, "position": str(position), "points": str(each), **facts}
        for position, each in enumerate(points, 1)
    ]
    folder = shop.root / "rewards" / str(day)
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(folder / "rewards.csv", rows)


def send(shop: Marketplace, day: date, points: int) -> None:
    """Send a reward of maru by the interface."""
    entry = SentEntry("sent", 1, "maru", RewardKind.PURCHASE, points, "c")
    rules = policy_on(program_policies(Settings.read()), day).use
    with open_database(shop.database_url) as engine:
        send_entries(engine, SentDay(day, [entry], "service market", TODAY), rules)


def upload(shop: Marketplace, bucket: Any) -> None:
    """Put the reward days into the object store."""
    for path in shop.root.glob("rewards/*/*"):
        bucket.upload_file(str(path), f"monthly/{path.relative_to(shop.root)}")


@pytest.fixture
def in_store(shop: Marketplace, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> Marketplace:
    """The marketplace, whose flows look for rewards in an empty object store."""
    monkeypatch.setenv("GROWTH_POINTS_SETTLEMENTS", "s3://settlements/monthly")
    return shop


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


def test_a_day_that_came_late_is_paid_though_some_of_it_was_sent_by_the_interface(
    shop: Marketplace,
) -> None:
    send(shop, BEFORE, 100)
    reward(shop, BEFORE, 300)
    reward(shop, YESTERDAY, 200)
    assert pay_yesterdays_rewards(return_state=True).is_completed()
    assert balance(shop) == 1_900


def test_what_was_added_to_a_day_after_it_was_paid_is_paid(shop: Marketplace) -> None:
    reward(shop, BEFORE, 300)
    reward(shop, YESTERDAY, 200)
    pay_yesterdays_rewards(return_state=True)
    reward(shop, BEFORE, 300, 50)
    assert pay_yesterdays_rewards(return_state=True).is_completed()
    assert balance(shop) == 1_950


def test_without_rewards_in_an_object_store_there_is_nothing_to_do(in_store: Marketplace) -> None:
    state = pay_yesterdays_rewards(return_state=True)
    told = "no object under s3://settlements/monthly/rewards: the program has no rewards"
    assert (state.is_completed(), told in str(state.message)) == (True, True)


def test_a_day_that_came_late_into_an_object_store_is_paid(
    in_store: Marketplace, bucket: Any
) -> None:
    reward(in_store, BEFORE, 300)
    reward(in_store, YESTERDAY, 200)
    upload(in_store, bucket)
    assert pay_yesterdays_rewards(return_state=True).is_completed()
    assert balance(in_store) == 2_000


def test_days_that_cannot_be_looked_for_keep_yesterday_from_nothing(
    in_store: Marketplace,
    bucket: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def away(_: str) -> object:
        raise FileProblem("store_unreachable", "the store cannot be read")

    monkeypatch.setattr("adapters.ingest.listing.list_objects", away)
    monkeypatch.setattr("adapters.ingest.listing.has_objects", away)
    reward(in_store, YESTERDAY, 200)
    upload(in_store, bucket)
    with caplog.at_level(logging.WARNING, "growth_points.rewards"):
        assert pay_yesterdays_rewards(return_state=True).is_completed()
    assert balance(in_store) == 2_300
    assert "no reward day that came late is paid in this run" in caplog.text
