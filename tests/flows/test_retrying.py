"""What is tried again: connections and object stores, in runs of deployments, and nothing else."""

from inspect import getclosurevars
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy.exc import OperationalError, ProgrammingError

from adapters.ingest.delivery import DeliveryRefused
from adapters.postgres.database import DatabaseUnreachable
from adapters.postgres.embedded import ServerNotStarted
from domain.findings import Finding, MonthBlocked, Severity
from flows.paying.pay_out_month import PayoutNotApproved
from flows.prefect import retrying
from tests.closings import month

OCTOBER = month("2026-10")
NO_ANSWER = DatabaseUnreachable("no connection")


def refused_for(*rules: str) -> DeliveryRefused:
    findings = tuple(Finding(rule, Severity.CRITICAL, rule, 1, "") for rule in rules)
    return DeliveryRefused(OCTOBER, "s3://bucket", findings)


@pytest.mark.parametrize(
    ("trouble", "again"),
    [
        (NO_ANSWER, True),
        (OperationalError("SELECT", {}, Exception("gone")), True),
        (ConnectionResetError(), True),
        (refused_for("store_unreachable"), True),
        (refused_for("store_unreachable", "file_unreadable"), False),
        (refused_for("file_unreadable"), False),
        (MonthBlocked(OCTOBER, ()), False),
        (PayoutNotApproved(OCTOBER, 1), False),
        (ProgrammingError("SELECT", {}, Exception("wrong")), False),
        (ServerNotStarted(Path("home"), "No space left on device"), False),
        (FileNotFoundError(), False),
        (None, False),
    ],
)
def test_only_what_may_pass_by_itself_is_tried_again(trouble: object, again: bool) -> None:
    assert retrying.is_transient(trouble) is again


@pytest.mark.parametrize(("deployment", "tries"), [(None, 1), ("close-month", 3)])
def test_a_deployments_run_waits_for_a_connection_and_a_command_does_not(
    prefect_server: None,
    monkeypatch: pytest.MonkeyPatch,
    deployment: str | None,
    tries: int,
) -> None:
    from prefect import flow, task

    patience = {**retrying.RETRIES, "retry_delay_seconds": [0.0] * 4}
    tried = []

    @task(**patience)  # type: ignore[arg-type, call-overload, untyped-decorator, unused-ignore]
    def connect() -> str:
        tried.append(1)
        if len(tried) < 3:
            raise NO_ANSWER
        return "connected"

    @flow
    def run() -> object:
        return connect(return_state=True)

    monkeypatch.setattr(retrying, "deployment", SimpleNamespace(id=deployment))
    run(return_state=True)

    assert len(tried) == tries


def test_nothing_that_decides_or_posts_is_tried_again() -> None:
    from flows.closing import flow as close_month
    from flows.correcting import flow as adjust_points
    from flows.ingesting import flow as ingest_month
    from flows.paying import flow as pay_out

    deciding = (
        close_month.decide_and_post,
        ingest_month.record_ingested,
        pay_out.pay,
        pay_out.record_approval,
        pay_out.record_reschedule,
        adjust_points.post,
    )
    tasks = [getclosurevars(each).nonlocals["run"] for each in deciding]
    assert [task.retries for task in tasks] == [0] * len(deciding)
