"""The embedded server: what a machine that lost power left behind keeps it from nothing."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import create_engine, text

_START = """
import os, pathlib, sys
from adapters.postgres.embedded import embedded_url
print(embedded_url(pathlib.Path(sys.argv[1])), flush=True)
os.kill(os.getpid(), 9)
"""


def _started(folder: Path) -> str:
    """Start the server from a process of its own, which ends by a kill; return the URL."""
    done = subprocess.run(  # noqa: S603 our own words
        [sys.executable, "-c", _START, str(folder)], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def test_it_starts_where_another_program_has_the_process_number_of_a_dead_one() -> None:
    with TemporaryDirectory(prefix="growth-points-", ignore_cleanup_errors=True) as name:
        folder = Path(name) / "data"
        _started(folder)
        left = folder / "postmaster.pid"
        pid, rest = left.read_text().split("\n", 1)
        os.kill(int(pid), signal.SIGKILL)
        while Path(f"/proc/{pid}").exists():
            time.sleep(0.05)
        left.write_text(f"{os.getppid()}\n{rest}")

        engine = create_engine(_started(folder).replace("postgresql:", "postgresql+psycopg:"))
        with engine.connect() as connection:
            assert connection.execute(text("SELECT 1")).scalar() == 1
        engine.dispose()
        os.kill(int(left.read_text().split("\n", 1)[0]), signal.SIGINT)
