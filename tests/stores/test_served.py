"""Real servers on a real database, under the login of production: one request, one conversion."""

import os
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest
from sqlalchemy.engine import URL
from starlette.applications import Starlette

from adapters.postgres.database import open_database
from tests.closings import Program
from tests.production import administer, as_login, production_database
from tests.stores.serving import COMMAND, Served, asking, serve_stores
from tests.stores.tokens import ALL_SCOPES, Issuer
from tests.using.conftest import make_program
from tests.using.store_a import SOME_DAY, has
from web.listening import serve_until_stopped

CONVERT = "/stores/A/conversions"
_CLOSE = "ALTER DATABASE growth_points ALLOW_CONNECTIONS false"
_OPEN = "ALTER DATABASE growth_points ALLOW_CONNECTIONS true"
_END_SESSIONS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'growth_points'",
)


@pytest.fixture(scope="module")
def ledger(server_url: str) -> Iterator[URL]:
    """The database of production, with its logins."""
    with production_database(server_url) as database:
        yield database


@pytest.fixture(scope="module")
def program(ledger: URL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """Store A with points, on the database of production."""
    url = as_login("growth_points_owner", ledger)
    folder = tmp_path_factory.mktemp("program")
    with open_database(url) as owner:
        make_program(owner, url, folder)
    with open_database(as_login("growth_points_app", ledger)) as engine:
        yield Program(engine, folder)


@pytest.fixture(scope="module")
def servers(
    ledger: URL, program: Program, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Served]]:
    """Two processes that serve the same database."""
    url, home = as_login("growth_points_stores_app", ledger), tmp_path_factory.mktemp("home")
    with serve_stores(url, home, issuer) as one, serve_stores(url, home, issuer) as two:
        yield [one, two]


def convert(client: httpx.Client, key: str, points: int) -> httpx.Response:
    return client.post(CONVERT, json={"points": points}, headers={"Idempotency-Key": key})


def at_once(asks: list[Callable[[], httpx.Response]]) -> list[httpx.Response]:
    with ThreadPoolExecutor(len(asks)) as pool:
        return [each.result() for each in [pool.submit(ask) for ask in asks]]


def test_the_same_request_at_once_by_two_processes_is_one_conversion(
    servers: list[Served], program: Program, issuer: Issuer
) -> None:
    available, held = has(program)
    clients = [asking(each, issuer.token("A")) for each in servers]

    answers = at_once([partial(convert, each, "same", 1_000) for each in clients * 8])

    assert Counter(each.status_code for each in answers) == {201: 1, 200: 15}
    assert len({each.text for each in answers}) == 1
    assert has(program) == (available - 1_000, held + 1_000)


def test_never_below_zero_whatever_runs_at_once(
    servers: list[Served], program: Program, issuer: Issuer
) -> None:
    available, held = has(program)
    each_points = available // 10 + 1  # nine fit, the tenth does not
    clients = [asking(each, issuer.token("A")) for each in servers]

    answers = at_once(
        [partial(convert, clients[n % 2], f"many-{n}", each_points) for n in range(24)]
    )

    assert Counter(each.status_code for each in answers) == {201: 9, 409: 15}
    refused = {each.json()["reason"] for each in answers if each.status_code == 409}
    assert refused == {"insufficient_points"}
    assert has(program) == (available - 9 * each_points, held + 9 * each_points)


@pytest.mark.parametrize("after_milliseconds", [0, 8, 25])
def test_a_request_that_is_sent_again_after_a_kill_is_one_conversion(
    ledger: URL,
    program: Program,
    issuer: Issuer,
    tmp_path: Path,
    after_milliseconds: int,
) -> None:
    program.adjust("A", 1_000, f"for the kill {after_milliseconds}", on=SOME_DAY)
    available, held = has(program)
    url, key = as_login("growth_points_stores_app", ledger), f"killed-{after_milliseconds}"
    with serve_stores(url, tmp_path, issuer) as served:
        client = asking(served, issuer.token("A"))
        client.get("/health")  # it has a connection, and all is loaded
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(convert, client, key, 1_000)
            time.sleep(after_milliseconds / 1_000)
            served.kill()
            answered = asked.exception() is None
    with serve_stores(url, tmp_path, issuer) as served:
        again = convert(asking(served, issuer.token("A")), key, 1_000)

    assert again.status_code == (200 if answered else again.status_code)
    assert again.status_code in {200, 201}
    assert has(program) == (available - 1_000, held + 1_000)


def test_a_database_that_goes_away_and_comes_back_is_told(
    servers: list[Served], server_url: str, program: Program, issuer: Issuer
) -> None:
    client = asking(servers[0], issuer.token("A"))
    assert client.get("/stores/A/points").status_code == 200
    administer(server_url, _CLOSE, *_END_SESSIONS)
    try:
        away = client.get("/stores/A/points")
    finally:
        administer(server_url, _OPEN)

    assert (away.status_code, away.json()["reason"]) == (503, "unavailable")
    assert int(away.headers["retry-after"]) > 0
    assert client.get("/stores/A/points").status_code == 200


def test_a_service_does_its_work_under_the_login_of_production(
    servers: list[Served], program: Program, issuer: Issuer
) -> None:
    program.adjust("A", 1_000, "for a reward", on=SOME_DAY)
    client = asking(servers[0], issuer.token("shop", ALL_SCOPES))
    entry = {
        "event_id": "E",
        "position": 1,
        "seller_id": "A",
        "kind": "review",
        "points": 100,
        "customer_ref": "c",
    }

    sent = client.post(f"/rewards/{SOME_DAY}", json={"entries": [entry]})

    assert sent.json()["entries"][0]["outcome"] == "paid"
    assert client.get("/stores/A/decisions/2026-10").json()["outcome"] == "awarded"


@pytest.mark.parametrize(
    ("variables", "code", "told"),
    [
        ({}, 2, "set GROWTH_POINTS_STORES_JWKS to a file or URL"),
        ({"JWKS": "http://keys.example", "ISSUER": "i"}, 2, "GROWTH_POINTS_STORES_JWKS: keys are"),
        (
            {"JWKS": "keys", "ISSUER": "i", "DATABASE_URL": "postgresql://127.0.0.1:1/none"},
            1,
            "No connection to postgresql://127.0.0.1:1/none",
        ),
    ],
    ids=["no keys", "keys in the open", "no database"],
)
def test_what_is_missing_is_a_sentence(
    tmp_path: Path, variables: dict[str, str], code: int, told: str
) -> None:
    set_to = {f"GROWTH_POINTS_STORES_{name}": value for name, value in variables.items()}
    ran = subprocess.run(  # noqa: S603 our own command
        [*COMMAND, "--port", "0"],
        env={**os.environ, "GROWTH_POINTS_HOME": str(tmp_path), **set_to},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ran.returncode, ran.stdout) == (code, "")
    assert ran.stderr.startswith(f"growth-points: {told}")
    assert "Traceback" not in ran.stderr


def test_an_address_is_told_once_it_is_served() -> None:
    happened: list[str] = []

    @asynccontextmanager
    async def opening(_: Starlette) -> AsyncIterator[None]:
        happened.append("opened")
        yield

    def announce(url: str) -> None:
        happened.append(url)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        serve_until_stopped(Starlette(lifespan=opening), "127.0.0.1", 0, announce)

    [opened, url] = happened
    assert (opened, url[:17]) == ("opened", "http://127.0.0.1:")
