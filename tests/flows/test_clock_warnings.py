"""A clock that stands before the newest record is told at the start, and stops nothing."""

import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from flows.occasion import this_occasion
from tests.clocks import (
    HOUR_BACK,
    RIGHT,
    SECONDS_AHEAD,
    YEAR_AHEAD,
    move_the_databases_clock,
    move_the_machines_clock,
)
from tests.command_line import Marketplace
from tests.three_stores import NOVEMBER, OCTOBER

ADJUST = ("adjust", "maru", "5", "--reason", "agreed")
BEFORE_THE_NEWEST_RECORD = "before the newest record, which was made at "


@pytest.fixture
def shop(closed_october: Marketplace) -> Marketplace:
    """A marketplace whose newest record was made while the clock was a year ahead."""
    url = closed_october.database_url
    move_the_databases_clock(url, YEAR_AHEAD)
    closed_october.done("adjust", "maru", "3", "--reason", "under a clock ahead")
    move_the_databases_clock(url, RIGHT)
    return closed_october


def _told(stderr: str) -> str:
    return " ".join(stderr.split())  # progress is folded to the terminal's width


@pytest.mark.parametrize(
    "words",
    [
        ("verify",),
        ("close", NOVEMBER),
        ("close", NOVEMBER, "--preview"),
        ("ingest", NOVEMBER),
        ("pay-out",),
        ("approve-payout", OCTOBER, "300000", "--reason", "seen"),
        ("reschedule-payouts",),
        ADJUST,
    ],
    ids=" ".join,
)
def test_every_command_that_writes_tells_a_clock_that_stands_before_the_newest_record(
    shop: Marketplace, words: tuple[str, ...]
) -> None:
    ran = shop.done(*words)
    assert _told(ran.stderr).count(BEFORE_THE_NEWEST_RECORD) == 1
    assert BEFORE_THE_NEWEST_RECORD not in ran.stdout


def test_it_is_told_until_something_is_recorded_under_the_right_clock(shop: Marketplace) -> None:
    for _ in range(2):
        assert BEFORE_THE_NEWEST_RECORD in shop.done("verify").stderr
    shop.done(*ADJUST)
    assert shop.done("verify").stderr == ""


def test_what_is_refused_by_the_day_is_refused_and_the_clock_is_told(shop: Marketplace) -> None:
    refused = shop.run("close", "2099-01")
    assert refused.exit_code == 1
    assert "is not over" in refused.stderr
    assert BEFORE_THE_NEWEST_RECORD in _told(refused.stderr)


@pytest.mark.parametrize(
    ("by", "told"),
    [
        (RIGHT, ""),
        (HOUR_BACK, "The clock of this machine shows "),
        (-YEAR_AHEAD, BEFORE_THE_NEWEST_RECORD),
        (SECONDS_AHEAD, "that of the database"),
        (YEAR_AHEAD, "due dates depend on that of this machine"),
    ],
    ids=["right", "an hour back", "a year back", "90 seconds ahead", "a year ahead"],
)
def test_the_clock_of_the_machine_is_told_beside_the_databases(
    closed_october: Marketplace, monkeypatch: pytest.MonkeyPatch, by: timedelta, told: str
) -> None:
    closed_october.done(*ADJUST)
    move_the_machines_clock(monkeypatch, by)
    ran = closed_october.done("verify")
    assert told in ran.stderr
    assert bool(ran.stderr) is bool(told)
    assert "agrees with what was recorded" in ran.stdout


@pytest.mark.parametrize(
    "words",
    [("ledger",), ("balances",), ("ledger", "--to", "{folder}/ledger.csv")],
    ids=["ledger", "balances", "a file"],
)
def test_a_day_that_lacks_what_a_clock_ahead_dated_later_says_so(
    shop: Marketplace, tmp_path: Path, words: tuple[str, ...]
) -> None:
    shop.done(*ADJUST)  # under the right clock, but after the other
    words = tuple(word.format(folder=tmp_path) for word in words)
    today = str(this_occasion().today)

    told = shop.done(*words, "--as-of", today).stderr

    assert "2 of the " in told
    assert "seals are dated after today" in told
    number = told.rpartition("--as-of ")[2].split()[0]
    assert shop.done(*words, "--as-of", number).stderr == ""


def test_a_day_of_a_ledger_made_under_right_clocks_says_nothing(
    closed_october: Marketplace,
) -> None:
    today = str(this_occasion().today)
    assert closed_october.done("ledger", "--as-of", today).stderr == ""


def _sweep() -> None:
    from flows.paying.flow import pay_out_sweep

    pay_out_sweep()


def _pay_one_month() -> None:
    from flows.paying.flow import pay_out

    pay_out(OCTOBER)


def _verify() -> None:
    from flows.verifying.flow import verify_program

    verify_program()


def _reschedule() -> None:
    from flows.paying.flow import reschedule_planned_payouts

    reschedule_planned_payouts()


def _adjust() -> None:
    from flows.correcting.flow import adjust_points_of

    adjust_points_of("maru", 5, "agreed")


@pytest.mark.parametrize("run", [_sweep, _pay_one_month, _verify, _reschedule, _adjust])
def test_the_log_of_a_deployments_run_tells_it(
    shop: Marketplace,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    run: Callable[[], None],
) -> None:
    for name, value in shop.environment().items():
        monkeypatch.setenv(name, value)
    with caplog.at_level(logging.WARNING, "growth_points"):
        run()
    assert caplog.text.count(BEFORE_THE_NEWEST_RECORD) == 1
