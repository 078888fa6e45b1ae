"""What was refused stands in the history of its month; what was previewed does not."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from adapters.postgres.ledger import pay_out
from adapters.postgres.verification.verify import verify
from domain.months import SettlementMonth
from flows import refused_runs
from flows.closing.evaluation import ClosingRequest
from flows.closing.require_window import MonthNotOver, require_window
from flows.occasion import SEOUL, this_occasion
from flows.showing.month_records import HISTORY
from tests.closings import FAR_AHEAD, POLICIES, Program, Sold, cause, month
from tests.command_line import Marketplace

STORES = {"maru": Sold(7_000_000)}


@pytest.fixture
def program(engine: Engine, tmp_path: Path) -> Program:
    """A program that can close October."""
    program = Program(engine, tmp_path)
    for name in ("2026-08", "2026-09"):
        program.ingest(name, STORES)
    return program


@pytest.fixture
def shop(program: Program, tmp_path: Path, database_url: str, prefect_server: None) -> Marketplace:
    """The command line on that program; no file was delivered."""
    (tmp_path / "settlements").mkdir()
    return Marketplace(tmp_path / "settlements", tmp_path / "home", database_url)


def history(shop: Marketplace, name: str) -> list[tuple[str, ...]]:
    rows = shop.done("history", name, "--output", "csv").rows()
    assert tuple(rows[0]) == HISTORY
    return [(row["action"], row["reason"], row["result"], row["difference"]) for row in rows]


def rested_on(shop: Marketplace, name: str) -> list[tuple[str, ...]]:
    rows = shop.done("history", name, "--output", "csv").rows()
    told = "input", "revision", "evaluation", "policy"
    return [tuple(row[column] for column in told) for row in rows]


def test_a_refused_closing_stands_in_the_history_with_its_reason(shop: Marketplace) -> None:
    assert shop.run("close", "2026-10", "--reason", "the third try").exit_code == 1
    assert shop.run("close", "2026-10", "--preview").exit_code == 1

    ((action, reason, result, why),) = history(shop, "2026-10")
    assert (action, reason, result) == ("close", "the third try", "refused")
    assert "the delivery of 2026-10" in why
    assert rested_on(shop, "2026-10") == [(str(shop.root / "2026-10"), "", "", "d-commerce-2020")]


def test_a_refused_ingest_and_a_refused_payout_stand_in_the_history(
    shop: Marketplace, program: Program
) -> None:
    program.close("2026-10", STORES)
    program.ingest("2026-09", {"maru": Sold(1)})

    assert shop.run("ingest", "2026-10").exit_code == 1
    assert shop.run("pay-out", "--on", "2026-11-10").exit_code == 1

    refused = [run for run in history(shop, "2026-10") if run[2] == "refused"]
    assert [run[0] for run in refused] == ["ingest", "pay out"]
    assert "was replaced after it was closed" in refused[1][3]
    shop.done("verify")

    program.close("2026-10", STORES)
    shop.done("pay-out", "--on", "2026-11-10")
    shop.done("verify")


def test_a_database_that_cannot_be_reached_ends_a_run_and_is_not_asked_to_record_it(
    shop: Marketplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = replace(shop, database_url="postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setattr(
        refused_runs, "program_database", lambda _: pytest.fail("it was opened again")
    )

    for command in (("ingest", "2026-10"), ("close", "2026-10"), ("pay-out",)):
        ran = gone.run(*command)
        assert ran.exit_code == 1
        assert "growth-points: No connection to postgresql://nobody@" in ran.stderr


@pytest.mark.parametrize(
    ("action", "why", "command"),
    [
        ("approve", "150,000 points, not 1", "approve-payout 2026-10 1 --reason seen"),
        (
            "award correction",
            "2026-10 is not paid yet",
            "adjust maru 5 --for 2026-10 --reason late",
        ),
        ("clawback", "2026-10 is not paid yet", "adjust maru -5 --for 2026-10 --reason late"),
        ("award correction", "No seller 'nobody'", "adjust nobody 5 --for 2026-10 --reason late"),
    ],
)
def test_a_refused_correction_stands_in_the_history_with_what_it_was_refused_on(
    shop: Marketplace, program: Program, action: str, why: str, command: str
) -> None:
    program.close("2026-10", STORES)

    assert shop.run(*command.split()).exit_code == 1

    run = history(shop, "2026-10")[-1]
    assert (run[0], run[2]) == (action, "refused")
    assert why in run[3]
    assert rested_on(shop, "2026-10")[-1] == ("", "", "1", "d-commerce-2020")
    shop.done("verify")


def test_a_refused_approval_approves_nothing(
    shop: Marketplace, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROWTH_POINTS_APPROVAL", "required")
    shop.run("approve-payout", "2026-10", "150000", "--reason", "too early")
    program.close("2026-10", STORES)

    refused = shop.run("pay-out", "--on", "2026-11-10")
    assert "wait for an approval" in refused.stderr

    shop.done("approve-payout", "2026-10", "150000", "--reason", "seen")
    shop.run("approve-payout", "2026-10", "1", "--reason", "a slip")
    shop.done("pay-out", "--on", "2026-11-10")
    shop.done("verify")


def test_payout_dates_worked_out_again_stand_in_the_history_of_each_open_month(
    shop: Marketplace, program: Program
) -> None:
    program.close("2026-10", STORES)

    assert shop.done("reschedule-payouts").stdout == "Every planned payout keeps its date.\n"

    assert history(shop, "2026-10")[-1][::2] == ("reschedule", "no change")


def test_a_payout_ahead_of_its_date_leaves_a_trace(shop: Marketplace, program: Program) -> None:
    program.close("2026-10", STORES)
    ahead = this_occasion().today + timedelta(days=400)

    shop.done("pay-out", "--on", str(ahead), "--ahead")

    reason = history(shop, "2026-10")[-1][1]
    assert reason == f"paid ahead, on {this_occasion().today} as if it were {ahead}"


def test_a_payout_ahead_of_its_date_that_nobody_asked_for_is_named(program: Program) -> None:
    program.close("2026-10", STORES)
    program.close("2026-11", STORES)
    program.pay("2026-10", on=FAR_AHEAD)
    with program.engine.begin() as connection:
        pay_out(connection, month=month("2026-11"), paid_on=FAR_AHEAD, actor="somebody")

    with program.engine.connect() as connection:
        found = [str(each) for each in verify(connection)]
    assert found[0] == "payouts: 2026-11 was paid, and no run in its history did that"
    assert found[1].startswith("payouts: 2026-11 was paid on 2030-01-01, but recorded on ")
    assert len(found) == 2


@pytest.mark.parametrize(("today", "refused"), [(30, True), (31, True), (32, False)])
def test_a_month_that_is_not_over_in_seoul_is_previewed_and_not_closed(
    program: Program, today: int, refused: bool
) -> None:
    day = date(2026, 9, 30) + timedelta(days=today)
    started_at = datetime(day.year, day.month, day.day, 23, 59, tzinfo=SEOUL)
    request = ClosingRequest(month("2026-10"), replace(cause(), started_at=started_at))

    preview = replace(request, preview=True)
    require_window(program.engine, preview, POLICIES, program.calendar)
    if refused:
        with pytest.raises(MonthNotOver, match="can be closed from 2026-11-01 on"):
            require_window(program.engine, request, POLICIES, program.calendar)
    else:
        require_window(program.engine, request, POLICIES, program.calendar)


def test_a_month_to_come_is_refused_by_the_command_before_its_files_are_looked_for(
    shop: Marketplace,
) -> None:
    coming = SettlementMonth.of(this_occasion().today)

    assert f"{coming} is not over" in shop.run("close", str(coming)).stderr


def test_a_payout_years_ahead_is_refused_in_a_sentence(shop: Marketplace, program: Program) -> None:
    program.close("2026-10", STORES)
    refused = shop.run("pay-out", "--on", "2999-01-01", "--ahead")
    assert refused.exit_code == 1
    assert "2026-10 is not paid: 2999-01-01 is more than five years after" in refused.stderr
    assert history(shop, "2026-10")[-1][2] == "refused"
