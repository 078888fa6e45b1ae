"""The planned payout runs: one for each closed month, at 09:00 in Seoul on its payout date.

They show the plan to operators; nothing depends on them. A payout checks its date, approval and
state itself, and the sweep pays what was missed.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Scheduled

from domain.months import SettlementMonth
from domain.sentence import sentence

DEPLOYMENT: Final = "pay-out/pay-out"
_STARTS_WITHIN: Final = timedelta(minutes=10)

log = logging.getLogger("growth_points.payout")


@dataclass(frozen=True, slots=True)
class DuePayout:
    """An open payout and when it is due; `waiting` for an approval, or to be closed again."""

    month: SettlementMonth
    at: datetime
    waiting: bool

    @property
    def tag(self) -> str:
        """The tag of this month's payout runs."""
        return f"payout {self.month}"

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of this month's payout runs."""
        return {"month": str(self.month), "mode": "commit"}


@task(
    cache_policy=NO_CACHE,
    name="plan the payouts",
    retries=3,
    retry_delay_seconds=[1, 4, 16],
    retry_jitter_factor=0.5,
)
def plan(payouts: Sequence[DuePayout], now: datetime) -> None:
    """Create, move and cancel planned runs to match the open payouts."""
    with get_client(sync_client=True) as client:
        try:
            deployment = client.read_deployment_by_name(DEPLOYMENT)
        except ObjectNotFound:
            return  # a temporary server, which has no worker
        for due in payouts:
            _plan(client, deployment.id, due, now)


def _plan(client: SyncPrefectClient, deployment_id: UUID, due: DuePayout, now: datetime) -> None:
    runs = client.read_flow_runs(
        flow_run_filter=FlowRunFilter.model_validate(
            {"deployment_id": {"any_": [deployment_id]}, "tags": {"all_": [due.tag]}}
        )
    )
    planned = [run for run in runs if run.state is not None and run.state.is_scheduled()]
    dead = [run for run in runs if _never_started(run, now)]
    if not planned and any(_is_open(run) for run in runs if run not in dead):
        return  # it is being paid
    if due.waiting and due.at <= now:
        return  # approving it, or closing it again, plans it
    for run in dead:
        client.set_flow_run_state(run.id, Cancelled(message="it never started"), force=True)
    for run in planned[1:]:
        client.set_flow_run_state(run.id, Cancelled(message="planned twice"), force=True)
    if planned and not _is_as_planned(planned[0], due, now):
        # A run whose state alone is moved keeps the old day in the lists of runs to come.
        client.delete_flow_run(planned.pop(0).id)
    if not planned:
        _create(client, deployment_id, due, revision=max(map(_revision, runs), default=0) + 1)


def _is_as_planned(run: FlowRun, due: DuePayout, now: datetime) -> bool:
    """Whether a planned run pays, on the day that is planned now; earlier versions made others."""
    on_its_day = run.expected_start_time == due.at or due.at <= now
    return on_its_day and run.parameters == due.parameters


def _is_open(run: FlowRun) -> bool:
    return run.state is not None and not run.state.is_final()


def _never_started(run: FlowRun, now: datetime) -> bool:
    """Whether a worker took the run long ago and died before starting it."""
    state = run.state
    return state is not None and state.is_pending() and now - state.timestamp > _STARTS_WITHIN


def _revision(run: FlowRun) -> int:
    """Return the number of a month's plan from a run's key; 0 if it has none."""
    number = (run.idempotency_key or "").rpartition("#")[2]
    return int(number) if number.isdecimal() else 0


def _create(client: SyncPrefectClient, deployment_id: UUID, due: DuePayout, revision: int) -> None:
    # A canceled run keeps its key, so each plan of a month needs a new one.
    client.create_flow_run_from_deployment(
        deployment_id,
        parameters=due.parameters,
        state=Scheduled(scheduled_time=due.at),
        name=f"pay out {due.month}",
        tags=[due.tag],
        idempotency_key=f"{due.tag} #{revision}",
    )
    log.info(sentence("the payout of {month} is planned for {at}", month=due.month, at=due.at))
