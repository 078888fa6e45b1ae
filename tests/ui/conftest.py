"""A sample marketplace, and a `growth-points up` of each test's own on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.sample import write_sample
from tests.ui.running import MONTH, Running


@pytest.fixture(scope="session")
def marketplace_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The settlement folders of the month and of the two before it."""
    root = tmp_path_factory.mktemp("sample") / "settlements"
    write_sample(
        root,
        sellers=2_000,
        lines=20_000,
        months=list((MONTH - 2).until(MONTH)),
        seed=1,
        file_format="parquet",
        progress=lambda _: None,
    )
    return root


@pytest.fixture
def up(marketplace_files: Path, tmp_path: Path) -> Iterator[Running]:
    """A home with its settlement files, on the 3rd after the month; not started yet."""
    (tmp_path / "settlements").symlink_to(marketplace_files)
    running = Running(tmp_path)
    running.set_clock(MONTH.payout_month.first_day.replace(day=3))
    yield running
    if running.process is not None and running.process.poll() is None:
        running.process.kill()  # its server and its worker end with it
        running.process.wait()
