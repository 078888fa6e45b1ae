"""A simulated ad system as a process, for tests."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

TOKEN: Final = "a-token-of-these-tests-only"  # noqa: S105 - opens nothing
_ADMIN: Final = httpx.Client(trust_env=False, verify=False)  # noqa: S501 only this machine
_ROOT: Final = Path(__file__).parents[1]


@dataclass
class SimulatedAdSystem:
    """The process; `url` is where it listens, also after it was killed and started again."""

    store: Path
    page_size: int = 500
    url: str = ""
    _process: subprocess.Popen[str] | None = field(default=None, repr=False)

    def start(self, **behaviour: Any) -> None:
        """Start it on the port that it had, and wait until it listens."""
        port = self.url.rpartition(":")[2] or "0"
        options = ["--port", port, "--store", str(self.store), "--token", TOKEN]
        options += ["--page-size", str(self.page_size), "--behaviour", json.dumps(behaviour)]
        self._process = subprocess.Popen(  # noqa: S603 our own program
            [sys.executable, "-m", "adapters.ad_system.simulated", *options],
            stdout=subprocess.PIPE,
            text=True,
            cwd=_ROOT,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url.startswith("http://127.0.0.1:")

    def kill(self) -> None:
        """Kill it."""
        if self._process is not None:
            self._process.kill()
            self.wait()

    def wait(self) -> int:
        """Wait for its end, and return how it ended."""
        assert self._process is not None
        with self._process:
            return self._process.wait(timeout=20)

    def behave(self, **behaviour: Any) -> None:
        """Change how it behaves; without arguments, as the contract says."""
        told = json.dumps(behaviour)  # ASCII, whatever the texts hold
        _ADMIN.put(f"{self.url}/admin/behaviour", content=told).raise_for_status()

    def accounts(self) -> dict[str, int]:
        """Return what it credited to each account in all."""
        answer: dict[str, int] = _ADMIN.get(f"{self.url}/admin/accounts").raise_for_status().json()
        return answer


@contextmanager
def simulated_ad_system(folder: Path, page_size: int = 500) -> Iterator[SimulatedAdSystem]:
    """Start one with a store in a folder, and kill it in the end."""
    simulated = SimulatedAdSystem(folder / "ad-system.db", page_size)
    simulated.start()
    try:
        yield simulated
    finally:
        simulated.kill()
