"""A `growth-points up` of the test's own, on a sample marketplace and with a clock to be moved.

The months lie ahead of us, so that their payouts are still to come whenever the tests run.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from datetime import time as time_of_day
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.postgres.database import lock_program, open_database
from adapters.postgres.embedded import embedded_url
from domain.months import SettlementMonth
from flows.occasion import SEOUL, this_occasion

MONTH = SettlementMonth.of(this_occasion().today) + 1  # its payout is a month ahead at least
_COMMAND = Path(sys.executable).with_name("growth-points")
_SECONDS = 240  # for whatever takes a machine with other work a while


def wait_for(what: str, answer: Callable[[], Any], seconds: float = _SECONDS) -> Any:
    """Ask until the answer is true; it fails by name if that takes too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(httpx.TransportError):
            if found := answer():
                return found
        time.sleep(0.5)
    pytest.fail(f"waited {seconds:.0f} seconds for {what}")


@dataclass
class Running:
    """A home and its `growth-points up`; `start` and `end` it as often as wanted."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[str] | None" = None
    address: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """What the command and all that it starts are told; no other server, and the clock."""
        others = {name: v for name, v in os.environ.items() if not name.startswith("PREFECT_")}
        paths = [str(Path(__file__).parent / "clock"), os.environ.get("PYTHONPATH", "")]
        return {
            **others,
            "GROWTH_POINTS_HOME": str(self.folder / "home"),
            "GROWTH_POINTS_SETTLEMENTS": str(self.folder / "settlements"),
            "GROWTH_POINTS_TEST_CLOCK": str(self.folder / "clock"),
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            **self.variables,
        }

    def set_clock(self, day: date, hour: int = 10) -> None:
        """Let it be this day in Seoul for the program."""
        now = datetime.combine(day, time_of_day(hour), SEOUL)
        (self.folder / "clock").write_text(now.isoformat())

    def start(self, port: int = 0) -> None:
        """Start it, and return when it says where to look."""
        with (self.folder / "up.out").open("a+") as output:
            before = output.tell()
            self.process = subprocess.Popen(  # noqa: S603 our own command
                [_COMMAND, "up", "--port", str(port)],
                env=self.environment,
                cwd=self.folder,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        said = wait_for("growth-points up", lambda: self._said(before))
        self.address = said.group(1)

    def _said(self, before: int) -> "re.Match[str] | None":
        told = (self.folder / "up.out").read_text()[before:]
        assert self.process is not None
        assert self.process.poll() is None, told
        return re.search(r"(http://\S+)/v2/runs[\s\S]+Ctrl-C", told)

    def tell_to_end(self, number: int) -> None:
        """Send it a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def wait_for_the_end(self) -> int:
        """Wait until it has ended; return its exit code."""
        assert self.process is not None
        return self.process.wait(_SECONDS)

    def kill(self) -> None:
        """End it, and with it all that it started, without a word."""
        self.tell_to_end(signal.SIGKILL)
        self.wait_for_the_end()

    @contextmanager
    def nothing_else_writes(self) -> Iterator[None]:
        """Keep every closing, payout and plan waiting, as one that takes long would."""
        url = embedded_url(self.folder / "home" / "postgres")
        with open_database(url) as engine, engine.begin() as connection:
            lock_program(connection)
            yield

    def run(self, *words: str) -> str:
        """Run another command in the same home; return what it prints."""
        done = subprocess.run(  # noqa: S603 the words are the tests' own
            [_COMMAND, *words],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def listed(self, *words: str) -> list[dict[str, Any]]:
        """Run a command that lists; return its rows."""
        rows: list[dict[str, Any]] = json.loads(self.run(*words, "--output", "json"))
        return rows

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the Prefect server, as its UI does."""
        return httpx.post(f"{self.address}/api{path}", json=body or {}, timeout=30).json()

    def change(self, path: str, body: dict[str, Any]) -> None:
        """Change something on the Prefect server, as its UI does."""
        address = f"{self.address}/api{path}"
        httpx.patch(address, json=body, timeout=30).raise_for_status()

    def deployments(self) -> dict[str, dict[str, Any]]:
        """Tell of the deployments by their names."""
        return {each["name"]: each for each in self.ask("/deployments/filter")}

    def runs(self, deployment: str) -> list[dict[str, Any]]:
        """Tell of a deployment's runs, oldest first."""
        number = self.deployments()[deployment]["id"]
        found = self.ask(
            "/flow_runs/filter",
            {"deployments": {"id": {"any_": [number]}}, "sort": "EXPECTED_START_TIME_ASC"},
        )
        return list(found)

    def start_run(self, deployment: str, **parameters: object) -> str:
        """Start a deployment; return the run's id."""
        number = self.deployments()[deployment]["id"]
        run = self.ask(f"/deployments/{number}/create_flow_run", {"parameters": parameters})
        return str(run["id"])

    def state(self, run: str) -> dict[str, Any]:
        """Tell of a run's state."""
        state: dict[str, Any] = httpx.get(f"{self.address}/api/flow_runs/{run}").json()["state"]
        return state

    def tries(self, run: str) -> int:
        """Tell how often a run was started."""
        return int(httpx.get(f"{self.address}/api/flow_runs/{run}").json()["run_count"])

    def wait_until_ended(self, run: str, seconds: float = _SECONDS) -> dict[str, Any]:
        """Wait for a run's last state."""
        ends = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}

        def ended() -> dict[str, Any] | None:
            state = self.state(run)
            return state if state["type"] in ends else None

        state: dict[str, Any] = wait_for(f"run {run}", ended, seconds)
        return state
