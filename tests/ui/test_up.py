"""`growth-points up`: what it starts, what it leaves when it ends, what it has when it is back."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.occasion import SEOUL
from tests.ui.running import MONTH, Running, wait_for

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CRONS = ("close-month", "pay-out-sweep", "tell-late-payouts", "verify")


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


def test_its_ui_works_on_any_port_and_asks_nobody_else(lasting_up: Running) -> None:
    up = lasting_up

    page = httpx.get(f"{up.address}/v2/runs")

    assert httpx.get(f"{up.address}/ui-settings").json()["api_url"] == "/api"
    assert "connect-src 'self'" in page.headers["content-security-policy"]
    asked = {"Origin": "http://elsewhere.example", "Access-Control-Request-Method": "POST"}
    assert httpx.options(f"{up.address}/api/flow_runs/", headers=asked).status_code == 403
    settings = httpx.get(f"{up.address}/api/admin/settings").json()["server"]
    assert not settings["analytics_enabled"]
    assert not settings["ui"]["show_promotional_content"]
    assert (up.folder / "home" / "server" / "prefect.db").exists()  # its own, not the ledger's


def test_a_home_is_up_once(lasting_up: Running) -> None:
    another = Running(lasting_up.folder)

    with pytest.raises(AssertionError, match="is up already"):
        another.start()


def test_the_deployments_can_be_deployed_to_a_work_pool_instead(up: Running) -> None:
    up.start()
    prefect = Path(sys.executable).with_name("prefect")
    to_the_server = {**up.environment, "PREFECT_API_URL": f"{up.address}/api"}
    for words in (
        ("work-pool", "create", "growth-points", "--type", "process"),
        ("--no-prompt", "deploy", "--all", "--prefect-file", "deploy/prefect.yaml"),
    ):
        done = subprocess.run(  # noqa: S603 our own file
            [prefect, *words],
            cwd=ROOT,
            env=to_the_server,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    deployed = up.deployments()
    assert {each["work_pool_name"] for each in deployed.values()} == {"growth-points"}
    for name, deployment in deployed.items():
        assert deployment["entrypoint"].startswith("flows."), name
        assert not deployment["pull_steps"]
    assert "pattern" in deployed["rerun-month"]["parameter_openapi_schema"]["properties"]["month"]
    assert scheduled_by_cron(up, "close-month")


def test_a_port_that_is_taken_is_a_sentence(lasting_up: Running) -> None:
    up = lasting_up
    another = Running(up.folder / "another")
    another.folder.mkdir()
    (another.folder / "clock").write_text((up.folder / "clock").read_text())

    with pytest.raises(AssertionError, match="cannot be listened on"):
        another.start(httpx.URL(up.address).port or 0)


def test_a_late_run_closes_the_month_before_the_one_it_was_scheduled_for(
    lasting_up: Running,
) -> None:
    number = lasting_up.deployments()["close-month"]["id"]
    long_ago = {"scheduled_time": "2025-02-28T15:00:00Z"}  # 1 March in Seoul
    body = {"state": {"type": "SCHEDULED", "state_details": long_ago}}
    run = lasting_up.ask(f"/deployments/{number}/create_flow_run", body)["id"]

    assert "2025-02" in lasting_up.wait_until_ended(run)["message"]  # it lacks what came before
    assert [each["name"] for each in lasting_up.runs("close-month") if each["id"] == run] == [
        "close 2025-02"
    ]


def test_a_retry_resumes_a_failed_run_and_leaves_a_completed_one_as_it_is(
    lasting_up: Running,
) -> None:
    up = lasting_up
    up.run("ingest", str(MONTH - 2))
    run = up.start_run("close-month", month=str(MONTH))
    assert up.wait_until_ended(run)["type"] == "FAILED"
    assert str(MONTH - 1) in up.state(run)["message"]  # what lacks is named

    log = (up.folder / "home" / "server" / "worker.log").read_text()
    assert f"{up.address}/v2/runs/flow-run/{run}" in log  # a link to the UI that is shown

    up.run("ingest", str(MONTH - 1))
    retried = {"state": {"type": "SCHEDULED", "name": "AwaitingRetry"}, "force": True}
    up.ask(f"/flow_runs/{run}/set_state", retried)
    assert up.wait_until_ended(run)["type"] == "COMPLETED"
    ledger = up.run("ledger", "--output", "csv")

    up.ask(f"/flow_runs/{run}/set_state", retried)
    wait_for("the retry", lambda: up.state(run)["type"] == "RUNNING")
    assert up.wait_until_ended(run)["type"] == "COMPLETED"
    assert up.run("ledger", "--output", "csv") == ledger


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
