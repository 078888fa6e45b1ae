"""What paying a day's rewards costs, from shell prompt to shell prompt, gate included.

    .venv/bin/python bench/rewards.py [--entries 1000000] [--stores 100000]

Every store has the points of one award. A small day comes first, since a new home takes longer,
then one of a tenth of the entries, then the whole one; that is delivered again in the end. Memory
is the peak of all processes together, PostgreSQL's included.
"""

import argparse
import tempfile
from datetime import date, timedelta
from pathlib import Path

import ledger as bench
import pyarrow as pa
import pyarrow.parquet
from close_month import PROGRAM, row, run, say, wait_until_stopped
from sqlalchemy import create_engine, text

from adapters.postgres.database import open_database
from adapters.postgres.embedded import embedded_url, release_embedded
from adapters.sample.entries import DayPlan, entries_between
from domain.months import SettlementMonth
from flows.occasion import this_occasion

ENTRIES_A_FILE = 500_000


def give_points(home: Path, month: SettlementMonth, stores: int) -> None:
    """Pay each store an award of a month."""
    url = embedded_url(home / "postgres").replace("postgresql://", "postgresql+psycopg://")
    owner = create_engine(url)
    with open_database(url) as engine:
        with owner.begin() as connection:
            connection.execute(text(bench.BARE_TABLE))
        bench.measure_month(engine, owner, month, stores)
    owner.dispose()
    release_embedded(home / "postgres")


def write_day(folder: Path, day: date, entries: int, stores: pa.Array) -> None:
    """Write a day's delivery as Parquet files, as `growth-points sample` does."""
    target = folder / "rewards" / str(day)
    target.mkdir(parents=True)
    plan = DayPlan(day, 1, stores)
    for number, first in enumerate(range(0, entries, ENTRIES_A_FILE)):
        table = entries_between(first, min(first + ENTRIES_A_FILE, entries), plan, None)
        pyarrow.parquet.write_table(table, target / f"rewards-{number}.parquet")


def measure(folder: Path, entries: int, stores: int) -> None:
    """Prepare a ledger and two days, pay them, and print what it took."""
    home, files, today = folder / "home", folder / "files", this_occasion().today
    month = SettlementMonth.of(today) - 2
    say(f"paying awards to {stores:,} stores")
    give_points(home, month, stores)
    ids = pa.array([f"{month}-{number:07}" for number in range(stores)])
    sizes = (entries // 1_000, entries // 10, entries)
    days = [(today - timedelta(days=3 - number), size) for number, size in enumerate(sizes)]
    for day, size in days:
        write_day(files, day, size, ids)
    for day, size in (*days, days[-1]):
        wait_until_stopped(home)
        paid = run([PROGRAM, "pay-rewards", str(day), "--from", files], home)
        rate = f"{size / paid.seconds:,.0f} a second"
        row(f"{size:,} entries", f"{paid.seconds:.1f} s, {rate}", f"{paid.peak_mb:,} MB")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What paying a day's rewards costs.")
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--stores", type=int, default=100_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="growth-points-bench-") as folder:
        measure(Path(folder), asked.entries, asked.stores)


if __name__ == "__main__":
    main()
