"""What finance waits for: a roll-forward of 24 months, a month's journal, beside a bare sum.

The statement of one store with 10,000 lines is beside them.

    .venv/bin/python bench/finance.py [--transfers 1000000]

A fifth of the transfers are awards and payouts, two postings a month; the others are conversions
and their deliveries, each with a posting and a seal of its own. They are loaded with guards off, as
the owner of the tables, since nothing else dates seals in the past; hashes are made up.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import ledger as bench
from sqlalchemy import Connection, text

from adapters.postgres.embedded import embedded_url
from domain.months import SettlementMonth

MONTHS = SettlementMonth.of(date.today()).window(24)  # noqa: DTZ011 any month will do
TABLES = ("posting", "transfer", "seal", "seal_balance", "revision", "seller_snapshot")
SUM = """
    SELECT kind, debit_account, credit_account, sum(points)
    FROM growth_points.transfer GROUP BY 1, 2, 3
"""

# A month has two postings of `awards` transfers, and two of each of its `uses`: numbers 1 and 2,
# then odd ones that convert and even ones that deliver.
LOAD = (
    """
    CREATE TEMPORARY TABLE numbered AS
    SELECT :before + no AS posting_no, no, CASE no WHEN 1 THEN 'award' WHEN 2 THEN 'payout' ELSE
             CASE no % 2 WHEN 1 THEN 'conversion' ELSE 'delivery' END END AS kind,
           month + no * (least(month + interval '1 month', now()) - month) / (:uses * 2 + 3) AS at
    FROM generate_series(1, :uses * 2 + 2) no,
         (SELECT timezone('Asia/Seoul', CAST(:month AS timestamp)) AS month) begin
    """,
    """
    INSERT INTO growth_points.posting (posting_no, key, kind, settlement_month, evaluation_id,
      request_hash, effective_on, actor, recorded_at) OVERRIDING SYSTEM VALUE
    SELECT posting_no, CASE WHEN no <= 2 THEN concat_ws('/', kind, to_char(CAST(:month AS date),
             'YYYY-MM')) ELSE concat_ws('/', kind, posting_no) END,
           kind, CASE WHEN no <= 2 THEN CAST(:month AS date) END, CASE no WHEN 1 THEN 1 END,
           sha256('bench'), :month, 'bench', at
    FROM numbered
    """,
    """
    INSERT INTO growth_points.transfer (entry_no, posting_no, kind, seller_id, debit_account,
      credit_account, points, tier, award_no, finishes) OVERRIDING SYSTEM VALUE
    SELECT :entries + nth, :before + 1, 'award', :month || '-' || nth, 'program_fund', 'pending',
           150000, 1, 1, NULL
    FROM generate_series(1, :awards) nth
    UNION ALL
    SELECT :entries + :awards + nth, :before + 2, 'payout', :month || '-' || nth, 'pending',
           'available', 150000, NULL, NULL, :entries + nth
    FROM generate_series(1, :awards) nth
    UNION ALL
    SELECT :entries + :awards * 2 + no - 2, posting_no, kind,
           CASE WHEN :nth = 12 AND no <= 2 + 2 * 10000 THEN 'busy'
                ELSE :month || '-' || no % :awards + 1 END,
           CASE kind WHEN 'delivery' THEN 'held' ELSE 'available' END,
           CASE kind WHEN 'delivery' THEN 'search_ad_credit' ELSE 'held' END, 1000, NULL, NULL, NULL
    FROM numbered WHERE no > 2
    """,
    """
    INSERT INTO growth_points.seal (seal_no, subject, subject_key, content_hash, sealed_at, hash)
    SELECT posting_no, 'posting', posting_no::text, sha256('bench'), at,
           sha256(int8send(posting_no))
    FROM numbered
    """,
    """
    INSERT INTO growth_points.seal_balance (seal_no, account, points)
    SELECT posting_no, 'program_fund', -CAST(:nth AS bigint) * :awards * 150000
    FROM numbered WHERE no = 1
    UNION ALL
    SELECT posting_no, 'search_ad_credit', (CAST(:nth - 1 AS bigint) * :uses + (no - 2) / 2) * 1000
    FROM numbered WHERE kind = 'delivery'
    """,
    "DROP TABLE numbered",
)


BUSY_STORE = (
    """
    INSERT INTO growth_points.revision (settlement_month, revision_no, content_hash, rows_hash,
      source, lines, amount_krw, sellers, profile, findings, actor)
    VALUES ('2026-01-01', 1, repeat('0', 64), repeat('0', 64), 'bench', 0, 0, 1, '{}', '[]',
      'bench')
    """,
    """
    INSERT INTO growth_points.seller_snapshot
    SELECT revision_id, 'busy', date '2025-03-16', 'NORMAL', false, false, false, false
    FROM growth_points.revision
    """,
)


def load(connection: Connection, transfers: int) -> None:
    """Fill the ledger month by month."""
    awards = transfers // 10 // len(MONTHS)
    uses = transfers * 2 // 5 // len(MONTHS)
    for table in TABLES:
        connection.execute(text(f"ALTER TABLE growth_points.{table} DISABLE TRIGGER USER"))
    for statement in BUSY_STORE:
        connection.execute(text(statement))
    for nth, month in enumerate(MONTHS, start=1):
        asked = {"month": str(month.first_day), "nth": nth, "awards": awards, "uses": uses}
        asked["before"] = (nth - 1) * (uses * 2 + 2)
        asked["entries"] = (nth - 1) * (awards + uses) * 2
        for statement in LOAD:
            connection.execute(text(statement), asked)


def command(url: str, *words: str) -> float:
    """Run a command from prompt to prompt; return how long that took."""
    program = Path(sys.executable).with_name("growth-points")
    environment = {**os.environ, "GROWTH_POINTS_DATABASE_URL": url}
    began = time.perf_counter()
    subprocess.run([program, *words], env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def report(connection: Connection, url: str, words: Sequence[str]) -> None:
    """Print how long a command takes, the median of several runs beside a bare sum."""
    bare = [bench.seconds(lambda: connection.execute(text(SUM)).all()) for _ in range(bench.RUNS)]
    took = sorted(command(url, *words) for _ in range(bench.RUNS))[bench.RUNS // 2]
    summed = sorted(bare)[bench.RUNS // 2]
    print(f"{' '.join(words)}: {took:.1f} s ({took / summed:.1f} x a bare sum: {summed:.1f} s)")


def main() -> None:
    """Load, measure, print."""
    parser = argparse.ArgumentParser(description="What finance waits for.")
    parser.add_argument("--transfers", type=int, default=1_000_000, help="default: 1,000,000")
    asked = parser.parse_args()
    with bench.bench_database() as (_, owner, folder):
        with owner.begin() as connection:
            took = bench.seconds(lambda: load(connection, asked.transfers))
        url = embedded_url(folder / "data").replace("/postgres?", "/bench?")
        with owner.connect() as connection:
            connection.execute(text("ANALYZE growth_points.transfer, growth_points.seal"))
            connection.commit()
            count = connection.scalar(text("SELECT count(*) FROM growth_points.transfer"))
            print(f"{count:,} transfers, loaded in {took:.0f} s")
            report(connection, url, ("roll-forward", f"{MONTHS[0]}..{MONTHS[-1]}"))
            report(connection, url, ("statement", "busy", "--output", "csv"))
            report(connection, url, ("journal", str(MONTHS[-2]), "--output", "csv"))
            report(connection, url, ("journal", str(MONTHS[-2]), "--output", "beancount"))


if __name__ == "__main__":
    main()
