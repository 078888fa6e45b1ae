"""Rewards from files, paid by command: worked examples of the rules, and days that are blocked."""

from collections.abc import Mapping
from datetime import date, timedelta

import pytest

from flows.occasion import this_occasion
from tests.command_line import Marketplace, Ran
from tests.deliveries import Row, write_csv

YESTERDAY = this_occasion().today - timedelta(days=1)
E = {("E", 1): 1_000, ("E", 2): 2_000, ("E", 3): 500}
F = {("F", 1): 1_500}


def _row(event: str, position: int, points: int, **facts: str) -> Row:
    usual = {"seller_id": "maru", "kind": "purchase", "customer_ref": "c", "cancels_event_id": ""}
    entry = {"event_id": event, "position": str(position), "points": str(points)}
    return {**usual, **entry, "occurred_on": str(YESTERDAY), "cancels_position": "", **facts}


def _rows(*events: Mapping[tuple[str, int], int]) -> list[Row]:
    return [_row(*place, points) for each in events for place, points in each.items()]


def _pay(shop: Marketplace, rows: list[Row], day: date = YESTERDAY) -> Ran:
    folder = shop.root / "rewards" / str(day)
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(folder / "rewards.csv", rows)
    return shop.run("pay-rewards", str(day), "--from", str(shop.root))


def _answers(shop: Marketplace) -> dict[str, str]:
    rows = shop.done("rewards", str(YESTERDAY), "--output", "csv").rows()
    listed = {f"{row['event_id']}/{row['position']}": row["outcome"] for row in rows}
    answer = (shop.home / "reports" / "rewards" / str(YESTERDAY) / "answer.csv").read_text()
    assert [line.split(",")[-1] for line in answer.splitlines()[1:]] == list(listed.values())
    return listed


def _balance(shop: Marketplace) -> int:
    lines = shop.done("statement", "maru", "--output", "csv").rows()
    return int(lines[-1]["balance"])


@pytest.fixture
def shop(closed_october: Marketplace) -> Marketplace:
    """Maru has 2,500 points."""
    closed_october.done("adjust", "maru", "2500", "--reason", "agreed")
    return closed_october


def test_events_are_paid_in_order_and_the_rest_of_them_when_there_are_points(
    shop: Marketplace,
) -> None:
    paid = _pay(shop, _rows(E, F))
    assert paid.exit_code == 0, paid.stderr
    assert f"Rewards of {YESTERDAY}: 4 new entries, 2 refused" in paid.stdout
    assert _answers(shop) == {  # examples 9 and 10
        "E/1": "paid",
        "E/2": "insufficient_points",
        "E/3": "after_refused_entry",
        "F/1": "paid",
    }
    assert _balance(shop) == 0

    shop.done("adjust", "maru", "3000", "--reason", "agreed")
    assert "2 entries" in shop.done("retry-rewards", "--event", "E").stdout  # example 11
    shop.done("retry-rewards", "--event", "E")
    assert set(_answers(shop).values()) == {"paid"}
    assert _balance(shop) == 500

    back = _row("X", 1, 1_000, kind="cancellation", cancels_event_id="E", cancels_position="1")
    assert _pay(shop, [*_rows(E, F), back]).exit_code == 0  # example 12
    assert (_answers(shop)["X/1"], _balance(shop)) == ("returned", 1_500)
    again = _pay(shop, [*_rows(E, F), back])
    assert "the same content as before; nothing of them is new" in again.stdout
    assert _balance(shop) == 1_500


def test_an_event_is_paid_as_far_as_the_points_reach(shop: Marketplace) -> None:
    assert _pay(shop, _rows({("E", number): 1_000 for number in range(1, 5)})).exit_code == 0
    assert list(_answers(shop).values()) == [  # example 8
        *("paid", "paid", "insufficient_points", "after_refused_entry")
    ]


_CANCELS = {"kind": "cancellation", "cancels_event_id": "E", "cancels_position": "1"}


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([*_rows(F), _row("E", 1, 999)], "E 1"),
        ([_row("G", 1, 5, seller_id="nobody")], "nobody"),
        ([_row("G", 2, 5)], "G"),
        ([_row("G", 1, 0)], "points"),
        ([_row("G", 1, 5, kind="gift")], "gift"),
        ([_row("G", 1, 5, occurred_on="2026-01-02")], "occurred_on"),
        ([_row("G", 1, 5, kind="cancellation", cancels_event_id="Q", cancels_position="1")], "G 1"),
        ([_row("G", 1, 1_000, **_CANCELS), _row("H", 1, 1_000, **_CANCELS)], "G 1"),
    ],
)
def test_a_day_that_contradicts_itself_or_what_is_known_changes_nothing(
    shop: Marketplace, rows: list[Row], sentence: str
) -> None:
    assert _pay(shop, _rows(E, F)).exit_code == 0
    before = (_answers(shop), shop.done("ledger", "--output", "csv").stdout)
    blocked = _pay(shop, rows)
    assert blocked.exit_code == 1
    assert sentence in blocked.stderr, blocked.stderr
    assert "nothing was written" in blocked.stderr
    assert (_answers(shop), shop.done("ledger", "--output", "csv").stdout) == before


def test_a_day_to_come_and_an_unknown_event_are_refused_in_a_sentence(shop: Marketplace) -> None:
    tomorrow = _pay(shop, _rows(F), this_occasion().today + timedelta(days=1))
    assert (tomorrow.exit_code, tomorrow.stderr.count("\n")) == (1, 1)
    unknown = shop.run("retry-rewards", "--event", "Q")
    assert unknown.exit_code == 1
    assert "'Q'" in unknown.stderr
