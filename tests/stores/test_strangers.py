"""Random requests of whoever may not: none reads or moves a point of somebody else's.

STORES_REQUESTS sets how many, STORES_SEED the seed of the first.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import jwt
from sqlalchemy import event, text

from tests.stores.conftest import Asked, Unmoved
from tests.stores.test_interface import A, reason
from tests.stores.test_page_access import PAGES
from tests.stores.tokens import HOUR, ISSUER, Issuer, Signer, claims_of
from tests.stores.visitor import Visitor
from tests.using.store_a import SOME_DAY

REQUESTS: Final = int(os.environ.get("STORES_REQUESTS", "300"))
SEED: Final = int(os.environ.get("STORES_SEED", "1"))
FOREIGN: Final = Signer.rsa("2026-a")  # has the id of a key of the marketplace, and is none
SECRET: Final = b"a secret of thirty-two characters"
SECRETS_OF_A: Final = ("ads-1", "150000", "7000000", "2027-11-10")
NEEDS: Final = {"GET": "points:read", "rewards": "rewards:write", "": "conversions:write"}
ENTRY: Final = {
    "event_id": "E",
    "position": 1,
    "seller_id": "A",
    "kind": "purchase",
    "points": 1,
    "customer_ref": "c",
}
Operation = tuple[str, str, dict[str, Any]]
OPERATIONS: Final[tuple[Operation, ...]] = (
    ("GET", f"{A}/points", {}),
    ("GET", f"{A}/statement", {}),
    ("GET", f"{A}/statement", {"headers": {"Accept": "text/csv"}}),
    ("GET", f"{A}/decisions/2026-10", {}),
    ("GET", f"{A}/consulting", {}),
    ("GET", f"{A}/ad-account", {}),
    ("GET", f"{A}/conversions", {}),
    ("GET", f"{A}/conversions/r1", {}),
    ("GET", f"{A}/rewards/E", {}),
    ("PUT", f"{A}/ad-account", {"json": {"ad_account": "mine"}}),
    ("DELETE", f"{A}/ad-account", {}),
    ("POST", f"{A}/conversions", {"json": {"points": 1}, "headers": {"Idempotency-Key": "x"}}),
    ("POST", f"{A}/rewards/E/retry", {}),
    ("POST", f"/rewards/{SOME_DAY}", {"json": {"entries": [ENTRY]}}),
)
TRIMMINGS: Final[tuple[dict[str, str], ...]] = (
    {},
    {"Origin": "https://evil.example"},
    {"Cookie": "session=A; token=A"},
    {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-User": "A"},
    {"X-HTTP-Method-Override": "GET"},
    {"Accept-Language": "ko"},
)


def scope_of(operation: Operation) -> str:
    method, path, _ = operation
    return NEEDS["GET" if method == "GET" else "rewards" if "rewards" in path else ""]


def _expired(issuer: Issuer, draw: random.Random, operation: Operation) -> str:
    ended = int(time.time()) - draw.randint(HOUR, 90 * 24 * HOUR)
    return issuer.token("A", draw.choice([None, scope_of(operation)]), exp=ended)


def _missing_scope(issuer: Issuer, draw: random.Random, operation: Operation) -> str:
    others = sorted(set(NEEDS.values()) - {scope_of(operation)})
    has = draw.sample(others, draw.randint(0, len(others)))
    return issuer.token("shop", " ".join([*has, "points:readx", scope_of(operation).upper()]))


def _tampered(issuer: Issuer, draw: random.Random, operation: Operation) -> str:
    token = issuer.token("B", draw.choice([None, "points:none"]), by=draw.randint(0, 1))
    mine = issuer.token("A", scope_of(operation)).split(".")[1]
    header, content, signature = token.split(".")
    cut = draw.randint(1, len(signature) - 1)
    other = "A" if signature[cut] != "A" else "B"
    return draw.choice(
        [
            f"{header}.{mine}.{signature}",
            f"{header}.{content}.{signature[:cut]}{other}{signature[cut + 1 :]}"[:-2],
            f"{header}.{mine}.",
            f"{mine}.{mine}.{mine}",
        ]
    )


def _elsewhere(issuer: Issuer, draw: random.Random, operation: Operation) -> str:
    other: dict[str, Any] = draw.choice([{"iss": f"{ISSUER}/"}, {"aud": "shop"}, {"exp": None}])
    return issuer.token("A", draw.choice([None, scope_of(operation)]), **other)


STRANGERS: Final[dict[str, Callable[[Issuer, random.Random, Operation], str | None]]] = {
    "another store": lambda issuer, draw, _: issuer.token("B", by=draw.randint(0, 1)),
    "a store that is none": lambda issuer, draw, _: issuer.token(draw.choice(["a", "AA", "A "])),
    "expired": _expired,
    "scope missing": _missing_scope,
    "wrongly signed": lambda _, draw, it: FOREIGN.sign(
        claims_of("A", draw.choice([None, scope_of(it)]))
    ),
    "by a shared key": lambda _, __, it: jwt.encode(
        claims_of("A", scope_of(it)), SECRET, "HS256", headers={"kid": "2026-a"}
    ),
    "not signed": lambda _, __, it: jwt.encode(claims_of("A", scope_of(it)), "", "none"),
    "tampered": _tampered,
    "from or for elsewhere": _elsewhere,
    "nobody": lambda *_: None,
}


def everything(unmoved: Unmoved) -> list[object]:
    """Count all that could have been recorded."""
    tables = ("posting", "transfer", "ad_account_link", "conversion", "reward_entry", "expiry")
    with unmoved.program.engine.connect() as connection:
        return [
            connection.scalar(text(f"SELECT count(*) FROM growth_points.{table}"))  # noqa: S608
            for table in tables
        ]


def test_a_valid_token_would_be_answered(unmoved: Unmoved) -> None:
    for method, path, request in OPERATIONS:
        if method == "GET" and not path.endswith(("/r1", "/E")):
            assert unmoved.store(method, path, **request).status_code == 200


def test_no_stranger_reads_or_moves_a_point(unmoved: Unmoved) -> None:
    before, told = everything(unmoved), Counter[str]()
    for number in range(REQUESTS):
        draw = random.Random(f"{SEED}/{number}")  # noqa: S311 no secret depends on it
        name, operation = draw.choice(list(STRANGERS)), draw.choice(OPERATIONS)
        token = STRANGERS[name](unmoved.issuer, draw, operation)
        method, path, request = operation
        headers = {**draw.choice(TRIMMINGS), **request.get("headers", {})}
        response = Asked(unmoved.client, token)(method, path, **{**request, "headers": headers})

        said = (SEED, number, name, operation, response.status_code, response.text)
        assert response.status_code in {401, 403}, said
        assert not any(secret in response.text for secret in SECRETS_OF_A), said
        told[reason(response)] += 1

    assert everything(unmoved) == before
    assert set(told) == {
        *("token_missing", "token_invalid", "token_expired", "not_your_store", "scope_missing")
    }


def test_a_request_needs_one_connection_at_a_time(unmoved: Unmoved) -> None:
    """Two at once would leave none to requests of which each waits for its second."""
    pool, most = unmoved.app.state.engine.pool, Counter[str]()
    held = Counter[str]()

    def taken(*_: object) -> None:
        held["now"] += 1
        most["held"] = max(most["held"], held["now"])

    def given_back(*_: object) -> None:
        held["now"] -= 1

    with _listening(pool, checkout=taken, checkin=given_back):
        for method, path, request in OPERATIONS:
            if method == "GET":
                unmoved.store(method, path, **request)
        visitor = Visitor(unmoved.client)
        visitor.open(unmoved.issuer.token("A"))
        for path in PAGES:
            visitor.see(path)

    assert most == {"held": 1}


@contextmanager
def _listening(pool: object, **listeners: Callable[..., None]) -> Iterator[None]:
    for name, listener in listeners.items():
        event.listen(pool, name, listener)
    yield
    for name, listener in listeners.items():
        event.remove(pool, name, listener)
