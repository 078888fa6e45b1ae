"""The runs that an earlier `growth-points up` left behind when it ended, was killed, or lost power.

Nothing of theirs goes on when another one starts in the home, and nothing is left half done: what
was under way has crashed, which the alarm for it tells, and what had not started starts now.
"""

import logging
from typing import Final

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.states import Crashed, Scheduled

log = logging.getLogger("growth_points.worker")

_GOING_ON: Final = FlowRunFilter.model_validate(
    {
        "deployment_id": {"is_null_": False},  # a command's run ends with its command
        "state": {"type": {"any_": ["PENDING", "RUNNING", "CANCELLING"]}},
    }
)


def runs_going_on() -> list[FlowRun]:
    """List the runs that a worker of this program has taken; a work pool has its own workers."""
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(flow_run_filter=_GOING_ON)
    return [run for run in runs if run.work_pool_name is None]


def settle_interrupted_runs() -> None:
    """Mark as crashed what went on when an earlier worker ended; start what had not started."""
    with get_client(sync_client=True) as client:
        for run in runs_going_on():
            state = _settled(run)
            client.set_flow_run_state(run.id, state, force=True)
            log.warning("%s was interrupted: it is %s now", run.name, state.name)


def _settled(run: FlowRun) -> State[None]:
    if run.state_type is StateType.PENDING:
        return Scheduled(scheduled_time=run.expected_start_time)
    return Crashed(message="growth-points up ended while it went on.")
