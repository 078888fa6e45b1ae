"""`growth-points up`: what it starts, what it leaves when it ends, what it has when it is back."""

import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.occasion import SEOUL
from tests.ui.running import MONTH, Running, wait_for

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


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


def test_it_comes_back_with_everything_it_had(up: Running) -> None:
    up.start()
    _wait_for_the_schedules(up)
    _ingest_what_came_before(up)
    up.run("close", str(MONTH))
    (payout,) = scheduled(up, "pay-out")
    (planned,) = up.listed("payouts")
    assert (
        in_seoul(payout["expected_start_time"]).isoformat() == f"{planned['due_on']}T09:00:00+09:00"
    )
    skipped = _change_the_schedules(up)
    before = up.deployments()

    with up.nothing_else_writes():
        run = up.start_run("reschedule-payouts", reason="a holiday")
        wait_for("the run", lambda: up.state(run)["type"] == "RUNNING")
        up.tell_to_end(signal.SIGTERM)
    assert up.wait_for_the_end() == 0  # what was under way was let end
    assert not (up.folder / "home" / "server" / "address").exists()
    up.start()

    assert up.state(run)["type"] == "COMPLETED"
    assert [each["id"] for each in scheduled(up, "pay-out")] == [payout["id"]]
    for name, deployment in up.deployments().items():
        for kept in ("id", "paused", "schedules", "parameters", "tags"):
            assert deployment[kept] == before[name][kept], name
    assert not up.deployments()["tell-late-payouts"]["schedules"][0]["active"]
    assert scheduled(up, "tell-late-payouts") == []
    (next_sweep, *_) = scheduled_by_cron(up, "pay-out-sweep")
    assert in_seoul(next_sweep["expected_start_time"]).hour == 12
    (next_check, *_) = scheduled_by_cron(up, "verify")
    assert next_check["expected_start_time"] > skipped["expected_start_time"]


def _wait_for_the_schedules(up: Running) -> None:
    hours = {"tell-late-payouts": 11, "pay-out-sweep": 10, "verify": 6}
    for name, hour in hours.items():
        first = in_seoul(scheduled_by_cron(up, name)[0]["expected_start_time"])
        assert first.hour == hour, name


def _change_the_schedules(up: Running) -> dict[str, Any]:
    """Pause one, move one, skip the next run of one, as the UI does; return what was skipped."""
    alarm, sweep = (up.deployments()[name] for name in ("tell-late-payouts", "pay-out-sweep"))
    up.change(_schedule(alarm), {"active": False})
    later = {"cron": "0 12 10-20 * *", "timezone": "Asia/Seoul"}
    up.change(_schedule(sweep), {"schedule": later})
    up.change(f"/deployments/{sweep['id']}", {"tags": ["growth-points", "ours"]})
    skipped = scheduled(up, "verify")[0]
    up.ask(f"/flow_runs/{skipped['id']}/set_state", {"state": {"type": "CANCELLED"}, "force": True})
    return skipped


def _schedule(deployment: dict[str, Any]) -> str:
    return f"/deployments/{deployment['id']}/schedules/{deployment['schedules'][0]['id']}"


def _ingest_what_came_before(up: Running) -> None:
    for month in (MONTH - 2, MONTH - 1):
        up.run("ingest", str(month))  # a command in the same home uses the server that is up


def test_what_was_interrupted_is_settled_when_it_is_back_and_can_run_again(up: Running) -> None:
    up.start()
    _ingest_what_came_before(up)
    with up.nothing_else_writes():
        running = up.start_run("close-month", month=str(MONTH), mode="commit")
        wait_for("the run", lambda: up.state(running)["type"] == "RUNNING")
        up.tell_to_end(signal.SIGINT)  # the run does not end in time
        assert up.wait_for_the_end() == 0
    up.start()

    assert up.state(running)["type"] == "CRASHED"
    assert up.listed("payouts") == []

    not_started = up.start_run("close-month", month=str(MONTH), mode="commit")
    wait_for("its worker", lambda: up.state(not_started)["type"] == "PENDING")
    up.kill()
    up.start()

    assert up.wait_until_ended(not_started)["type"] == "COMPLETED"
    assert len(up.listed("payouts")) == 1


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

    with pytest.raises(AssertionError, match="is already up"):
        another.start()


def test_the_deployments_can_be_deployed_to_a_work_pool_instead(up: Running) -> None:
    up.start()
    _prefect(up, "work-pool", "create", "growth-points", "--type", "process")
    _deploy(up)

    deployed = up.deployments()
    assert {each["work_pool_name"] for each in deployed.values()} == {"growth-points"}
    for name, deployment in deployed.items():
        assert deployment["entrypoint"].startswith("flows."), name
        assert not deployment["pull_steps"]
    assert "pattern" in deployed["rerun-month"]["parameter_openapi_schema"]["properties"]["month"]
    assert scheduled_by_cron(up, "close-due-months")

    up.change(_schedule(deployed["close-due-months"]), {"active": False})
    _deploy(up)
    assert not up.deployments()["close-due-months"]["schedules"][0]["active"]


def _deploy(up: Running) -> None:
    _prefect(up, "--no-prompt", "deploy", "--all", "--prefect-file", "deploy/prefect.yaml")


def _prefect(up: Running, *words: str) -> None:
    prefect = Path(sys.executable).with_name("prefect")
    done = subprocess.run(  # noqa: S603 our own file
        [prefect, *words],
        cwd=ROOT,
        env={**up.environment, "PREFECT_API_URL": f"{up.address}/api"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_port_that_is_taken_is_a_sentence(lasting_up: Running) -> None:
    up = lasting_up
    another = Running(up.folder / "another")
    another.folder.mkdir()
    (another.folder / "clock").write_text((up.folder / "clock").read_text())

    with pytest.raises(AssertionError, match="Cannot listen on port"):
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
        "close 2025-02 · preview"
    ]
