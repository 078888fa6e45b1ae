"""A sample marketplace, and a `growth-points up` of each test's own on it."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from adapters.sample import write_sample
from tests.ui.looking import running_chromium
from tests.ui.running import MONTH, Running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The system's Chromium."""
    with running_chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def marketplace_files() -> Iterator[Path]:
    """The settlement folders of the month and of the two before it."""
    with TemporaryDirectory(prefix="growth-points-sample-") as folder:
        write_sample(
            Path(folder),
            sellers=2_000,
            lines=20_000,
            months=list((MONTH - 2).until(MONTH)),
            seed=1,
            file_format="parquet",
            progress=lambda _: None,
        )
        yield Path(folder)


@pytest.fixture
def up(marketplace_files: Path) -> Iterator[Running]:
    """A home with its settlement files, on the 3rd after the month; not started yet."""
    yield from _home(marketplace_files)


@pytest.fixture(scope="module")
def lasting_up(marketplace_files: Path) -> Iterator[Running]:
    """One that is up for all tests of a module, with nothing ingested yet."""
    for running in _home(marketplace_files):
        running.start()
        yield running


def _home(marketplace_files: Path) -> Iterator[Running]:
    """Make a home that no other run of pytest touches.

    In pytest's own folder every new run takes away what root's server needs to reach its files,
    also from a run that is still going.
    """
    with TemporaryDirectory(prefix="growth-points-up-", ignore_cleanup_errors=True) as folder:
        running = Running(Path(folder))
        (running.folder / "settlements").symlink_to(marketplace_files)
        running.set_clock(MONTH.payout_month.first_day.replace(day=3))
        yield running
        if running.process is not None and running.process.poll() is None:
            running.process.kill()  # its server and its worker end with it
            running.process.wait()
