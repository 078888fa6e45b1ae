"""Ingest killed at any point and run again ends as one clean run."""

import random
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest
from sqlalchemy import create_engine, text

from adapters.sample import write_sample
from domain.months import SettlementMonth
from tests.command_line import Marketplace

MONTH: Final = "2024-10"
PATIENCE_S: Final = 120.0
LINES: Final = 150_000  # enough for each part of the reading to take a while

Point = Callable[[Path], bool]


def _any(pattern: str) -> Point:
    return lambda home: any(home.glob(pattern))


# Each is reached later than the one before it.
POINTS: Final[dict[str, Point]] = {
    "before anything": lambda _: True,
    "the reading begins": _any("staging/*/*"),
    "the snapshot is being read": _any("staging/*/*/*/sellers-*.parquet"),
    "the totals are written": _any("staging/*/*/totals.parquet"),
    "the snapshot is written": _any("staging/*/*/sellers.parquet"),
    "the check is kept": _any(f"docs/results/{MONTH}/*"),
}


@pytest.fixture
def delivered(with_history: Marketplace, tmp_path: Path) -> Marketplace:
    """A month of many lines, beside the history of three stores."""
    write_sample(
        tmp_path / "sample",
        sellers=2_000,
        lines=LINES,
        months=(SettlementMonth.parse(MONTH),),
        seed=7,
        file_format="csv",
        progress=lambda _: None,
    )
    shutil.rmtree(with_history.root / MONTH)
    (tmp_path / "sample" / MONTH).rename(with_history.root / MONTH)
    return with_history


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_an_ingest_killed_and_run_again_ends_as_one_clean_run(
    delivered: Marketplace, point: str
) -> None:
    before, listed = delivered.row_counts(), months(delivered)
    moment = random.Random(point).uniform(0, 0.3)  # noqa: S311 not for secrets
    with delivered.started("ingest", MONTH) as ingesting:
        wait_until(lambda: ingesting.poll() is not None or POINTS[point](delivered.home))
        time.sleep(moment)
        ingesting.kill()

    ingested = months(delivered) != listed
    assert ingested or delivered.row_counts() == before  # all or nothing
    again = delivered.done("ingest", MONTH)

    assert ("the same content already" in again.stdout) is ingested
    assert [row["revision"] for row in months(delivered)] == ["1", "1", "1"]
    assert totals_ingested(delivered) == totals_delivered(delivered)


def months(marketplace: Marketplace) -> list[dict[str, Any]]:
    """List what `months` tells."""
    return list(marketplace.done("months", "--output", "csv").rows())


def totals_ingested(marketplace: Marketplace) -> list[tuple[Any, ...]]:
    """List the month's totals in the database."""
    engine = create_engine(marketplace.database_url.replace("postgresql:", "postgresql+psycopg:"))
    statement = (
        "SELECT seller_id, line_type, t.lines, t.amount_krw FROM growth_points.seller_amount AS t"
        " JOIN growth_points.revision USING (revision_id)"
        " WHERE settlement_month = :month ORDER BY 1, 2"
    )
    with engine.connect() as connection:
        rows = connection.execute(text(statement), {"month": f"{MONTH}-01"}).all()
    engine.dispose()
    return [tuple(row) for row in rows]


def totals_delivered(marketplace: Marketplace) -> list[tuple[Any, ...]]:
    """Sum the delivered files."""
    files = marketplace.root / MONTH / "settlements*.csv"
    sums = "seller_id, line_type, count(*), sum(payment_amount_krw)::BIGINT"
    return duckdb.read_csv(str(files)).aggregate(sums).order("seller_id, line_type").fetchall()


def wait_until(reached: Callable[[], bool]) -> None:
    """Look every few milliseconds; a test that waits in vain fails."""
    ends = time.monotonic() + PATIENCE_S
    while not reached():
        assert time.monotonic() < ends
        with suppress(OSError):
            time.sleep(0.005)
