"""Planned runs have the names that they will run by, however many are planned."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.client.schemas.sorting import FlowRunSort

from flows.prefect import planned_names

NOW = datetime(2026, 11, 1, tzinfo=UTC)


class Server:
    """A server with the runs of a schedule, made in order, of which it lists some at a time."""

    def __init__(self, count: int) -> None:
        self.runs = [
            SimpleNamespace(
                id=number,
                flow_id="watch",
                name=f"silly-{number}",
                parameters={},
                expected_start_time=NOW + timedelta(minutes=15 * number),
            )
            for number in range(count)
        ]

    def read_flows(self) -> list[Any]:
        return [SimpleNamespace(id="watch", name="watch-runs")]

    def read_flow_runs(self, sort: FlowRunSort | None = None, limit: int = 0, **_: Any) -> Any:
        newest_first = sort is not FlowRunSort.EXPECTED_START_TIME_ASC
        return sorted(self.runs, key=lambda each: each.id, reverse=newest_first)[:limit]

    def update_flow_run(self, number: int, name: str) -> None:
        self.runs[number].name = name


def test_the_runs_that_come_first_and_those_made_last_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = Server(1_000)

    @contextmanager
    def client(**_: object) -> Iterator[Server]:
        yield server

    monkeypatch.setattr(planned_names, "get_client", client)
    planned_names.name_planned_runs()

    names = [each.name for each in server.runs]
    assert set(names[:200]) == set(names[-200:]) == {"look for runs that hang"}
