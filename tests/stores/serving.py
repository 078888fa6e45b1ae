"""Real processes of `growth-points serve-stores`, under the login of production."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.stores.tokens import AUDIENCE, ISSUER, Issuer

COMMAND = (str(Path(sys.executable).with_name("growth-points")), "serve-stores")
_PATIENCE_SECONDS = 60


@dataclass
class Served:
    """A process that serves, and its address."""

    process: subprocess.Popen[str]
    url: str
    was_killed: bool = False

    def kill(self) -> None:
        """End it without a word, as a machine that loses power does."""
        self.was_killed = True
        self.process.kill()
        self.process.wait()


@contextmanager
def serve_stores(database_url: str, home: Path, issuer: Issuer) -> Iterator[Served]:
    """Serve in a process of its own; it is stopped in the end."""
    environment = {
        **os.environ,
        "GROWTH_POINTS_HOME": str(home),
        "GROWTH_POINTS_STORES_DATABASE_URL": database_url,
        "GROWTH_POINTS_STORES_JWKS": str(issuer.file),
        "GROWTH_POINTS_STORES_ISSUER": ISSUER,
        "GROWTH_POINTS_STORES_AUDIENCE": AUDIENCE,
    }
    process = subprocess.Popen(  # noqa: S603 our own command
        [*COMMAND, "--port", "0"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    served = Served(process, _address(process))
    try:
        yield served
    finally:
        ended = None if served.was_killed else process.poll()
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=_PATIENCE_SECONDS)
    assert ended is None, f"it ended by itself, with {ended}: {said}"


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], _PATIENCE_SECONDS)
    said = process.stdout.readline() if ready else ""
    if not said.startswith("http://"):
        process.kill()
        raise AssertionError(f"it does not serve: {said} {process.communicate()[1]}")
    return said.split()[0]


def asking(served: Served, token: str) -> httpx.Client:
    """Return a client that asks with a token."""
    return httpx.Client(
        base_url=f"{served.url}/api/v1",
        headers={"Authorization": f"Bearer {token}"},
        timeout=_PATIENCE_SECONDS,
        trust_env=False,
    )
