"""`growth-points up`: what it starts, what it leaves when it ends, what it has when it is back."""

import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.occasion import SEOUL
from tests.ui.running import MONTH, Running, wait_for

pytestmark = pytest.mark.slow

CRONS = ("close-month", "pay-out-sweep", "verify")


def scheduled(up: Running, deployment: str) -> list[dict[str, Any]]:
    """List the runs of a deployment that are to come."""
    return [run for run in up.runs(deployment) if run["state"]["type"] == "SCHEDULED"]


def scheduled_by_cron(up: Running, deployment: str) -> list[dict[str, Any]]:
    """Wait for the runs that the server's scheduler makes of a schedule."""
    found: list[dict[str, Any]] = wait_for(
        f"scheduled runs of {deployment}", lambda: scheduled(up, deployment)
    )
    return found


def in_seoul(instant: str) -> datetime:
    return datetime.fromisoformat(instant).astimezone(SEOUL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_comes_back_with_everything_it_had(up: Running, number: int) -> None:
    up.start()
    crons = {name: scheduled_by_cron(up, name) for name in CRONS}
    first = in_seoul(crons["close-month"][0]["expected_start_time"])
    assert (first.day, first.hour) == (3, 9)
    for month in (MONTH - 2, MONTH - 1):
        up.run("ingest", str(month))  # a command in the same home uses the server that is up
    up.run("close", str(MONTH))
    (payout,) = scheduled(up, "pay-out")
    (planned,) = up.listed("payouts")
    assert (
        in_seoul(payout["expected_start_time"]).isoformat() == f"{planned['due_on']}T09:00:00+09:00"
    )

    assert up.end(number) == 0
    assert not (up.folder / "home" / "server" / "address").exists()
    up.start()

    assert {name: each["paused"] for name, each in up.deployments().items()} == dict.fromkeys(
        up.deployments(), False
    )
    for name in CRONS:
        (schedule,) = up.deployments()[name]["schedules"]
        assert schedule["active"]
        assert scheduled_by_cron(up, name)
    assert [run["id"] for run in scheduled(up, "pay-out")] == [payout["id"]]


def test_its_ui_works_on_any_port_and_asks_nobody_else(up: Running) -> None:
    up.start()

    page = httpx.get(f"{up.address}/v2/runs")

    assert httpx.get(f"{up.address}/ui-settings").json()["api_url"] == "/api"
    assert "connect-src 'self'" in page.headers["content-security-policy"]
    assert not httpx.get(f"{up.address}/api/admin/settings").json()["server"]["analytics_enabled"]


def test_a_port_that_is_taken_is_a_sentence(up: Running) -> None:
    up.start()
    another = Running(up.folder / "another")
    another.folder.mkdir()
    (another.folder / "clock").write_text((up.folder / "clock").read_text())

    with pytest.raises(AssertionError, match="cannot be listened on"):
        another.start(httpx.URL(up.address).port or 0)


def test_a_run_that_dies_with_its_worker_is_crashed_within_two_minutes_and_runs_again(
    up: Running,
) -> None:
    up.start()
    for month in (MONTH - 2, MONTH - 1):
        up.run("ingest", str(month))
    run = up.start_run("close-month", month=str(MONTH))
    wait_for("a sign of life", lambda: up.events("prefect.flow-run.heartbeat", run))
    assert up.state(run)["type"] == "RUNNING"
    began = datetime.now(UTC)
    for pid in _processes_of(up):
        os.kill(pid, signal.SIGKILL)
    assert up.process is not None
    up.process.wait(60)
    up.start()

    again = up.start_run("close-month", month=str(MONTH))
    assert up.wait_until_ended(again)["type"] == "COMPLETED"
    assert up.wait_until_ended(run)["type"] == "CRASHED"
    assert datetime.now(UTC) - began < timedelta(minutes=2)


def _processes_of(up: Running) -> list[int]:
    """Find the worker and the runs that it started."""
    home = f"GROWTH_POINTS_HOME={up.folder / 'home'}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            if home in (folder / "environ").read_bytes().split(b"\0") and (
                b"flows.console.worker" in command or b"prefect" in command
            ):
                found.append(int(folder.name))
        except OSError:
            continue
    return found
