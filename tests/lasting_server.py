"""A Prefect server with all its services, as one that runs for years has them."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx

_T = TypeVar("_T")
_PATIENCE_S = 120
_SERVER = [
    *(sys.executable, "-m", "uvicorn", "--log-level", "error"),
    *("--factory", "prefect.server.api.server:create_app"),
]


@contextmanager
def lasting_server(folder: Path, variables: Mapping[str, str] | None = None) -> Iterator[str]:
    """Run a server with a database of its own; yield the address of its API."""
    theirs = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    ours = {"PREFECT_HOME": str(folder), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/api"
        process = subprocess.Popen(  # noqa: S603 our own interpreter
            [*_SERVER, "--fd", str(listening.fileno())],
            pass_fds=[listening.fileno()],
            env={**theirs, **ours, **(variables or {}), "PREFECT_API_URL": url},
        )
    try:
        _wait_for_health(url)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def events(url: str, prefix: str) -> list[Mapping[str, Any]]:
    """List the events that the server has of a kind, oldest first."""
    wanted = {"event": {"prefix": [prefix]}}
    found = httpx.post(f"{url}/events/filter", json={"filter": wanted, "limit": 50})
    return sorted(found.raise_for_status().json()["events"], key=lambda event: event["occurred"])


def eventually(ask: Callable[[], _T], seconds: float = 30) -> _T:
    """Ask until the answer is not empty; return the last answer when the time is up."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return answer


def _wait_for_health(url: str) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/health", timeout=_PATIENCE_S).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise TimeoutError(url)
