"""Runs that an earlier `growth-points up` left unfinished when it ended or was killed.

None of them is still running, and none left a change half done. Running ones are marked as crashed,
which raises the alarm; pending ones are scheduled again.
"""

import logging
from typing import Final

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.states import Crashed, Scheduled

from domain.sentence import sentence

log = logging.getLogger("growth_points.worker")

_GOING_ON: Final = FlowRunFilter.model_validate(
    {
        "deployment_id": {"is_null_": False},  # a command's run ends with its command
        "state": {"type": {"any_": ["PENDING", "RUNNING", "CANCELLING"]}},
    }
)


def runs_going_on() -> list[FlowRun]:
    """List the runs of this program's own worker; a work pool has its own workers."""
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(flow_run_filter=_GOING_ON)
    return [run for run in runs if run.work_pool_name is None]


def settle_interrupted_runs() -> None:
    """Mark the running ones as crashed, and schedule the pending ones again."""
    with get_client(sync_client=True) as client:
        for run in runs_going_on():
            state = _settled(run)
            client.set_flow_run_state(run.id, state, force=True)
            told = sentence(
                "{run} was interrupted; it is now {state}", run=run.name, state=state.name
            )
            log.warning(told)


def _settled(run: FlowRun) -> State[None]:
    if run.state_type is StateType.PENDING:
        return Scheduled(scheduled_time=run.expected_start_time)
    return Crashed(message="growth-points up ended while it was running.")
