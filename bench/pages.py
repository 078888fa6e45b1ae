"""How fast operators' pages come, with years of months and many stores behind them.

    .venv/bin/python bench/pages.py [--stores 20000] [--months 120] [--transfers 160000]

The targets are those of ten years and 600,000 stores, which take minutes to fill in:

    .venv/bin/python bench/pages.py --stores 600000 --transfers 5000000

The first view is that of a process that has just started. All others are asked for one after the
other, by one reader.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import ledger as bench
from sqlalchemy import Engine
from stores import fill_past_guards

TABLES = (
    *("revision", "seller_amount", "seller_snapshot", "policy", "evaluation", "evaluation_input"),
    *("decision", "payout_date", "posting", "transfer", "payout", "balance", "conversion"),
    *("conversion_end", "seal", "seal_balance"),
)
LAST = "date '2026-10-01'"
FILL = (
    f"""
    INSERT INTO growth_points.revision (settlement_month, revision_no, content_hash, rows_hash,
      source, lines, amount_krw, sellers, profile, findings, actor)
    SELECT {LAST} - n * interval '1 month', 1, repeat('0', 64), repeat('0', 64), 'bench',
      0, 0, :stores, '{{}}', '[]', 'bench' FROM generate_series(:months - 1, 0, -1) n
    """,
    """
    INSERT INTO growth_points.seller_snapshot
    SELECT revision_id, 's' || to_char(n, 'FM0000000'), date '2026-03-16', 'NORMAL', false, false,
      false, false
    FROM (SELECT revision_id FROM growth_points.revision ORDER BY settlement_month DESC LIMIT 3) _,
      generate_series(1, :stores) n
    """,
    """
    INSERT INTO growth_points.seller_amount
    SELECT revision_id, 's' || to_char(n, 'FM0000000'), 'PROD_ORDER', 1, 1000000 + n
    FROM (SELECT revision_id FROM growth_points.revision ORDER BY settlement_month DESC LIMIT 3) _,
      generate_series(1, :stores) n
    """,
    """
    INSERT INTO growth_points.policy (policy_hash, name, content, adjustment_limit)
    VALUES (:policy_hash, 'd-commerce-2020', :policy, 0)
    """,
    """
    INSERT INTO growth_points.evaluation (settlement_month, evaluation_no, input_hash, policy_hash,
      actor, reason)
    SELECT settlement_month, 1, repeat('0', 64), :policy_hash, 'bench', 'bench'
    FROM growth_points.revision ORDER BY settlement_month
    """,
    """
    INSERT INTO growth_points.evaluation_input
    SELECT evaluation_id, revision_id FROM growth_points.evaluation
    JOIN growth_points.revision used
      ON used.settlement_month BETWEEN evaluation.settlement_month - interval '2 months'
                                   AND evaluation.settlement_month
    """,
    """
    INSERT INTO growth_points.decision
    SELECT evaluation_id, 's' || to_char(n, 'FM0000000'), 'not_eligible', NULL, 0, 3000000 + 3 * n,
      CASE n % 3 WHEN 0 THEN '{tenure_too_long}'::text[] WHEN 1 THEN '{below_lowest_tier}'
      ELSE '{uses_api,below_lowest_tier}' END
    FROM (SELECT max(evaluation_id) AS evaluation_id FROM growth_points.evaluation) newest,
      generate_series(1, :stores) n
    """,
    """
    INSERT INTO growth_points.payout_date (settlement_month, plan_no, due_on, passed_over, calendar,
      extra_holidays, policy_hash)
    SELECT settlement_month, 1, settlement_month + interval '1 month 9 days', '[]', 'bench', '{}',
      :policy_hash FROM growth_points.revision
    """,
    """
    INSERT INTO growth_points.posting (key, kind, settlement_month, evaluation_id, request_hash,
      effective_on, actor)
    SELECT kind || to_char(settlement_month, '/YYYY-MM') || ending, kind, settlement_month,
      CASE kind WHEN 'award' THEN evaluation_id END, sha256('a'),
      settlement_month + interval '1 month', 'bench'
    FROM growth_points.evaluation, (VALUES ('award', '/1'), ('payout', '')) kinds (kind, ending)
    WHERE kind = 'award' OR settlement_month < (
      SELECT max(settlement_month) FROM growth_points.evaluation)
    ORDER BY settlement_month, kind
    """,
    """
    INSERT INTO growth_points.transfer (posting_no, kind, seller_id, debit_account, credit_account,
      points, tier, award_no)
    SELECT posting_no, 'award', 's' || to_char(n, 'FM0000000'), 'program_fund', 'pending', 150000,
      1 + round / (:months / 3), 1 + round % (:months / 3)
    FROM (SELECT posting_no, row_number() OVER (ORDER BY posting_no) - 1 AS round
          FROM growth_points.posting WHERE kind = 'award') month,
      generate_series(1, :awards) n
    """,
    """
    INSERT INTO growth_points.transfer (posting_no, kind, seller_id, debit_account, credit_account,
      points, finishes)
    SELECT paying.posting_no, 'payout', seller_id, 'pending', 'available', points, entry_no
    FROM growth_points.transfer JOIN growth_points.posting awarding USING (posting_no)
    JOIN growth_points.posting paying ON paying.settlement_month = awarding.settlement_month
      AND paying.kind = 'payout'
    """,
    """
    INSERT INTO growth_points.payout (settlement_month, posting_no, sellers, points, paid_on, actor)
    SELECT settlement_month, posting_no, :awards, :awards * 150000, effective_on + 9, 'bench'
    FROM growth_points.posting WHERE kind = 'payout'
    """,
    """
    INSERT INTO growth_points.posting (key, kind, request_hash, effective_on, actor)
    SELECT concat_ws('/', 'conversion', n, each), 'conversion', sha256('c'),
      growth_points.today(), 'bench'
    FROM generate_series(1, :each) each, generate_series(1, :stores) n
    """,
    """
    INSERT INTO growth_points.conversion (posting_no, seller_id, request_id, points, account_id)
    SELECT posting_no, 's' || to_char(split_part(key, '/', 2)::integer, 'FM0000000'),
      'r' || split_part(key, '/', 3), 10, 'ads'
    FROM growth_points.posting WHERE kind = 'conversion'
    """,
    """
    INSERT INTO growth_points.transfer (posting_no, kind, seller_id, debit_account, credit_account,
      points)
    SELECT posting_no, 'conversion', seller_id, 'available', 'held', 10
    FROM growth_points.conversion ORDER BY posting_no
    """,
    """
    WITH ended AS (
      INSERT INTO growth_points.posting (key, kind, request_hash, effective_on, actor)
      SELECT 'delivery/' || posting_no, 'delivery', sha256('d'), growth_points.today(), 'bench'
      FROM growth_points.conversion RETURNING posting_no, key
    ), ends AS (
      INSERT INTO growth_points.conversion_end (posting_no, conversion_no, outcome, answer)
      SELECT posting_no, split_part(key, '/', 2)::bigint, 'delivered', 'bench' FROM ended
      RETURNING posting_no, conversion_no
    )
    INSERT INTO growth_points.transfer (posting_no, kind, seller_id, debit_account, credit_account,
      points)
    SELECT ends.posting_no, 'delivery', seller_id, 'held', 'search_ad_credit', 10
    FROM ends JOIN growth_points.conversion ON conversion.posting_no = conversion_no
    """,
    """
    INSERT INTO growth_points.seal (seal_no, subject, subject_key, content_hash, sealed_at, hash)
    SELECT posting_no, 'posting', posting_no::text, sha256('c'),
      timestamptz '2016-12-01' + (posting_no::float / highest) * interval '3600 days', sha256('h')
    FROM growth_points.posting, (SELECT max(posting_no) AS highest FROM growth_points.posting) all_
    """,
    """
    INSERT INTO growth_points.seal_balance (seal_no, account, points)
    SELECT posting_no, 'search_ad_credit', 10 * row_number() OVER (ORDER BY posting_no)
    FROM growth_points.posting WHERE kind = 'delivery'
    """,
    """
    INSERT INTO growth_points.balance (seller_id, account, points, last_usable_on)
    SELECT 's' || to_char(n, 'FM0000000'), account, 1000, growth_points.today() + 300
    FROM generate_series(1, :stores) n, unnest('{pending,available,held}'::text[]) account
    """,
)


def fill(owner: Engine, stores: int, months: int, transfers: int) -> None:
    """Fill in months, decisions and a ledger."""
    awards = max(min(transfers // 3 // months, stores), 1)
    facts = {
        "stores": stores,
        "months": months,
        "awards": awards,
        "each": max((transfers - 2 * awards * months) // 2 // stores, 1),
        "policy": bench.POLICY.text,
        "policy_hash": bench.POLICY.policy.content_hash,
    }
    fill_past_guards(owner, TABLES, FILL, facts)


@contextmanager
def served(database: str, folder: Path) -> Iterator[str]:
    """Serve the pages in a process of their own; yield its address."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")},
        "GROWTH_POINTS_HOME": str(folder / "home"),
        "GROWTH_POINTS_DATABASE_URL": database,
    }
    command = [str(Path(sys.executable).with_name("growth-points")), "serve", "--port", "0"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().split()[0] if process.stdout else ""
    finally:
        process.terminate()
        process.wait()


def measure(address: str, stores: int) -> None:
    """Ask for each page and print how long it took."""
    draw = random.Random(1)  # noqa: S311

    def store() -> str:
        return f"s{draw.randint(1, stores):07}"

    took = ask(address, "/")
    print(f"first view, just started: {took:.0f} ms (target: 1,000 ms)")
    for name, target, make in (
        ("first view", 1_000, lambda: "/"),
        ("search by a beginning", 300, lambda: f"/stores?id={store()[:5]}"),
        ("search by a whole id", 300, lambda: f"/stores?id={store()}"),
        ("search for nobody", 300, lambda: "/stores?id=zzz"),
        ("a store", 1_000, lambda: f"/stores/{store()}"),
        ("all months", 1_000, lambda: "/months"),
        ("a month", 1_000, lambda: "/months/2026-10"),
        ("its awards", 1_000, lambda: "/months/2026-10/awards?sort=-points"),
        (
            "its decisions, sorted",
            2_000,
            lambda: "/months/2026-10/decisions?sort=-window_amount_krw",
        ),
        ("two months", 2_000, lambda: "/compare"),
    ):
        times = [ask(address, make()) for _ in range(7)]
        print(
            f"{name}: {statistics.median(times):.0f} ms at the median, {max(times):.0f} ms at most "
            f"(target: {target:,} ms)"
        )


def ask(address: str, path: str) -> float:
    """Ask for a page; return the milliseconds that it took."""
    began = time.perf_counter()
    answer = httpx.get(f"{address}{path}", timeout=120)
    took = (time.perf_counter() - began) * 1_000
    if answer.status_code not in (200, 303, 404):
        print(f"  {path}: {answer.status_code}")
    return took


def main() -> None:
    """Fill in, serve and measure."""
    parser = argparse.ArgumentParser(description="How fast operators' pages come.")
    parser.add_argument("--stores", type=int, default=20_000)
    parser.add_argument("--months", type=int, default=120)
    parser.add_argument("--transfers", type=int, default=160_000)
    asked = parser.parse_args()
    with bench.bench_database() as (_, owner, folder):
        took = bench.seconds(lambda: fill(owner, asked.stores, asked.months, asked.transfers))
        print(f"filled {asked.stores:,} stores, {asked.months} months in {took:.0f} s", flush=True)
        url = owner.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with served(url, folder) as address:
            measure(address, asked.stores)


if __name__ == "__main__":
    main()
