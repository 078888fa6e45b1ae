"""A server's own records are cleared by age, and what is planned stays."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from prefect import settings
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import LogCreate
from prefect.client.schemas.filters import FlowRunFilter, LogFilter
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed, Running, Scheduled

from flows.prefect.servers.retention import retention
from tests.alarm_server import a_flow
from tests.lasting_server import eventually, lasting_server

OLD = datetime.now(UTC) - timedelta(days=31)
YOUNG = datetime.now(UTC) - timedelta(days=29)
SOON = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[SyncPrefectClient]:
    """A client of a server that keeps what ended for thirty days, and clears every second."""
    often = {"PREFECT_SERVER_SERVICES_DB_VACUUM_LOOP_SECONDS": "1"}
    with (
        lasting_server(tmp_path, retention(30) | often) as url,
        settings.temporary_settings({settings.PREFECT_API_URL: url}),
        get_client(sync_client=True) as client,
    ):
        yield client


@pytest.mark.slow
def test_runs_that_ended_long_ago_go_with_their_logs_and_planned_ones_stay(
    client: SyncPrefectClient, tmp_path: Path
) -> None:
    def made(name: str, *states: State) -> UUID:
        run = client.create_flow_run(a_flow, name=name, state=states[0]).id
        for state in states[1:]:
            client.set_flow_run_state(run, state, force=True)
        message = LogCreate.model_validate(
            {"name": "points", "level": 20, "message": name, "timestamp": OLD, "flow_run_id": run}
        )
        client.create_logs([message])
        return run

    made("ended long ago", Running(), Completed())
    made("cancelled long ago", Scheduled(scheduled_time=OLD), Cancelled())
    made("ended lately", Running(), Completed())
    made("planned", Scheduled(scheduled_time=SOON))
    made("late", Scheduled(scheduled_time=OLD))
    made("going on", Running())
    with closing(sqlite3.connect(tmp_path / "prefect.db", timeout=60)) as database, database:
        for age, when in (("long ago", OLD), ("lately", YOUNG)):
            database.execute(
                "UPDATE flow_run SET end_time = ? WHERE end_time IS NOT NULL AND name LIKE ?",
                (f"{when:%Y-%m-%d %H:%M:%S.%f}", f"%{age}"),
            )
    kept = {"ended lately", "planned", "late", "going on"}

    assert eventually(lambda: _runs(client) == kept, seconds=60), _runs(client)
    assert eventually(lambda: _logs(client) == kept, seconds=60), _logs(client)


def _runs(client: SyncPrefectClient) -> set[str]:
    return {run.name for run in client.read_flow_runs(flow_run_filter=FlowRunFilter())}


def _logs(client: SyncPrefectClient) -> set[str]:
    return {log.message for log in client.read_logs(log_filter=LogFilter())}
