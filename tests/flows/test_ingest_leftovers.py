"""What a killed run leaves on disk does not stay there."""

import subprocess
import sys
from pathlib import Path

from flows.run_folders import run_folder
from tests.command_line import Marketplace
from tests.three_stores import OCTOBER

KILLED = """
import os, signal, sys
from pathlib import Path
from flows.run_folders import run_folder

with run_folder(Path(sys.argv[1])) as folder:
    (folder / "totals.parquet").write_bytes(b"raw lines")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_copies_of_deliveries_that_killed_runs_left_are_cleared_by_the_next_run(
    with_history: Marketplace,
) -> None:
    staging, fetched = with_history.home / "staging", with_history.home / "fetched"
    killed = staging / f"{OCTOBER}-killed"
    command = [sys.executable, "-c", KILLED, str(killed)]
    subprocess.run(command, check=False)  # noqa: S603
    _left_behind(staging / OCTOBER / "of-an-older-version")
    assert killed.exists()

    with run_folder(fetched / "living") as copied, run_folder(staging / "living") as staged:
        work = _left_behind(staged / "work")
        assert with_history.run("close", OCTOBER).exit_code == 0
        assert copied.exists()
        assert [*work.iterdir()]

    assert [*staging.iterdir(), *fetched.iterdir()] == []


def _left_behind(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "totals.parquet").write_bytes(b"left by a killed run")
    return folder
