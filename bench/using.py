"""What using points costs: conversions beside bare inserts, notices, expiry, a long statement.

    .venv/bin/python bench/using.py [--stores 20000] [--seconds 4]

Conversions come from eight clients, one transaction each, by pgbench; each figure stands beside its
ratio to bare inserts in the same minute. In the end a long statement is read, every store is told
in one run, and every balance expires in one.
"""

import argparse
import time
from pathlib import Path

import ledger as bench
from sqlalchemy import Engine, text

from adapters.policy_files import read_policies
from adapters.postgres.statements import statement
from flows.expiring.expire_points import expire_points
from flows.expiring.tell_stores import tell_stores

# The requests of a client follow each other without waiting, as those of the program do.
CONVERSION = """
\\set seller random(1, {sellers})
\\startpipeline
BEGIN;
INSERT INTO growth_points.posting (key, kind, request_hash, effective_on, actor)
SELECT concat_ws('/', 'conversion', length('single-' || :seller), 'single-' || :seller,
    gen_random_uuid()), 'conversion', sha256('bench'), growth_points.today(), 'bench';
INSERT INTO growth_points.conversion (posting_no, seller_id, request_id, points, account_id)
SELECT posting_no, 'single-' || :seller, right(key, 36), 1, 'ads' FROM growth_points.posting
WHERE posting_no = (SELECT currval('growth_points.posting_posting_no_seq'));
INSERT INTO growth_points.transfer
  (posting_no, kind, seller_id, debit_account, credit_account, points)
SELECT currval('growth_points.posting_posting_no_seq'), 'conversion', 'single-' || :seller,
  'available', 'held', 1;
COMMIT;
\\endpipeline
"""
IT_IS = """
CREATE OR REPLACE FUNCTION growth_points.today() RETURNS date LANGUAGE plpgsql AS
$$ BEGIN RETURN {}; END $$
"""
A_WEEK_BEFORE = "(now() + interval '1 year' - interval '5 days')::date"
AFTERWARDS = "date '2099-01-01'"


def give(owner: Engine, stores: int) -> None:
    """Give each store points, and link an account to it."""
    with owner.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO growth_points.ad_account_link (seller_id, account_id, actor)"
                " SELECT 'single-' || n, 'ads', 'bench' FROM generate_series(1, :stores) n"
            ),
            {"stores": stores},
        )
    with owner.connect() as connection:
        for number in range(1, stores + 1):
            with connection.begin():
                posting_no = connection.scalar(
                    text(
                        "INSERT INTO growth_points.posting"
                        " (key, kind, request_hash, effective_on, actor, reason)"
                        " VALUES ('adjustment/' || :number, 'adjustment', sha256('bench'),"
                        " growth_points.today(), 'bench', 'bench') RETURNING posting_no"
                    ),
                    {"number": number},
                )
                connection.execute(
                    text(
                        "INSERT INTO growth_points.transfer (posting_no, kind, seller_id,"
                        " debit_account, credit_account, points) VALUES (:posting_no,"
                        " 'adjustment', 'single-' || :number, 'program_fund', 'available', 500000)"
                    ),
                    {"posting_no": posting_no, "number": number},
                )


def report_conversions(folder: Path, what: str, sellers: int, for_seconds: int) -> None:
    """Print the rate of conversions, the median of several runs beside bare inserts."""
    runs = sorted(
        (
            bench.singles(folder, CONVERSION, sellers, for_seconds),
            bench.singles(folder, bench.BARE_SINGLE, sellers, for_seconds),
        )
        for _ in range(bench.RUNS)
    )
    made, bare = runs[len(runs) // 2]
    print(
        f"conversions, {bench.CLIENTS} clients, {what}: {made:,.0f} a second "
        f"(bare inserts: {bare:,.0f}, {bare / made:.1f} x)"
    )


def report_statement(engine: Engine) -> None:
    """Print how long the hot account's statement takes."""
    with engine.connect() as connection:
        transfers = connection.scalar(text("SELECT count(*) FROM growth_points.transfer"))
        began = time.perf_counter()
        lines = sum(1 for _ in statement(connection, "single-1"))
    took = time.perf_counter() - began
    print(f"a statement of {lines:,} lines in a ledger of {transfers:,} transfers: {took:.2f} s")


def report_notices(engine: Engine, owner: Engine) -> None:
    """Print how long telling every store takes, shortly before its points expire."""
    with owner.begin() as connection:
        connection.exec_driver_sql(IT_IS.format(A_WEEK_BEFORE))
    began = time.perf_counter()
    told = tell_stores(engine, read_policies(None), "bench")
    took = time.perf_counter() - began
    print(f"telling {told.stores if told else 0:,} stores: {took:.1f} s")


def report_expiry(engine: Engine, owner: Engine) -> None:
    """Print how long expiring every balance takes."""
    with owner.begin() as connection:
        connection.exec_driver_sql(IT_IS.format(AFTERWARDS))
    began = time.perf_counter()
    expired = expire_points(engine, "bench")
    took = time.perf_counter() - began
    print(f"expiring {expired.transfers if expired else 0:,} balances: {took:.1f} s")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What using points costs.")
    parser.add_argument("--stores", type=int, default=20_000, help="with points (default: 20,000)")
    parser.add_argument("--awards", type=int, default=100_000, help="stores of a paid month")
    parser.add_argument("--seconds", type=int, default=4, help="of each run of conversions")
    asked = parser.parse_args()
    with bench.bench_database() as (engine, owner, folder):
        bench.measure_month(engine, owner, bench.FIRST_MONTH, asked.awards)
        give(owner, asked.stores)
        report_conversions(folder, "distinct accounts", asked.stores, asked.seconds)
        report_conversions(folder, "one hot account", 1, asked.seconds)
        report_statement(engine)
        report_notices(engine, owner)
        report_expiry(engine, owner)


if __name__ == "__main__":
    main()
