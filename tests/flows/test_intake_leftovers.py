"""What a killed run leaves on disk does not stay there."""

import os
from pathlib import Path

from tests.command_line import Marketplace
from tests.three_stores import OCTOBER


def test_copies_of_deliveries_that_killed_runs_left_are_cleared_by_the_next_run(
    with_history: Marketplace,
) -> None:
    old, recent = (_left_behind(with_history.home, name) for name in ("old", "recent"))
    os.utime(old, (0, 0))

    assert with_history.run("close", OCTOBER).exit_code == 0

    assert not old.exists()
    assert recent.exists()


def _left_behind(home: Path, name: str) -> Path:
    folder = home / "staging" / OCTOBER / name
    folder.mkdir(parents=True)
    (folder / "totals.parquet").write_bytes(b"left by a killed run")
    return folder
