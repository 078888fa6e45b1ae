"""Whatever is asked wrongly is answered by a problem with a reason and a sentence, and undone."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import OperationalError

from domain.refusal import Unavailable
from tests.closings import Program
from tests.stores.conftest import Asked, Unmoved
from tests.stores.test_interface import A, ask_to_convert, reason
from tests.using.store_a import has
from web.stores.interface import conversions
from web.stores.limits import LONGEST_BODY

CONVERT = f"{A}/conversions"
KEY = {"Idempotency-Key": "r1"}


@pytest.mark.parametrize(
    ("method", "path", "status", "told"),
    [
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("GET", "/api/v2", 404, "not_found"),
        ("GET", f"{A}/points/", 404, "not_found"),
        ("GET", f"{A}/../../../etc/passwd", 404, "not_found"),
        ("POST", f"{A}/points", 405, "method_not_allowed"),
        ("BREW", f"{A}/points", 405, "method_not_allowed"),
        ("GET", "/stores/A%00/points", 422, "request_invalid"),
        ("GET", "/stores/A%0AB/points", 422, "request_invalid"),
        ("GET", "/stores/" + "A" * 65 + "/points", 422, "request_invalid"),
        ("GET", f"{A}/decisions/2026-13", 422, "month_invalid"),
        ("GET", f"{A}/decisions/0000-01", 422, "month_invalid"),
        ("GET", f"{A}/decisions/yesterday", 422, "request_invalid"),
        ("GET", f"{A}/statement?from=1700000000", 422, "request_invalid"),
        ("GET", f"{A}/statement?from=9999-12-31", 422, "request_invalid"),
        ("GET", f"{A}/statement?from=2026-02-30", 422, "request_invalid"),
        ("GET", f"{A}/statement?kind=award", 422, "request_invalid"),
        ("GET", f"{A}/statement?after=9223372036854775808", 422, "request_invalid"),
        ("GET", f"{A}/statement?limit=501", 422, "request_invalid"),
        ("GET", f"{A}/conversions?after=-1", 422, "request_invalid"),
        ("GET", f"{A}/rewards/nothing", 404, "event_unknown"),
        ("POST", f"{A}/rewards/nothing/retry", 404, "event_unknown"),
    ],
)
def test_addresses_and_parameters(
    unmoved: Unmoved, method: str, path: str, status: int, told: str
) -> None:
    response = unmoved.service(method, path)

    assert response.status_code == status
    assert reason(response) == told


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"points",
        b"{",
        b'{"points": }',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"points": ' + b"9" * 5_000 + b"}",
        b'{"points": 1, "points": }',
    ],
    ids=["nothing", "a word", "half", "no value", "not UTF-8", "deep", "a long number", "twice"],
)
def test_bodies_that_are_no_json(unmoved: Unmoved, body: bytes) -> None:
    headers = {**KEY, "Content-Type": "application/json"}
    response = unmoved.store("POST", CONVERT, content=body, headers=headers)

    assert response.status_code in {400, 422}
    assert reason(response) in {"bad_request", "request_invalid"}
    assert has(unmoved.program) == (150_000, 0)


@pytest.mark.parametrize(
    "points",
    [
        *(0, -1, 10**12 + 1, 2**63, 2**64, 10**30, 1.5, 1.0, True, None, "1", "1e3", [], {}),
        *(float("nan"), float("inf")),
    ],
)
def test_numbers_that_are_no_points(unmoved: Unmoved, points: object) -> None:
    body = httpx.Request("POST", "http://x", json={"points": 0}).content
    written = body.replace(b"0", _spelled(points))
    headers = {**KEY, "Content-Type": "application/json"}

    assert (
        reason(unmoved.store("POST", CONVERT, content=written, headers=headers))
        == "request_invalid"
    )
    assert has(unmoved.program) == (150_000, 0)


def _spelled(value: object) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    "body",
    [{}, [], "points", {"points": 1, "to": "B"}, {"points": 1, "seller_id": "B"}, None],
)
def test_bodies_of_another_shape(unmoved: Unmoved, body: Any) -> None:
    assert reason(unmoved.store("POST", CONVERT, json=body, headers=KEY)) == "request_invalid"
    assert has(unmoved.program) == (150_000, 0)


@pytest.mark.parametrize("key", [None, "", "a" * 65, "two words", "\xe9"])
def test_a_conversion_needs_a_key(unmoved: Unmoved, key: str | None) -> None:
    headers = {} if key is None else {"Idempotency-Key": key.encode("latin-1")}
    response = unmoved.store("POST", CONVERT, json={"points": 1}, headers=headers)

    assert reason(response) == "request_invalid"


@pytest.mark.parametrize(
    "account", ["", " ", "a\nb", "a\x00", "\x1b[31m", "a" * 65, "\ud800", "a\u202eb", 7, None]
)
def test_accounts_that_are_none(unmoved: Unmoved, account: object) -> None:
    body = json.dumps({"ad_account": account})
    headers = {"Content-Type": "application/json"}
    response = unmoved.store("PUT", f"{A}/ad-account", content=body, headers=headers)

    assert response.status_code == 422
    assert reason(response) in {"request_invalid", "account_invalid"}
    assert unmoved.store("GET", f"{A}/ad-account").json() == {"ad_account": "ads-1"}


def _in_pieces(length: int) -> Iterator[bytes]:
    for _ in range(length // 65_536):
        yield b" " * 65_536


@pytest.mark.parametrize("length", [LONGEST_BODY + 65_536, 10 * LONGEST_BODY])
@pytest.mark.parametrize("told", [True, False], ids=["with its length", "in pieces"])
def test_bodies_that_are_too_long(unmoved: Unmoved, length: int, told: bool) -> None:
    content: Any = b" " * length if told else _in_pieces(length)
    headers = {**KEY, "Content-Type": "application/json"}
    response = unmoved.store("POST", CONVERT, content=content, headers=headers)

    assert (response.status_code, reason(response)) == (413, "content_too_large")


def test_nobody_without_a_token_is_answered(unmoved: Unmoved) -> None:
    response = Asked(unmoved.client, None)("GET", f"{A}/points")

    assert (response.status_code, reason(response)) == (401, "token_missing")
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("scheme", ["Basic", "bearer", "Token"])
def test_a_token_is_a_bearers(unmoved: Unmoved, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {unmoved.issuer.token('A')}"}
    response = Asked(unmoved.client, None)("GET", f"{A}/points", headers=headers)

    assert response.status_code == (200 if scheme == "bearer" else 401)


@pytest.mark.parametrize("error", [Unavailable("x"), OperationalError("x", {}, Exception("x"))])
def test_a_database_that_is_away_is_a_503_that_says_when_to_ask_again(
    unmoved: Unmoved, error: Exception
) -> None:
    class Away:
        def __getattr__(self, _: str) -> Any:
            raise error

    with _instead_of(unmoved, "engine", Away()):
        responses = (
            unmoved.store("GET", f"{A}/points"),
            ask_to_convert(unmoved.store, 1),
            unmoved.store("GET", "/health"),
        )
    for response in responses:
        assert (response.status_code, reason(response)) == (503, "unavailable")
        assert int(response.headers["retry-after"]) > 0


@contextmanager
def _instead_of(unmoved: Unmoved, name: str, value: object) -> Iterator[None]:
    state = unmoved.app.state
    before = getattr(state, name)
    setattr(state, name, value)
    yield
    setattr(state, name, before)


def test_a_bug_is_told_without_its_traceback(unmoved: Unmoved) -> None:
    with _instead_of(unmoved, "policies", None):
        response = unmoved.store("GET", f"{A}/points")

    assert (response.status_code, reason(response)) == (500, "failed")
    assert "NoneType" not in response.text
    assert "Send the request again with the same key or entries" in response.json()["detail"]


def test_what_failed_after_it_was_done_is_not_done_twice(
    program: Program, store: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(conversions, "find_conversion", None)
        assert ask_to_convert(store, 1_000).status_code == 500
    assert has(program) == (149_000, 1_000)
    assert ask_to_convert(store, 1_000).status_code == 200
    assert has(program) == (149_000, 1_000)
