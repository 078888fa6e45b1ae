"""Months close by themselves: oldest first, once they are delivered whole, each refusal once."""

import errno
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.ingest.engines.troubles import EngineUnfit
from adapters.ingest.listing import FolderUnreadable
from adapters.ingest.problems import DeliveryRefused
from adapters.postgres.database import open_database
from adapters.postgres.runs import Action, record_refusal
from domain.cause import Cause
from domain.findings import Finding, Severity
from domain.months import SettlementMonth
from domain.sentence import sentence
from flows.closing import due_months
from flows.closing.due_months import BY_ITSELF, is_overdue, unclosed_months
from flows.closing.events import what_is_missing
from flows.occasion import SEOUL, this_occasion
from flows.settings import Settings
from tests.command_line import Line, Marketplace, Ran
from tests.three_stores import (
    NOVEMBER,
    OCTOBER,
    OCTOBER_CORRECTED,
    OCTOBER_DUE_ON,
    STORES,
    deliver,
)

Run = Callable[..., Any]


@pytest.fixture
def run(with_history: Marketplace, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run one of the closing room's flows on the marketplace; return the state it ends in."""
    for name, value in with_history.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GROWTH_POINTS_FIRST_MONTH", OCTOBER)
    monkeypatch.setenv("GROWTH_POINTS_REST_MINUTES", "0")

    def run_flow(name: str = "close_due_months", **variables: str) -> Any:
        from flows.closing import flow

        for variable, value in variables.items():
            monkeypatch.setenv(f"GROWTH_POINTS_{variable}", value)
        return getattr(flow, name)(return_state=True)

    return run_flow


def test_months_close_in_order_as_far_as_they_are_delivered(
    run: Run, with_history: Marketplace
) -> None:
    state = run()

    assert state.is_completed()
    assert state.message.startswith("2024-10 is closed. 2024-11 is closed. 2024-12 waits. Nothing ")
    assert _closings(with_history, OCTOBER) == [("changed", "the month is over")]
    assert with_history.done("payouts", "--output", "csv").stdout.count("2024-1") >= 2


def test_closing_again_by_itself_does_nothing(run: Run, with_history: Marketplace) -> None:
    run()
    before = with_history.row_counts(), _closings(with_history, OCTOBER)

    assert run().message.startswith("2024-12 waits. ")

    assert (with_history.row_counts(), _closings(with_history, OCTOBER)) == before


def test_a_refused_month_stops_the_later_ones_and_is_not_tried_again_unchanged(
    run: Run, with_history: Marketplace
) -> None:
    with_history.deliver(OCTOBER, [Line("maru", 1_000, "2024-12-24")], STORES)

    first = run()
    second = run()

    assert (first.name, first.is_failed()) == ("Refused", True)
    assert "2024-12" in first.message
    assert second.is_completed()
    assert second.message.startswith("2024-10 waits. Its closing was refused: ")
    assert [how for how, _ in _closings(with_history, OCTOBER)] == ["refused"]
    assert _closings(with_history, NOVEMBER) == []

    deliver(with_history, OCTOBER, OCTOBER_CORRECTED)

    assert run().message.startswith("2024-10 is closed. 2024-11 is closed. ")


def test_a_refused_month_is_tried_again_when_what_it_rests_on_changed(
    run: Run, with_history: Marketplace
) -> None:
    with_history.deliver(OCTOBER, [Line("maru", 1_000, "2024-12-24")], STORES)
    run()

    run(LIMITS="sellers_vanished=99%")
    assert len(_closings(with_history, OCTOBER)) == 2
    run()
    assert len(_closings(with_history, OCTOBER)) == 2
    deliver(with_history, "2024-09", {"maru": 2_600_000})
    with_history.done("ingest", "2024-09")
    run()
    assert len(_closings(with_history, OCTOBER)) == 3


def test_a_month_whose_window_lacks_data_is_tried_when_it_came(
    run: Run, with_history: Marketplace, marketplace: Marketplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROWTH_POINTS_DATABASE_URL", marketplace.database_url)

    assert "its window also needs 2024-08, 2024-09" in run().message
    assert "its window also needs 2024-08, 2024-09" in run().message
    empty = Marketplace(with_history.root, with_history.home, marketplace.database_url)
    assert len(_closings(empty, OCTOBER)) == 1
    for month in ("2024-08", "2024-09"):
        empty.done("ingest", month)

    assert run().message.startswith("2024-10 is closed. ")


@pytest.mark.parametrize("rule", ["store_unreachable", "store_refused", "file_inaccessible"])
def test_trouble_of_the_store_or_the_system_refuses_nothing_and_blames_no_sender(
    run: Run, with_history: Marketplace, monkeypatch: pytest.MonkeyPatch, rule: str
) -> None:
    from flows.ingesting import flow as ingesting

    away = Finding(rule, Severity.CRITICAL, "the store cannot be read", 1, "")
    emitted: list[object] = []

    def unreachable(_: Settings, root: str, month: SettlementMonth, __: object) -> Any:
        raise DeliveryRefused(month, root, (away,))

    with monkeypatch.context() as patched:
        patched.setattr(ingesting, "find", unreachable)
        patched.setattr("flows.ingesting.report.emit", lambda *given: emitted.append(given))
        for _ in range(2):
            state = run()
            assert (state.name, state.is_failed()) == ("Failed", True)
            assert "the store cannot be read" in state.message
    assert (_closings(with_history, OCTOBER), emitted) == ([], [])

    assert run().message.startswith("2024-10 is closed. ")


def test_a_month_that_an_engine_does_not_read_is_tried_again_with_another_one(
    run: Run, with_history: Marketplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.closing import flow

    def unfit(*_: object, **__: object) -> Any:
        raise EngineUnfit.because("its lines are odd", in_files=True)

    monkeypatch.setattr(flow, "sound_delivery", unfit)
    assert "its lines are odd" in run().message
    assert run().message.startswith("2024-10 waits. Its closing was refused: its lines are odd")
    assert len(_closings(with_history, OCTOBER)) == 1

    run(ENGINE="sc://elsewhere:15002")
    assert len(_closings(with_history, OCTOBER)) == 2


def test_a_refused_month_is_tried_again_every_day_and_told_once(
    run: Run, with_history: Marketplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.closing import events, flow

    def unfit(*_: object, **__: object) -> Any:
        raise EngineUnfit.because("its lines are odd", in_files=True)

    told = list[object]()
    monkeypatch.setattr(events, "emit", lambda *words: told.append(words))
    with monkeypatch.context() as patched:
        patched.setattr(flow, "sound_delivery", unfit)
        for days in (0, 0, 1):
            _in_days(monkeypatch, days)
            assert "its lines are odd" in run().message
    assert [how for how, _ in _closings(with_history, OCTOBER)] == ["refused", "refused"]
    assert len(told) == 1
    assert run().message.startswith("2024-10 waits. Its closing was refused: its lines are odd")

    _in_days(monkeypatch, 2)
    assert run().message.startswith("2024-10 is closed. ")


def test_files_that_still_block_a_month_the_next_day_are_told_once(
    run: Run, with_history: Marketplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_history.deliver(OCTOBER, [Line("maru", 1_000, "2024-12-24")], STORES)
    told = list[object]()
    monkeypatch.setattr("flows.ingesting.report.emit", lambda *words: told.append(words))

    for days in (0, 1):
        _in_days(monkeypatch, days)
        assert run().name == "Refused"

    assert len(_closings(with_history, OCTOBER)) == 2
    assert len(told) == 1


def test_what_was_refused_on_an_earlier_day_is_still_what_a_month_lacks() -> None:
    due = due_months.DueMonth(SettlementMonth.parse(OCTOBER), 1, None, "No holidays are known.")

    said = "Its closing was refused: No holidays are known."
    assert str(what_is_missing(due)) == said


def test_months_closed_and_reports_owed_are_told_though_the_next_month_is_away(
    run: Run, with_history: Marketplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.closing import flow

    look = flow.look

    def away(settings: Settings, month: SettlementMonth, now: Any) -> Any:
        if str(month) == NOVEMBER:
            raise FolderUnreadable(sentence("{source} cannot be listed", source="2024-11"))
        return look(settings, month, now)

    owed = sentence("The report of {month} is written.", month="2024-08")
    monkeypatch.setattr(flow, "look", away)
    monkeypatch.setattr(flow, "publish_lost_reports", lambda *_: (owed,))
    state = run()

    assert (state.name, state.is_failed()) == ("Failed", True)
    assert state.message == (
        "2024-10 is closed. The report of 2024-08 is written. 2024-11 cannot be listed."
    )


def test_a_report_that_cannot_be_written_keeps_no_month_waiting(
    run: Run, with_history: Marketplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.closing import flow

    def full(*_: object) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(flow, "publish_lost_reports", full)
    state = run()

    assert state.is_failed()
    assert state.message.startswith("2024-10 is closed. ")
    assert "No space left on device" in state.message
    assert _closings(with_history, OCTOBER) == [("changed", "the month is over")]


def test_a_mistake_of_this_program_in_a_report_is_raised_and_keeps_no_month_waiting(
    run: Run, with_history: Marketplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.closing import flow

    def mistaken(*_: object) -> Any:
        raise KeyError("no such report")

    monkeypatch.setattr(flow, "publish_lost_reports", mistaken)
    state = run()

    assert state.is_failed()
    assert "KeyError" in state.message
    assert _closings(with_history, OCTOBER) == [("changed", "the month is over")]


def test_a_refused_month_is_tried_again_by_a_newer_program(
    run: Run, with_history: Marketplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_history.deliver(OCTOBER, [Line("maru", 1_000, "2024-12-24")], STORES)
    run()
    monkeypatch.setattr(due_months, "version", lambda name: f"{name} 999")
    run()

    assert len(_closings(with_history, OCTOBER)) == 2


def test_what_somebody_closes_meanwhile_stands(
    run: Run, with_history: Marketplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By other files than those that the closing by itself had looked at."""
    from flows.closing import flow

    look = flow.look

    def and_then_somebody_closes(settings: Settings, month: SettlementMonth, now: Any) -> Any:
        due = look(settings, month, now)
        if str(month) == OCTOBER:
            files = {each: each.read_bytes() for each in (with_history.root / OCTOBER).iterdir()}
            deliver(with_history, OCTOBER, OCTOBER_CORRECTED)
            with_history.done("close", OCTOBER, "--reason", "by somebody")
            for file, content in files.items():
                file.write_bytes(content)
        return due

    monkeypatch.setattr(flow, "look", and_then_somebody_closes)
    state = run()

    assert state.message.startswith("2024-10 was closed meanwhile. 2024-11 is closed. ")
    assert _closings(with_history, OCTOBER) == [("changed", "by somebody")]


def test_files_that_still_change_are_left_alone(run: Run, with_history: Marketplace) -> None:
    state = run(REST_MINUTES="60")

    assert state.message.startswith("2024-10 waits. What was delivered changed at 20")
    assert _closings(with_history, OCTOBER) == []


def test_a_month_that_is_not_closed_in_time_is_told_with_what_is_missing(
    run: Run, with_history: Marketplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.closing import events

    told: list[Any] = []
    monkeypatch.setattr(events, "emit", lambda *words: told.append(words))
    (with_history.root / OCTOBER / "settlements.csv").rename(with_history.root / "away.csv")
    (with_history.root / OCTOBER / "sellers.csv").unlink()

    state = run("tell_unclosed_months")
    run("tell_unclosed_months", LANGUAGE="ko")

    assert "2024-10 is not closed. Nothing has been delivered to " in state.message
    kinds, months, payloads = zip(*told, strict=True)
    assert set(kinds) == {"growth-points.month.unclosed"}
    assert set(months) == {SettlementMonth.parse(OCTOBER)}
    assert payloads[0]["missing"].startswith("Nothing has been delivered to ")
    assert payloads[0]["due_on"] == OCTOBER_DUE_ON
    assert payloads[0]["later"] > 20
    assert "정산 자료가 없습니다" in payloads[1]["missing"]


def test_a_month_whose_folder_cannot_be_listed_is_told_as_not_closed(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.closing import events

    def away(root: str, *_: object) -> None:
        raise FolderUnreadable(sentence("{source} cannot be listed: {error}", source=root, error=5))

    told: list[Any] = []
    monkeypatch.setattr(events, "emit", lambda *words: told.append(words))
    monkeypatch.setattr(due_months, "list_delivery", away)

    state = run("tell_unclosed_months")

    assert state.is_completed()
    assert state.message.startswith("2024-10 is not closed. ")
    [(_, _, payload)] = told
    assert payload["missing"].endswith(" cannot be listed: 5")


def test_a_month_whose_payout_date_cannot_be_computed_is_told_as_not_closed(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from flows.closing import events

    told: list[Any] = []
    monkeypatch.setattr(events, "emit", lambda *words: told.append(words))
    holidays = tmp_path / "holidays.txt"
    holidays.write_text("no day")

    run("tell_unclosed_months", HOLIDAYS=str(holidays))

    [(_, _, payload)] = told
    assert payload["due_on"] == "not known"


def test_nothing_is_told_of_months_that_are_closed(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.closing import events

    told: list[Any] = []
    monkeypatch.setattr(events, "emit", lambda *words: told.append(words))

    assert run("tell_unclosed_months", FIRST_MONTH="2198-01").message == "No month is overdue."
    assert told == []


@pytest.mark.parametrize(
    ("first", "today", "months"),
    [
        (None, date(2024, 12, 31), ()),
        (None, date(2025, 1, 1), ("2024-12",)),
        (None, date(2025, 2, 1), ("2024-12", "2025-01")),
        ("2024-09", date(2024, 10, 31), ("2024-09",)),
        ("2024-09", date(2025, 1, 1), ("2024-09", "2024-12")),
        ("2025-01", date(2025, 1, 31), ()),
        ("2025-01", date(2025, 3, 1), ("2025-01", "2025-02")),
    ],
)
def test_due_are_the_months_from_the_first_closed_one_or_the_one_set(
    closed_november: Marketplace, first: str | None, today: date, months: tuple[str, ...]
) -> None:
    with open_database(closed_november.database_url) as engine, engine.connect() as connection:
        set_to = SettlementMonth.parse(first) if first else None
        due = unclosed_months(connection, set_to, today)

    assert due is not None
    assert tuple(map(str, due)) == months


def test_before_any_month_is_closed_only_the_last_one_is_due(with_history: Marketplace) -> None:
    assert _due(with_history.database_url, date(2024, 12, 1)) == [NOVEMBER]


def test_a_month_that_was_refused_stays_due_before_any_is_closed(with_history: Marketplace) -> None:
    with open_database(with_history.database_url) as engine, engine.begin() as connection:
        for month, reason in ((OCTOBER, BY_ITSELF), ("2020-01", "a month mistyped by somebody")):
            cause = Cause("tests", reason, "tests", datetime(2024, 11, 2, 9, tzinfo=SEOUL))
            of = SettlementMonth.parse(month)
            record_refusal(connection, of, Action.CLOSE, cause, "No.", source="a folder")

    assert _due(with_history.database_url, date(2024, 12, 1)) == [OCTOBER, NOVEMBER]


def test_without_history_no_month_closes_by_itself_which_is_said(
    run: Run, marketplace: Marketplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.closing import events

    told: list[Any] = []
    monkeypatch.setattr(events, "emit", lambda *words: told.append(words))
    fresh = {"DATABASE_URL": marketplace.database_url, "FIRST_MONTH": ""}

    for name in ("close_due_months", "tell_unclosed_months"):
        state = run(name, **fresh)
        assert state.is_completed()
        assert state.message.startswith("No month closes by itself yet. Ingest the months before ")
        assert "GROWTH_POINTS_FIRST_MONTH" in state.message
    assert told == []


@pytest.mark.parametrize(
    ("today", "overdue"),
    [(date(2024, 11, 6), False), (date(2024, 11, 7), True), (date(2024, 12, 1), True)],
)
def test_a_month_is_overdue_from_a_day_of_its_payout_month(today: date, overdue: bool) -> None:
    settings = Settings(close_by_day=7)

    assert is_overdue(settings, SettlementMonth.parse(OCTOBER), today) is overdue


def _in_days(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    """Let the following runs be some days later."""
    from flows.closing import flow

    later = replace(occasion := this_occasion(), now=occasion.now + timedelta(days=days))
    monkeypatch.setattr(flow, "flow_occasion", lambda: later)


def _due(database_url: str, today: date) -> list[str]:
    with open_database(database_url) as engine, engine.connect() as connection:
        return [str(each) for each in unclosed_months(connection, None, today) or ()]


def _closings(marketplace: Marketplace, month: str) -> list[tuple[str, str]]:
    listed: Ran = marketplace.run("history", month, "--output", "csv")
    return [
        (row["result"], row["reason"][:17]) for row in listed.rows() if row["action"] == "close"
    ]
