"""The hourly run publishes what a run that was killed after its commit did not."""

from collections.abc import Callable
from datetime import timedelta
from shutil import rmtree
from typing import Any

import pytest

from flows.closing import lost_reports
from flows.paying import events as paying_events
from flows.prefect.events import CLOSED, RESTATED, WAITING
from tests.command_line import Marketplace
from tests.three_stores import NOVEMBER, OCTOBER, OCTOBER_CORRECTED, deliver

Told = list[tuple[str, str, dict[str, Any]]]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """The events that are emitted: kind, month, payload."""
    from flows.closing import events

    told: Told = []
    for module in (events, paying_events):
        monkeypatch.setattr(
            module, "emit", lambda kind, month, payload: told.append((kind, str(month), payload))
        )
    return told


@pytest.fixture
def run(closed_november: Marketplace, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Run what the schedule does an hour after October and November were closed."""
    for name, value in closed_november.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GROWTH_POINTS_APPROVAL", "required")
    monkeypatch.setattr(lost_reports, "_AT_WORK", timedelta(0))

    def close_due_months() -> str:
        from flows.closing import flow

        state: Any = flow.close_due_months(return_state=True)
        assert state.is_completed(), state.message
        return str(state.message)

    return close_due_months


def test_reports_and_events_that_killed_runs_owe_are_published_once(
    closed_november: Marketplace, run: Callable[[], str], told: Told
) -> None:
    first = run()

    assert first.startswith("2024-12 waits. ")
    assert first.endswith(
        "The report of 2024-10 is written: the run that closed it kept none. "
        "The report of 2024-11 is written: the run that closed it kept none."
    )
    assert [(kind, month) for kind, month, _ in told] == [
        (CLOSED, OCTOBER),
        (WAITING, OCTOBER),
        (CLOSED, NOVEMBER),
        (WAITING, NOVEMBER),
    ]
    assert told[0][2]["report"].endswith(f"{OCTOBER}/closed-1.html")
    text = _report(closed_november, OCTOBER, 1)
    assert f"# {OCTOBER} is closed" in text
    assert "| report | written again: " in text
    assert f"growth-points approve-payout {OCTOBER} " in text

    assert "The report of" not in run()
    assert len(told) == 4


def test_what_a_lost_report_was_about_is_told_as_it_was_recorded(
    closed_november: Marketplace, run: Callable[[], str], told: Told
) -> None:
    deliver(closed_november, OCTOBER, OCTOBER_CORRECTED)
    closed_november.done("close", OCTOBER, "--reason", "corrected files")
    rmtree(closed_november.home / "reports")
    by_its_run = [each for each in told if each[0] == RESTATED]
    told.clear()

    run()

    assert [each for each in told if each[0] == RESTATED] == by_its_run
    assert [payload["caused_by"] for _, _, payload in by_its_run] == [None, OCTOBER]
    assert f"evaluated again, because {OCTOBER} changed" in _report(closed_november, NOVEMBER, 2)


def test_a_month_that_was_closed_just_now_is_left_to_its_run(
    closed_november: Marketplace,
    run: Callable[[], str],
    told: Told,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lost_reports, "_AT_WORK", timedelta(hours=1))

    assert "The report of" not in run()

    assert told == []
    assert not (closed_november.home / "reports" / OCTOBER).exists()


def test_what_is_no_news_any_more_has_its_report_written_and_nobody_is_told(
    closed_november: Marketplace,
    run: Callable[[], str],
    told: Told,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lost_reports, "_NEWS", timedelta(0))

    run()

    assert _report(closed_november, OCTOBER, 1)
    assert told == []


def _report(marketplace: Marketplace, month: str, evaluation: int) -> str:
    file = marketplace.home / "reports" / month / f"closed-{evaluation}.md"
    return file.read_text(encoding="utf-8")
