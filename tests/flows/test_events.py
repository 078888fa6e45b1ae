"""What is told of a closing or a payout: only what changed, and only to a server that stays."""

from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

import flows.occasion
from adapters.postgres.standing import program_standing
from domain.months import SettlementMonth
from flows.closing.events import emit_closed
from flows.occasion import SEOUL, this_occasion
from flows.paying.approve_payout import approve_payout
from flows.paying.events import emit_late, emit_paid, emit_waiting
from flows.paying.flow import tell_late_payouts, tell_missing_approvals
from flows.paying.missing_approvals import missing_approvals
from flows.prefect import events
from flows.settings import Settings
from tests.closings import Program, Sold, cause
from tests.command_line import Marketplace
from tests.three_stores import (
    NOVEMBER,
    NOVEMBER_DUE_ON,
    OCTOBER,
    OCTOBER_CORRECTED,
    OCTOBER_DUE_ON,
    deliver,
)

LITTLE, TIER_1 = {"maru": Sold(1_000)}, {"maru": Sold(6_000_000)}
REPORT = Path("closed-1.html")


@pytest.fixture
def program(engine: Engine, tmp_path: Path) -> Program:
    """A program with the two months before October ingested."""
    program = Program(engine, tmp_path)
    for name in ("2026-08", "2026-09"):
        program.ingest(name, LITTLE)
    return program


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """The settings of that program: no payout needs an approval."""
    return Settings(home=tmp_path, database_url=database_url)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Mapping[str, Any]]]:
    """Collect what a server that stays would be told."""
    heard: list[tuple[str, Mapping[str, Any]]] = []

    def hear(event: str, _: object, payload: Mapping[str, Any]) -> None:
        heard.append((event.removeprefix("growth-points."), payload))

    monkeypatch.setattr(events, "emit_event", hear)
    monkeypatch.setattr(events, "server_is_temporary", lambda: False)
    return heard


def test_a_first_closing_is_told_with_what_it_came_to(
    program: Program, told: list[tuple[str, Mapping[str, Any]]]
) -> None:
    closing = program.close("2026-10", TIER_1)

    emit_closed(closing, REPORT)

    [(event, payload)] = told
    assert event == "month.closed"
    assert payload["month"] == "2026-10"
    assert (payload["awards"], payload["points"]) == (1, 150_000)
    assert payload["due_on"] == "2026-11-10"
    assert payload["report"] == "closed-1.html"
    assert closing.chain_head is not None
    assert payload["ledger_head"] == closing.chain_head.hash


def test_a_report_that_is_served_is_told_as_the_address_that_opens_it(
    program: Program,
    told: list[tuple[str, Mapping[str, Any]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GROWTH_POINTS_HOME", str(tmp_path))
    monkeypatch.setenv("GROWTH_POINTS_PAGES_URL", "https://points.example/")

    emit_closed(program.close("2026-10", TIER_1), tmp_path / "reports" / "2026-10" / "x.html")

    [(_, payload)] = told
    assert payload["report"] == "https://points.example/reports/2026-10/x.html"


def test_a_closing_that_changes_nothing_is_not_told(
    program: Program, told: list[tuple[str, Mapping[str, Any]]]
) -> None:
    program.close("2026-10", TIER_1)

    emit_closed(program.close("2026-10", TIER_1), REPORT)

    assert told == []


def test_a_preview_is_not_told(
    with_history: Marketplace, told: list[tuple[str, Mapping[str, Any]]]
) -> None:
    with_history.done("close", OCTOBER, "--preview")

    assert told == []


def test_a_month_that_another_ones_closing_changed_names_its_cause(
    closed_november: Marketplace, told: list[tuple[str, Mapping[str, Any]]]
) -> None:
    deliver(closed_november, OCTOBER, OCTOBER_CORRECTED)

    closed_november.done("close", OCTOBER)

    assert [(event, each["month"], each["caused_by"]) for event, each in told] == [
        ("month.restated", OCTOBER, None),
        ("month.restated", NOVEMBER, OCTOBER),
    ]
    assert [(each["awarded"], each["reversed"]) for _, each in told] == [(1, 2), (0, 1)]
    reports = closed_november.home / "reports"
    kept = [str(reports / each / "closed-2.html") for each in (OCTOBER, NOVEMBER)]
    assert [each["report"] for _, each in told] == kept


def test_a_server_that_ends_with_the_command_is_told_nothing(
    program: Program,
    told: list[tuple[str, Mapping[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(events, "server_is_temporary", lambda: True)

    emit_closed(program.close("2026-10", TIER_1), REPORT)

    assert told == []


def test_a_payout_is_told_once_with_how_late_it_was(
    program: Program, told: list[tuple[str, Mapping[str, Any]]]
) -> None:
    program.close("2026-10", TIER_1)
    payouts = [program.pay("2026-10", date(2026, 11, 12)) for _ in range(2)]

    for paid in payouts:
        emit_paid(paid, due_on=date(2026, 11, 10))

    [(event, payload)] = told
    assert event == "payout.paid"
    assert (payload["points"], payload["sellers"], payload["days_late"]) == (150_000, 1, 2)


def test_a_month_is_told_as_late_every_day_until_it_is_paid(
    closed_november: Marketplace,
    told: list[tuple[str, Mapping[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GROWTH_POINTS_HOME", str(closed_november.home))
    monkeypatch.setenv("GROWTH_POINTS_DATABASE_URL", closed_november.database_url)
    today = this_occasion().today

    assert [str(each) for each in tell_late_payouts()] == [OCTOBER, NOVEMBER]
    closed_november.done("pay-out", "--on", OCTOBER_DUE_ON)
    told.clear()
    tell_late_payouts()

    [(event, payload)] = told
    assert (event, payload["month"]) == ("payout.late", NOVEMBER)
    assert payload["days_late"] == (today - date.fromisoformat(NOVEMBER_DUE_ON)).days
    assert payload["why"] == ""


def test_a_missing_approval_is_told_from_some_days_before_the_date_to_that_day(
    program: Program,
    told: list[tuple[str, Mapping[str, Any]]],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program.close("2026-10", TIER_1)
    for name, value in {"HOME": settings.home, "DATABASE_URL": settings.database_url}.items():
        monkeypatch.setenv(f"GROWTH_POINTS_{name}", str(value))
    monkeypatch.setenv("GROWTH_POINTS_APPROVAL", "required")

    days = {}
    for day in (5, 6, 7, 10, 11):
        _let_it_be(monkeypatch, datetime(2026, 11, day, 8, 30, tzinfo=SEOUL))
        tell_missing_approvals()
        days[day] = [payload["days_left"] for _, payload in told]
        told.clear()

    assert days == {5: [], 6: [], 7: [3], 10: [0], 11: []}


def test_a_payout_is_not_told_as_unapproved_if_it_needs_no_approval_or_has_one(
    program: Program, told: list[tuple[str, Mapping[str, Any]]], settings: Settings
) -> None:
    program.close("2026-10", TIER_1)

    assert missing_approvals(settings) == ()
    required = settings.model_copy(update={"approval": "required"})
    assert [each.payout.points for each in missing_approvals(required)] == [150_000]
    approve_payout(program.engine, SettlementMonth(2026, 10), 150_000, cause())
    assert missing_approvals(required) == ()


def test_whoever_closes_a_month_asks_for_its_approval_and_not_for_others(
    program: Program, told: list[tuple[str, Mapping[str, Any]]], settings: Settings
) -> None:
    program.close("2026-10", TIER_1)
    program.close("2026-11", {"maru": Sold(30_000_000)})
    required = settings.model_copy(update={"approval": "required"})

    emit_waiting(required, [SettlementMonth(2026, 11)])
    emit_waiting(settings, [SettlementMonth(2026, 11)])

    [(event, payload)] = told
    assert event == "payout.waiting"
    assert (payload["month"], payload["points"], payload["due_on"]) == (
        "2026-11",
        300_000,
        "2026-12-10",
    )


def test_a_payout_that_is_late_says_by_how_much(
    program: Program, told: list[tuple[str, Mapping[str, Any]]]
) -> None:
    program.close("2026-10", TIER_1)
    with program.engine.connect() as connection:
        october = program_standing(connection)[-1]

    emit_late(october, date(2026, 11, 13), "It waits.")

    [(event, payload)] = told
    assert event == "payout.late"
    assert (payload["month"], payload["due_on"]) == ("2026-10", "2026-11-10")
    assert (payload["days_late"], payload["points"], payload["sellers"]) == (3, 150_000, 1)
    assert payload["why"] == "It waits."


def _let_it_be(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    class Then(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Then":
            return cls.fromtimestamp(now.timestamp(), tz)

    monkeypatch.setattr(flows.occasion, "datetime", Then)
