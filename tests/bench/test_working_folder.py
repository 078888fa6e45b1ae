"""Benches say what is wrong with the folder that they are to work in."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCHES = Path(__file__).parents[2] / "bench"


@pytest.mark.parametrize("name", ["close_month", "ingest", "restate"])
def test_a_folder_that_is_not_there_is_told_in_a_sentence(name: str, tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    ran = subprocess.run(  # noqa: S603 a script of this repository
        [sys.executable, BENCHES / f"{name}.py", "--folder", absent],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 2
    assert f"there is no folder {absent}" in ran.stderr
    assert "Traceback" not in ran.stderr
