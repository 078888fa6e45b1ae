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
    staging, fetched = with_history.home / "staging" / OCTOBER, with_history.home / "fetched"
    killed = staging / "killed"
    command = [sys.executable, "-c", KILLED, str(killed)]
    subprocess.run(command, check=False)  # noqa: S603
    older = _left_behind(staging / "of-an-older-version")
    assert killed.exists()

    with run_folder(fetched / "of-a-living-run") as living:
        assert with_history.run("close", OCTOBER).exit_code == 0
        assert living.exists()

    assert not older.exists()
    assert [*staging.iterdir(), *fetched.iterdir()] == []


def _left_behind(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "totals.parquet").write_bytes(b"left by a killed run")
    return folder
