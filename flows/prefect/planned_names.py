"""Naming runs while they are planned; Prefect names a run after what it does when it starts."""

from collections.abc import Mapping
from typing import Any, Final

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort

from flows.occasion import SEOUL
from flows.prefect.deployments import DEPLOYED
from flows.prefect.run_names import name_of
from flows.prefect.server_errors import best_effort

_PLANNED: Final = FlowRunFilter.model_validate(
    {"deployment_id": {"is_null_": False}, "state": {"type": {"any_": ["SCHEDULED"]}}}
)
_FLOWS: Final[Mapping[str, Any]] = {each.name: each.flow for each in DEPLOYED}
_PAGE: Final = 200


def name_planned_runs() -> None:
    """Give the planned runs that come first, or were made last, their names; safe to repeat.

    Schedules plan a hundred runs ahead each, of which those far away have time.
    """
    with best_effort("the names of planned runs"), get_client(sync_client=True) as client:
        flows = {each.id: each.name for each in client.read_flows()}
        for sort in (FlowRunSort.ID_DESC, FlowRunSort.EXPECTED_START_TIME_ASC):
            for run in client.read_flow_runs(flow_run_filter=_PLANNED, sort=sort, limit=_PAGE):
                _name(client, run, flows.get(run.flow_id, ""))


def _name(client: SyncPrefectClient, run: FlowRun, flow_name: str) -> None:
    if flow_name not in _FLOWS or run.expected_start_time is None:
        return
    on = run.expected_start_time.astimezone(SEOUL).date()
    name = name_of(_FLOWS[flow_name], run.parameters, on)
    if name != run.name:
        client.update_flow_run(run.id, name=name)
