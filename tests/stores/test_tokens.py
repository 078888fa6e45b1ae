"""Who is let in: a token that the marketplace signed, of its issuer, for this audience, in time."""

import base64
import json
import os
import time
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import jwt
import pytest

from tests.stores.tokens import AUDIENCE, HOUR, ISSUER, Issuer, Signer, claims_of
from web.stores.access import Caller, TokenRefused, Tokens
from web.stores.keys import Keys, KeysUnavailable

NOW = int(time.time())


@pytest.fixture
def tokens(issuer: Issuer) -> Tokens:
    return Tokens(Keys(str(issuer.file)), ISSUER, AUDIENCE)


def refusal(tokens: Tokens, token: str) -> str:
    with pytest.raises(TokenRefused) as refused:
        tokens.verify(token)
    return refused.value.reason


@pytest.mark.parametrize("by", [0, 1], ids=["RS256", "ES256"])
def test_a_store_is_known_by_its_token(tokens: Tokens, issuer: Issuer, by: int) -> None:
    assert tokens.verify(issuer.token("A", by=by)) == Caller("A", "A")


def test_a_service_has_scopes_also_none(tokens: Tokens, issuer: Issuer) -> None:
    some = tokens.verify(issuer.token("shop", "points:read rewards:write"))

    assert some == Caller("shop", None, frozenset({"points:read", "rewards:write"}))
    assert tokens.verify(issuer.token("shop", "")) == Caller("shop", None)


WRONG: dict[str, dict[str, Any]] = {
    "of another issuer": {"iss": "https://other.example"},
    "for another audience": {"aud": "other"},
    "without an issuer": {"iss": None},
    "without an audience": {"aud": None},
    "without an end": {"exp": None},
    "of nobody": {"sub": ""},
    "of a number": {"sub": 7},
    "of a long name": {"sub": "A" * 65},
    "of two lines": {"sub": "A\nB"},
    "with an end that is a text": {"exp": "tomorrow"},
    "for later": {"nbf": NOW + HOUR},
    "issued later": {"iat": NOW + HOUR},
    "with scopes that are a list": {"scope": ["points:read"]},
    "with scopes that are a number": {"scope": 1},
    "with scopes that are an object": {"scope": {"points:read": True}},
}


@pytest.mark.parametrize("claims", WRONG.values(), ids=WRONG)
def test_a_token_with_wrong_claims_is_refused(
    tokens: Tokens, issuer: Issuer, claims: dict[str, Any]
) -> None:
    try:
        token = issuer.token(**{"subject": "A", **claims})
    except TypeError:  # the library does not write such a name
        token = _by_hand({"alg": "RS256", "kid": "2026-a"}, claims_of("A", **claims))
    assert refusal(tokens, token) == "token_invalid"


def test_scopes_that_are_null_are_no_stores_token(tokens: Tokens, issuer: Issuer) -> None:
    token = issuer.signers[0].sign({**claims_of("A"), "scope": None})

    assert refusal(tokens, token) == "token_invalid"


def test_an_expired_token_is_refused_as_such(tokens: Tokens, issuer: Issuer) -> None:
    assert refusal(tokens, issuer.token("A", exp=NOW - HOUR)) == "token_expired"
    assert tokens.verify(issuer.token("A", exp=int(time.time()) - 1)).seller_id == "A"


def _by_hand(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"") -> str:
    parts = (json.dumps(header).encode(), json.dumps(claims).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def test_nobody_signs_without_a_key_or_with_a_shared_one(tokens: Tokens, issuer: Issuer) -> None:
    public = jwt.PyJWK(issuer.signers[0].public).key.public_numbers().n
    shared = str(public).encode()
    forged = [
        _by_hand({"alg": "none"}, claims_of("A")),
        _by_hand({"alg": "none", "kid": "2026-a"}, claims_of("A")),
        _by_hand({"alg": "NONE", "kid": "2026-a"}, claims_of("A")),
        jwt.encode(claims_of("A"), shared, "HS256", headers={"kid": "2026-a"}),
        Signer.rsa("2026-a").sign(claims_of("A")),
        Signer.ec("2026-b").sign(claims_of("A")),
        Signer.rsa("unknown").sign(claims_of("A")),
        issuer.signers[1].sign(claims_of("A"), kid="2026-a"),
        issuer.signers[0].sign(claims_of("A"), kid=None),
        jwt.encode(claims_of("A"), issuer.signers[0].key, "RS512", headers={"kid": "2026-a"}),
        jwt.encode(claims_of("A"), issuer.signers[0].key, "PS256", headers={"kid": "2026-a"}),
    ]
    assert {refusal(tokens, token) for token in forged} == {"token_invalid"}


@pytest.mark.parametrize("junk", ["", "a", "a.b.c", "é.é.é", "." * 100, "a" * 20_000, "\0"])
def test_what_is_no_token_is_refused(tokens: Tokens, junk: str) -> None:
    assert refusal(tokens, junk) == "token_invalid"


def test_a_signature_is_of_its_content(tokens: Tokens, issuer: Issuer) -> None:
    header, _, signature = issuer.token("A").split(".")
    _, content, _ = issuer.token("B").split(".")

    assert refusal(tokens, f"{header}.{content}.{signature}") == "token_invalid"


@pytest.mark.parametrize(
    "changes",
    [
        {"kty": "oct", "k": base64.urlsafe_b64encode(b"k" * 32).decode()},
        {"use": "enc"},
        {"alg": "RS512"},
        {"n": "AQAB"},
        {"n": None},
    ],
    ids=["symmetric", "for encryption", "for another algorithm", "short", "damaged"],
)
def test_keys_that_may_not_sign_are_passed_over(tmp_path: Path, changes: dict[str, Any]) -> None:
    good, bad = Signer.rsa("good"), Signer.rsa("bad")
    issuer = Issuer(tmp_path / "jwks.json", [good])
    issuer.publish({**bad.public, **changes}, {"kty": ["RSA"]}, {"kid": []}, {})
    keys = Keys(str(issuer.file))

    assert keys.find("bad") is None
    assert keys.find("good") is not None


def test_keys_are_fetched_from_a_url(issuer: Issuer) -> None:
    folder = str(issuer.file.parent)
    handler = partial(SimpleHTTPRequestHandler, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        found = Keys(f"{address}/{issuer.file.name}").find("2026-a")
        with pytest.raises(KeysUnavailable):
            Keys(f"{address}/none.json").find("2026-a")
        server.shutdown()

    assert found is not None


class Clock:
    """A clock that a test sets."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_keys_rotate_and_an_unknown_one_is_looked_for_once_a_minute(tmp_path: Path) -> None:
    clock, old, new = Clock(), Signer.rsa("old"), Signer.ec("new")
    issuer = Issuer(tmp_path / "jwks.json", [old])
    issuer.publish()
    keys = Keys(str(issuer.file), clock)
    assert keys.find("old") is not None
    assert keys.find("new") is None

    issuer.signers = [old, new]
    issuer.publish()
    assert keys.find("new") is None  # it was looked for within the minute
    clock.now += 61
    assert keys.find("new") is not None

    issuer.signers = [new]
    issuer.publish()
    assert keys.find("old") is not None
    clock.now += 3_601
    assert keys.find("old") is None


def test_keys_that_cannot_be_read_are_those_of_before_or_none(tmp_path: Path) -> None:
    clock, signer = Clock(), Signer.rsa("a")
    issuer = Issuer(tmp_path / "jwks.json", [signer])
    keys = Keys(str(issuer.file), clock)
    for _ in range(2):
        with pytest.raises(KeysUnavailable):
            keys.find("a")

    issuer.publish()
    clock.now += 61
    assert keys.find("a") is not None

    for damaged in ("", "[]", "{}", '{"keys": 1}', "\ufeff{"):
        issuer.file.write_text(damaged)
        clock.now += 3_601
        assert keys.find("a") is not None


def test_a_known_key_does_not_wait_while_keys_are_read(tmp_path: Path) -> None:
    clock = Clock()
    issuer = Issuer(tmp_path / "jwks.json", [Signer.ec("a")])
    issuer.publish()
    keys = Keys(str(issuer.file), clock)
    keys.find("a")
    clock.now += 3_601
    issuer.file.unlink()
    os.mkfifo(issuer.file)  # whoever reads it waits until somebody writes
    asking = Thread(target=keys.find, args=("unknown",))
    asking.start()
    while not keys._lock.locked():
        time.sleep(0.001)

    assert keys.find("a") is not None
    with pytest.raises(KeysUnavailable):
        keys.find("b")
    issuer.file.write_text("{}")
    asking.join()


@pytest.mark.parametrize("piece", [b" " * 65_536, b" "], ids=["too long", "too slow"])
def test_a_document_without_an_end_is_not_waited_for(
    piece: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.stores.keys._TIMEOUT_SECONDS", 0.5)

    class Endless(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            with suppress(ConnectionError):
                while True:
                    self.wfile.write(piece)
                    time.sleep(0.05 if len(piece) == 1 else 0)

    with ThreadingHTTPServer(("127.0.0.1", 0), Endless) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(KeysUnavailable):
            Keys(f"http://127.0.0.1:{server.server_port}/").find("a")
        server.shutdown()
