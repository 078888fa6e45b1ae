"""Payouts planned as runs on a real Prefect server: once, on their date, moved, replaced."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from sqlalchemy import Engine

from flows.occasion import SEOUL, this_occasion
from flows.paying.approve_payout import approve_payout
from flows.paying.reschedule_payouts import reschedule_payouts
from flows.settings import Settings
from tests.closings import POLICIES, Program, Sold, cause, month

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun

NOTHING, TIER_1 = {"maru": Sold()}, {"maru": Sold(7_000_000, approved_on=date(2040, 3, 16))}
DUE_ON, MOVED_TO = date(2040, 11, 12), date(2040, 11, 13)  # the 10th is a Saturday


class PlannedRuns:
    """The deployment that pays on the run's Prefect server, with what is planned there."""

    def __init__(self, number: UUID) -> None:
        from prefect.client.orchestration import get_client
        from prefect.client.schemas.filters import FlowRunFilter

        self.client = get_client(sync_client=True)
        self.number = number
        self.of_deployment = FlowRunFilter.model_validate({"deployment_id": {"any_": [number]}})

    def all(self) -> "Sequence[FlowRun]":
        """List the runs, oldest first."""
        found = self.client.read_flow_runs(flow_run_filter=self.of_deployment)
        return sorted(found, key=lambda run: (run.created is None, run.created))

    def open(self) -> "list[tuple[str, datetime | None, dict[str, str]]]":
        """Tell of the runs that are to come: name, time and parameters."""
        return [
            (run.name, run.next_scheduled_start_time, run.parameters)
            for run in self.all()
            if run.state is not None and run.state.is_scheduled()
        ]

    def cancel(self) -> None:
        """Cancel whatever is planned, as an operator does in the UI."""
        from prefect.states import Cancelled

        for run in self.all():
            self.client.set_flow_run_state(run.id, Cancelled(), force=True)


@pytest.fixture
def runs(prefect_server: None) -> Iterator[PlannedRuns]:
    """The deployment, registered for as long as a test takes."""
    from flows.prefect.deployments import served_deployments

    (deployment,) = [each for each in served_deployments() if each.name == "pay-out"]
    number = deployment.apply()
    assert isinstance(number, UUID)
    runs = PlannedRuns(number)
    yield runs
    for run in runs.all():
        runs.client.delete_flow_run(run.id)
    runs.client.delete_deployment(runs.number)


@pytest.fixture
def program(engine: Engine, tmp_path: Path) -> Program:
    """A program whose October 2040 awards points and is not paid."""
    program = Program(engine, tmp_path)
    for name in ("2040-08", "2040-09"):
        program.ingest(name, NOTHING)
    program.close("2040-10", TIER_1)
    return program


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """The settings under which runs are planned."""
    return Settings(home=tmp_path, database_url=database_url)


def plan(settings: Settings, times: int = 1) -> None:
    from flows.paying.due_payouts import plan_payout_runs

    for _ in range(times):
        plan_payout_runs(settings)


def at(day: date) -> datetime:
    return datetime.combine(day, time(9), SEOUL)


def test_a_payout_is_planned_once_for_nine_in_seoul_on_its_date(
    runs: PlannedRuns, program: Program, settings: Settings
) -> None:
    plan(settings, times=3)

    paying = {"month": "2040-10", "mode": "commit"}
    assert runs.open() == [("pay out 2040-10", at(DUE_ON), paying)]
    assert len(runs.all()) == 1


def test_a_run_that_was_canceled_is_planned_under_another_key(
    runs: PlannedRuns, program: Program, settings: Settings
) -> None:
    plan(settings)
    runs.cancel()
    plan(settings, times=2)

    assert [when for _, when, _ in runs.open()] == [at(DUE_ON)]
    assert len({run.idempotency_key for run in runs.all()}) == 2


def test_a_planned_run_moves_with_its_date(
    runs: PlannedRuns, program: Program, settings: Settings
) -> None:
    plan(settings)
    program.holidays[DUE_ON] = "Temporary holiday"
    reschedule_payouts(program.engine, cause(), POLICIES, program.calendar)
    plan(settings, times=2)

    assert [when for _, when, _ in runs.open()] == [at(MOVED_TO)]
    assert [run.expected_start_time for run in runs.all()] == [at(MOVED_TO)]
    assert len(runs.all()) == 1


def test_a_run_planned_by_an_earlier_version_is_planned_again_to_pay(
    runs: PlannedRuns, program: Program, settings: Settings
) -> None:
    plan(settings)
    (planned,) = runs.all()
    runs.client.update_flow_run(planned.id, parameters={"month": "2040-10"})

    plan(settings)

    assert [given["mode"] for _, _, given in runs.open()] == ["commit"]


def test_a_plan_after_a_deleted_run_has_a_key_of_its_own(
    runs: PlannedRuns, program: Program, settings: Settings
) -> None:
    for _ in range(2):
        plan(settings)
        runs.cancel()
    runs.client.delete_flow_run(runs.all()[0].id)
    plan(settings)

    assert [when for _, when, _ in runs.open()] == [at(DUE_ON)]


def test_a_run_that_never_started_is_planned_again_after_ten_minutes(
    runs: PlannedRuns, program: Program, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect.states import Pending

    from flows.paying import due_payouts

    plan(settings)
    (dead,) = runs.all()
    runs.client.set_flow_run_state(dead.id, Pending(), force=True)
    plan(settings)
    assert runs.open() == []  # it may start yet

    later = this_occasion().now + timedelta(minutes=11)
    occasion = replace(this_occasion(), now=later)
    monkeypatch.setattr(due_payouts, "this_occasion", lambda: occasion)
    plan(settings)

    assert [when for _, when, _ in runs.open()] == [at(DUE_ON)]
    (state,) = [run.state for run in runs.all() if run.id == dead.id]
    assert state is not None
    assert state.is_cancelled()


def test_what_is_paid_or_pays_nothing_is_not_planned(
    runs: PlannedRuns, program: Program, settings: Settings
) -> None:
    program.pay("2040-10", on=date(2041, 1, 1))
    plan(settings)

    assert runs.all() == []


def test_a_date_that_is_past_is_paid_at_once_but_not_before_it_is_approved(
    runs: PlannedRuns, engine: Engine, database_url: str, tmp_path: Path
) -> None:
    program = Program(engine, tmp_path)
    for name in ("2025-08", "2025-09"):
        program.ingest(name, NOTHING)
    program.close("2025-10", {"maru": Sold(7_000_000, approved_on=date(2025, 3, 16))})
    settings = Settings(home=tmp_path, database_url=database_url, approval="required")

    plan(settings)
    assert runs.all() == []

    approve_payout(program.engine, month("2025-10"), 150_000, cause())
    plan(settings)
    assert [name for name, _, _ in runs.open()] == ["pay out 2025-10"]


def test_a_server_without_the_deployment_keeps_nobody_from_closing(
    prefect_server: None, program: Program, settings: Settings
) -> None:
    plan(settings)


def test_a_server_that_does_not_answer_is_a_warning(
    program: Program,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    from flows.paying import due_payouts

    def unreachable(*_: object) -> None:
        raise ConnectionError("nobody there")

    monkeypatch.setattr(due_payouts, "plan", unreachable)
    with caplog.at_level("WARNING", "growth_points.payout"):
        due_payouts.plan_payout_runs(settings)

    assert "the daily sweep will pay them: nobody there" in caplog.text
