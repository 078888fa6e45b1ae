"""How fast stores are answered: a real server, eight clients, requests at a given rate.

    .venv/bin/python bench/stores.py [--stores 20000] [--transfers 160000] [--seconds 20]

The targets are those of 600,000 stores and 5,000,000 transfers, which take minutes to fill in:

    .venv/bin/python bench/stores.py --stores 600000 --transfers 5000000 --seconds 60

Requests are due at fixed times whatever the server does, and each is measured from when it was due,
so that a server that stalls is not asked less. Conversions are acknowledged when they are durable.
"""

import argparse
import http.client
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import jwt
import ledger as bench
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from sqlalchemy import Engine, text

CLIENTS = 8
TABLES = ("revision", "seller_amount", "seller_snapshot", "payout_date", "posting", "transfer")
USED = ("conversion", "conversion_end", "balance", "ad_account_link")
MONTHS = 12
FILL = (
    """
    INSERT INTO growth_points.revision (settlement_month, revision_no, content_hash, rows_hash,
      source, lines, amount_krw, sellers, profile, findings, actor)
    SELECT date '2025-11-01' + n * interval '1 month', 1, repeat('0', 64), repeat('0', 64), 'bench',
      0, 0, :stores, '{}', '[]', 'bench' FROM generate_series(0, :months - 1) n
    """,
    """
    INSERT INTO growth_points.seller_amount
    SELECT revision_id, 's' || n, 'PROD_ORDER', 1, 1000000 + n FROM growth_points.revision,
      generate_series(1, :stores) n
    """,
    """
    INSERT INTO growth_points.seller_snapshot
    SELECT revision_id, 's' || n, date '2026-03-16', 'NORMAL', false, false, false, false
    FROM growth_points.revision, generate_series(1, :stores) n
    """,
    """
    INSERT INTO growth_points.posting (key, kind, settlement_month, evaluation_id, request_hash,
      effective_on, actor) VALUES
      ('award/2026-09/1', 'award', '2026-09-01', 1, sha256('a'), '2026-10-03', 'bench'),
      ('payout/2026-09', 'payout', '2026-09-01', NULL, sha256('p'), '2026-10-12', 'bench')
    """,
    """
    INSERT INTO growth_points.transfer (posting_no, kind, seller_id, debit_account, credit_account,
      points, tier, award_no)
    SELECT 1, 'award', 's' || n, 'program_fund', 'pending', 1000000, 3, 1
    FROM generate_series(1, :stores) n
    """,
    """
    INSERT INTO growth_points.transfer (posting_no, kind, seller_id, debit_account, credit_account,
      points, finishes)
    SELECT 2, 'payout', seller_id, 'pending', 'available', points, entry_no
    FROM growth_points.transfer
    """,
    """
    INSERT INTO growth_points.posting (key, kind, request_hash, effective_on, actor)
    SELECT concat_ws('/', 'conversion', length('s' || n), 's' || n, 'r' || each), 'conversion',
      sha256('c'), growth_points.today(), 'bench'
    FROM generate_series(1, :each) each, generate_series(1, :stores) n
    """,
    """
    INSERT INTO growth_points.conversion (posting_no, seller_id, request_id, points, account_id)
    SELECT posting_no, split_part(key, '/', 3), split_part(key, '/', 4), 10, 'ads'
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
      FROM growth_points.conversion ORDER BY posting_no RETURNING posting_no, key
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
    INSERT INTO growth_points.balance (seller_id, account, points, last_usable_on)
    SELECT 's' || n, 'available', 1000000 - 10 * :each, growth_points.today() + 300
    FROM generate_series(1, :stores) n
    UNION ALL
    SELECT 's' || n, account, 0, NULL
    FROM generate_series(1, :stores) n, unnest('{pending,held}'::text[]) account
    """,
    """
    INSERT INTO growth_points.ad_account_link (seller_id, account_id, actor)
    SELECT 's' || n, 'ads', 'bench' FROM generate_series(1, :stores) n
    """,
)
GUARDS_ON = """
DO $$
DECLARE
  guard record;
BEGIN
  FOR guard IN
    SELECT tgrelid::regclass AS guarded, tgname FROM pg_trigger
    JOIN pg_class ON pg_class.oid = tgrelid
    WHERE relnamespace = 'growth_points'::regnamespace AND relkind = 'r' AND NOT tgisinternal
  LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', guard.guarded, guard.tgname);
  END LOOP;
END $$
"""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as a client sends it."""

    method: str
    path: str
    body: bytes | None = None
    key: str = ""


def fill(owner: Engine, stores: int, transfers: int) -> None:
    """Fill the ledger with stores that converted points."""
    facts = {"stores": stores, "months": MONTHS, "each": max((transfers // stores - 2) // 2, 0)}
    fill_past_guards(owner, (*TABLES, *USED), FILL, facts)


def fill_past_guards(
    owner: Engine, tables: Iterable[str], statements: Iterable[str], facts: Mapping[str, object]
) -> None:
    """Fill tables past their guards: only reading counts."""
    with owner.begin() as connection:
        for table in tables:
            connection.execute(text(f"ALTER TABLE growth_points.{table} DISABLE TRIGGER USER"))
        for statement in statements:
            connection.execute(text(statement), facts)
        connection.execute(text(GUARDS_ON))
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


@contextmanager
def served(database: str, folder: Path, processes: int) -> Iterator[tuple[list[str], str]]:
    """Serve in processes of their own; yield their addresses, and a service's token."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = ECAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": "bench"}
    (folder / "jwks.json").write_text(json.dumps({"keys": [public]}))
    claims = {
        "iss": "bench",
        "aud": "growth-points",
        "sub": "bench",
        "scope": "points:read conversions:write",
        "exp": int(time.time()) + 86_400,
    }
    environment = {
        **os.environ,
        "GROWTH_POINTS_HOME": str(folder / "home"),
        "GROWTH_POINTS_DATABASE_URL": database,
        "GROWTH_POINTS_STORES_JWKS": str(folder / "jwks.json"),
        "GROWTH_POINTS_STORES_ISSUER": "bench",
    }
    command = [str(Path(sys.executable).with_name("growth-points")), "serve-stores", "--port", "0"]
    started = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    try:
        addresses = [each.stdout.readline().split()[0] for each in started if each.stdout]
        yield addresses, jwt.encode(claims, key, "ES256", headers={"kid": "bench"})
    finally:
        for each in started:
            each.terminate()
            each.wait()


@dataclass(frozen=True, slots=True)
class Clients:
    """The clients, who ask servers in turn, with a token."""

    addresses: list[str]
    token: str

    def ask(self, make: Callable[[int], Request], rate: int, for_seconds: int) -> list[float]:
        """Send requests at a rate; return how many milliseconds each took since it was due."""
        numbers, began, tell = count(), time.perf_counter() + 0.5, Counter[int]()
        took: list[float] = []

        def client(number: int) -> None:
            place = urlsplit(self.addresses[number % len(self.addresses)]).netloc
            connection = http.client.HTTPConnection(place, timeout=60)
            while (turn := next(numbers)) < rate * for_seconds:
                due = began + turn / rate
                time.sleep(max(due - time.perf_counter(), 0))
                tell[self._send(connection, make(turn))] += 1
                took.append((time.perf_counter() - due) * 1_000)

        with ThreadPoolExecutor(CLIENTS) as pool:
            for done in [pool.submit(client, number) for number in range(CLIENTS)]:
                done.result()
        if set(tell) - {200, 201}:
            print(f"  answers: {dict(tell)}")
        return took

    def _send(self, connection: http.client.HTTPConnection, request: Request) -> int:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if request.key:
            headers["Idempotency-Key"] = request.key
        connection.request(request.method, f"/api/v1{request.path}", request.body, headers)
        with connection.getresponse() as response:
            response.read()
            return response.status


def report(what: str, rate: int, took: list[float], target: int) -> None:
    """Print the percentiles of how long requests took."""
    cuts = statistics.quantiles(took, n=100)
    print(
        f"{what} at {rate} a second: {cuts[49]:.0f} ms at the 50th percentile, {cuts[94]:.0f} ms "
        f"at the 95th (target: {target} ms), {max(took):.0f} ms at most, {len(took):,} requests"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How fast stores are answered.")
    parser.add_argument("--stores", type=int, default=20_000)
    parser.add_argument("--transfers", type=int, default=160_000)
    parser.add_argument("--seconds", type=int, default=20, help="of each measurement")
    parser.add_argument("--reads", type=int, default=150, help="a second")
    parser.add_argument("--conversions", type=int, default=100, help="a second")
    parser.add_argument("--processes", type=int, default=1, help="servers, asked in turn")
    asked = parser.parse_args()
    with bench.bench_database() as (_, owner, folder):
        took = bench.seconds(lambda: fill(owner, asked.stores, asked.transfers))
        print(f"filled {asked.stores:,} stores and {asked.transfers:,} transfers in {took:.0f} s")
        url = owner.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with served(url, folder, asked.processes) as (addresses, token):
            measure(Clients(addresses, token), asked)


def measure(clients: Clients, asked: argparse.Namespace) -> None:
    """Warm up, then measure reading and converting, apart and together."""
    draw, run = random.Random(1), time.time_ns()  # noqa: S311

    def store() -> str:
        return f"/stores/s{draw.randint(1, asked.stores)}"

    def points(_: int) -> Request:
        return Request("GET", f"{store()}/points")

    def page(_: int) -> Request:
        return Request("GET", f"{store()}/statement")

    def convert(turn: int) -> Request:
        key = f"{run}-{turn}-{draw.random()}"
        return Request("POST", f"{store()}/conversions", b'{"points": 1}', key)

    clients.ask(points, 50, 3)
    clients.ask(convert, 50, 3)
    for what, make in (("my points", points), ("a statement page", page)):
        report(what, asked.reads, clients.ask(make, asked.reads, asked.seconds), 100)
    made = clients.ask(convert, asked.conversions, asked.seconds)
    report("conversions", asked.conversions, made, 200)


if __name__ == "__main__":
    main()
