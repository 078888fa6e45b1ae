"""The `watch-runs` flow: it tells of runs that hang, by asking the server for their state.

A trigger that waits for a run's end may miss it and tell what is not so. If no worker is there to
run this flow, the server says itself that runs are late.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from prefect import State, flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.runtime import flow_run
from prefect.states import Crashed

from adapters.languages.catalog import Language, say
from domain.sentence import Word, sentence
from flows.occasion import SEOUL
from flows.prefect.endings import told
from flows.prefect.events import STUCK, emit_about
from flows.prefect.flow_occasion import flow_occasion
from flows.prefect.server_errors import best_effort
from flows.prefect.ui_links import run_address
from flows.settings import Settings

# No run of this program takes that long; one that is pending was taken by a worker that is gone.
_LONGEST: Final = {
    StateType.RUNNING: timedelta(hours=1),
    StateType.CANCELLING: timedelta(hours=1),
    StateType.PENDING: timedelta(minutes=10),
}
_ABANDONED: Final = timedelta(days=1)
_GOING_ON: Final = FlowRunFilter.model_validate({"state": {"type": {"any_": list(_LONGEST)}}})


@flow(name="watch-runs", flow_run_name="look for runs that hang")
def watch_runs() -> None:
    """Report every run that has gone on for longer than any run of this program takes.

    A command's run that has gone on for a day is marked as crashed: nothing else watches it.
    """
    language, now = Settings.read().language, flow_occasion().now
    with get_client(sync_client=True) as client, best_effort("which runs hang"):
        own = str(flow_run.id)
        hanging = tuple(run for run in find_hanging(client, now) if str(run.id) != own)
        for run in hanging:
            _settle_or_tell(client, run, now, language)
        names = ", ".join(run.name for run in hanging)
        return told(None, names or sentence("No run hangs."))
    return told(None, sentence("The server did not answer."))


def find_hanging(client: SyncPrefectClient, now: datetime) -> Iterator[FlowRun]:
    """Find the runs that have been in a state for longer than any run takes."""
    for run in client.read_flow_runs(flow_run_filter=_GOING_ON):
        if run.state is not None and now - run.state.timestamp > _LONGEST[run.state.type]:
            yield run


def _settle_or_tell(
    client: SyncPrefectClient, run: FlowRun, now: datetime, language: Language
) -> None:
    assert run.state is not None  # noqa: S101 the ones found have one
    if run.deployment_id is None and now - run.state.timestamp > _ABANDONED:
        gone: State[None] = Crashed(message="The command that started it is gone.")
        client.set_flow_run_state(run.id, gone, force=True)
    else:
        _tell(run, run.state, language)


def _tell(run: FlowRun, state: State, language: Language) -> None:
    payload = {
        "run": run.name,
        "state": say(Word("run state", state.type.value.lower()), language),
        "since": f"{state.timestamp.astimezone(SEOUL):%Y-%m-%d %H:%M}",
        "address": run_address(run.id),
    }
    emit_about(STUCK, f"growth-points.run.{run.id}", run.name, payload)
