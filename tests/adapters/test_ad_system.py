"""The ad system's client, asked of a simulated one over HTTP: every answer, and none."""

import asyncio
import json
import logging
import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from adapters.ad_system.client import HttpAdSystem, Patience
from adapters.ad_system.simulated.behaviour import Behaviour
from adapters.ad_system.simulated.server import Server
from adapters.ad_system.simulated.store import Store
from domain.using.ad_credit import (
    Answer,
    Credit,
    Credited,
    CreditRequest,
    NoAnswer,
    Refused,
    Unknown,
    credit_id,
)
from tests.ad_system import TOKEN, SimulatedAdSystem, simulated_ad_system

_NUMBER = iter(range(1_000_000))
_PATIENCE = Patience(connection_seconds=2, answer_seconds=1)
_DAY = date(2026, 11, 30)
_NOON = "2026-11-30T12:00:00+09:00"


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedAdSystem]:
    """One process for all tests that do not end it."""
    with simulated_ad_system(tmp_path_factory.mktemp("ad-system"), page_size=3) as simulated:
        yield simulated


@pytest.fixture
def there(process: SimulatedAdSystem) -> Iterator[SimulatedAdSystem]:
    """The process, behaving as the contract says before and after the test."""
    process.behave()
    yield process
    process.behave()


@pytest.fixture
def client(process: SimulatedAdSystem) -> Iterator[HttpAdSystem]:
    """A client that waits a second."""
    with HttpAdSystem(process.url, TOKEN, _PATIENCE) as client:
        yield client


def _request(points: int = 1_000) -> CreditRequest:
    number = next(_NUMBER)
    return CreditRequest(credit_id("store", f"request-{number}"), f"광고-{number}", points)


def _body(request: CreditRequest, **other: Any) -> dict[str, Any]:
    return {
        "outcome": "credited",
        "id": request.credit_id,
        "account": request.account_id,
        "points": request.points,
        "at": "2026-11-30T12:00:00+09:00",
        "reference": "AD-1",
    } | other


def _why(answer: object) -> str:
    assert isinstance(answer, NoAnswer), answer
    return answer.why


# The contract


def test_credit_is_delivered_and_found_again(
    there: SimulatedAdSystem, client: HttpAdSystem
) -> None:
    request = _request()
    there.behave(now=_NOON)

    assert client.ask(request) == Unknown()
    first = client.deliver(request)

    assert isinstance(first, Credited)
    assert first.at == datetime(2026, 11, 30, 3, tzinfo=UTC)
    assert client.ask(request) == first
    assert there.accounts()[request.account_id] == 1_000


def test_the_same_request_is_credited_once_whatever_happens_in_between(
    there: SimulatedAdSystem, client: HttpAdSystem
) -> None:
    request = _request()
    first = client.deliver(request)
    there.behave(refuse=["*"])

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(client.deliver, [request] * 16)) == {first}
    assert there.accounts()[request.account_id] == 1_000


@pytest.mark.parametrize("other", [{"points": 999}, {"account_id": "another"}])
def test_other_content_under_a_known_id_is_no_answer(
    there: SimulatedAdSystem, client: HttpAdSystem, other: dict[str, Any]
) -> None:
    request = _request()
    client.deliver(request)
    changed = replace(request, **other)

    assert "409" in _why(client.deliver(changed))
    assert "another id, account or number of points" in _why(client.ask(changed))
    assert there.accounts()[request.account_id] == 1_000
    assert "another" not in there.accounts()


def test_a_refusal_is_final(there: SimulatedAdSystem, client: HttpAdSystem) -> None:
    refused, credited = _request(), _request()
    there.behave(refuse=[refused.account_id])

    answer = client.deliver(refused)
    assert isinstance(client.deliver(credited), Credited)
    there.behave()

    assert isinstance(answer, Refused)
    assert answer.reason == "account_closed"
    assert "해지" in answer.text
    assert client.deliver(refused) == client.ask(refused) == answer
    assert refused.account_id not in there.accounts()


def test_a_day_is_listed_whole_in_order_of_ids(
    there: SimulatedAdSystem, client: HttpAdSystem
) -> None:
    day = date(2026, 7, 1)
    requests = [_request(points) for points in range(1, 8)]
    expected = []
    for hour, request in enumerate(requests):
        there.behave(now=f"2026-07-01T{hour:02}:00:00+09:00")
        answer = client.deliver(request)
        assert isinstance(answer, Credited)
        expected.append(Credit(request, answer))
    there.behave(now="2026-07-01T15:00:00Z")  # the next day in Seoul
    client.deliver(_request())
    there.behave(now="2026-07-01T12:00:00+09:00", refuse=["*"])
    client.deliver(_request())

    listed = client.credits_of(day)

    assert listed == tuple(sorted(expected, key=lambda credit: credit.request.credit_id))
    assert client.credits_of(date(2026, 6, 30)) == ()


# What is no answer


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        ({"acts": False}, "status 503: that is no answer"),
        ({"status": 500}, "status 500"),
        ({"status": 429}, "status 429"),
        ({"status": 204, "body": ""}, "status 204"),
        ({"status": 201}, "status 201"),
        ({"status": 302, "headers": {"Location": "/credits/other"}}, "redirects are not followed"),
        ({"status": 308, "headers": {"Location": "http://127.0.0.1:1/"}}, "not followed"),
        ({"status": 302, "headers": {"Location": "http://[broken"}}, "not followed"),
        ({"status": 403}, "check GROWTH_POINTS_AD_SYSTEM_TOKEN"),
        ({"token": "another-token-is-wanted"}, "check GROWTH_POINTS_AD_SYSTEM_TOKEN"),
        ({"status": 422}, "status 422"),
        ({"answers": 0}, "no answer (RemoteProtocolError)"),
        ({"answer_after": 3}, "no answer within 1 seconds"),
        ({"byte_every": 0.2}, "no answer within 1 seconds"),
        ({"body": ""}, "not JSON"),
        ({"body": "<html>welcome</html>"}, "not JSON"),
        ({"body": "[" * 100_000}, "not JSON"),
        ({"body": "\udcff\udcfe"}, "not JSON"),
        ({"body": "1" * 5_000}, "not JSON"),
        ({"body": "null"}, "no object"),
        ({"body": "{}"}, "outcome"),
        ({"body": '{"outcome": "accepted"}'}, "outcome"),
        ({"body": '{"outcome": "unknown"}'}, "outcome"),
        ({"body": '{"outcome": ["credited"]}'}, "outcome"),
        ({"body": "{" + " " * 1024 * 1024 + "}"}, "more than 1048576 bytes"),
        ({"headers": {"Content-Encoding": "gzip"}}, "compressed"),
        ({"headers": {"Content-Length": "9000"}}, "no answer within 1 seconds"),
        ({"headers": {"Content-Length": "none"}}, "no answer (RemoteProtocolError)"),
    ],
    ids=lambda value: json.dumps(value)[:60] if isinstance(value, dict) else "",
)
@pytest.mark.parametrize("asked", ["deliver", "ask", "list"])
def test_whatever_the_contract_does_not_describe_is_no_answer(
    there: SimulatedAdSystem,
    client: HttpAdSystem,
    asked: str,
    behaviour: dict[str, Any],
    why: str,
) -> None:
    request = _request()
    client.deliver(request)
    there.behave(**behaviour)

    answer: object
    if asked == "list":
        answer = client.credits_of(_DAY)
        why = why.replace("outcome", "other fields")
    else:
        answer = client.deliver(request) if asked == "deliver" else client.ask(request)

    assert why in _why(answer)
    assert len(_why(answer)) < 200
    assert TOKEN not in _why(answer)
    there.behave()
    assert isinstance(client.ask(request), Credited), "the next answer is taken again"


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"id": credit_id("store", "another")}, "another id"),
        ({"account": "another"}, "another id"),
        ({"points": 2}, "another id"),
        ({"points": "1"}, "points"),
        ({"points": 1.0}, "points"),
        ({"points": True}, "points"),
        ({"points": None}, "points"),
        ({"at": "2026-11-30T12:00:00"}, "at"),
        ({"at": "2026-02-30T12:00:00Z"}, "at"),
        ({"at": "0001-01-01T00:00:00+09:00"}, "at"),
        ({"at": "9999-12-31T23:00:00Z"}, "at"),
        ({"at": 1}, "at"),
        ({"reference": ""}, "reference"),
        ({"reference": "AD 1"}, "reference"),
        ({"reference": "a" * 65}, "reference"),
        ({"reference": "AD-1\u0000"}, "reference"),
        ({"reference": TOKEN}, "repeats the token"),
        ({"reason": "account_closed"}, "other fields"),
        ({"extra": 1}, "other fields"),
        ({"outcome": "refused"}, "other fields"),
    ],
    ids=str,
)
def test_an_answer_about_something_else_is_no_answer(
    there: SimulatedAdSystem, client: HttpAdSystem, other: dict[str, Any], why: str
) -> None:
    request = _request(1)
    there.behave(body=json.dumps(_body(request)))
    assert isinstance(client.deliver(request), Credited)
    there.behave(body=json.dumps(_body(request, **other)))

    for answer in (client.deliver(request), client.ask(request)):
        assert why in _why(answer)
        assert TOKEN not in _why(answer)


@pytest.mark.parametrize(
    "other",
    [
        {"reason": ""},
        {"reason": "Account closed"},
        {"text": " "},
        {"text": "a" * 201},
        {"text": "two\nlines"},
        {"text": "\ud800"},
        {"text": f"we were sent {TOKEN}"},
        {"text": None},
        {"id": "another"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_only_a_refusal_as_the_contract_says_is_a_refusal(
    there: SimulatedAdSystem, client: HttpAdSystem, other: dict[str, Any]
) -> None:
    request = _request()
    refused = _body(request) | {"outcome": "refused", "reason": "closed", "text": "It is closed."}
    del refused["at"], refused["reference"]
    there.behave(body=json.dumps(refused))
    assert client.deliver(request) == Refused("closed", "It is closed.")
    there.behave(body=json.dumps(refused | other))

    assert TOKEN not in _why(client.deliver(request))


def test_a_field_that_is_there_twice_is_no_answer(
    there: SimulatedAdSystem, client: HttpAdSystem
) -> None:
    request = _request()
    there.behave(body=json.dumps(_body(request))[:-1] + ', "points": 1000}')

    assert "twice" in _why(client.deliver(request))


@pytest.mark.parametrize("body", ["", "Not Found", '{"outcome": "unknown", "id": "another"}'])
def test_a_404_that_does_not_name_the_id_is_no_answer(
    there: SimulatedAdSystem, client: HttpAdSystem, body: str
) -> None:
    there.behave(body=body)

    _why(client.ask(_request()))


def test_a_delivery_is_never_unknown(there: SimulatedAdSystem, client: HttpAdSystem) -> None:
    request = _request()
    there.behave(status=404, body=json.dumps({"outcome": "unknown", "id": request.credit_id}))

    assert client.ask(request) == Unknown()
    assert "check GROWTH_POINTS_AD_SYSTEM_URL" in _why(client.deliver(request))


@pytest.mark.parametrize(
    "page",
    [
        {"day": "2026-11-29"},
        {"after": "1"},
        {"next": ""},
        {"next": 7},
        {"next": "1", "credits": []},
        {"credits": None},
        {"credits": [None]},
        {"credits": [{}]},
        {"credits": ["twice", "twice"]},
        {"credits": ["yesterday"]},
        {"extra": 1},
    ],
    ids=str,
)
def test_a_list_as_the_contract_does_not_describe_it_is_no_answer(
    there: SimulatedAdSystem, client: HttpAdSystem, page: dict[str, Any]
) -> None:
    credit = _body(_request())
    del credit["outcome"]
    known = {"twice": credit, "yesterday": credit | {"at": "2026-11-29T14:59:59Z"}}
    whole = {"day": "2026-11-30", "after": None, "credits": [credit], "next": None}
    there.behave(body=json.dumps(whole))
    assert len(client.credits_of(_DAY)) == 1  # type: ignore[arg-type]  # a list, by the assertion
    if isinstance(page.get("credits"), list):
        listed = page["credits"]
        page |= {"credits": [known[each] if isinstance(each, str) else each for each in listed]}
    there.behave(body=json.dumps(whole | page))

    _why(client.credits_of(_DAY))


def test_a_list_that_never_ends_is_no_answer(
    there: SimulatedAdSystem, client: HttpAdSystem
) -> None:
    credit = _body(_request())
    del credit["outcome"]
    whole = {"day": "2026-11-30", "after": None, "credits": [credit], "next": "1"}
    there.behave(body=json.dumps(whole))

    assert "another page" in _why(client.credits_of(_DAY))


# Answers that are lost, late, twice


@pytest.mark.parametrize(
    "behaviour", [{"answers": 0}, {"answer_after": 2}, {"act_after": 2}, {"status": 500}], ids=str
)
def test_a_credit_whose_answer_was_lost_is_found_and_delivered_once(
    there: SimulatedAdSystem, client: HttpAdSystem, behaviour: dict[str, Any]
) -> None:
    request = _request()
    there.behave(**behaviour)

    _why(client.deliver(request))
    there.behave()

    assert isinstance(client.deliver(request), Credited)
    time.sleep(2 if "act_after" in behaviour else 0)  # the first one comes now
    assert isinstance(client.ask(request), Credited)
    assert there.accounts()[request.account_id] == 1_000


def test_a_delivery_that_comes_late_is_unknown_before(
    there: SimulatedAdSystem, client: HttpAdSystem
) -> None:
    request = _request()
    there.behave(act_after=1.5)
    _why(client.deliver(request))
    there.behave()

    assert client.ask(request) == Unknown()
    time.sleep(1)
    assert isinstance(client.ask(request), Credited)


def test_an_answer_that_comes_twice_is_not_taken_for_the_next_one(
    there: SimulatedAdSystem, client: HttpAdSystem
) -> None:
    there.behave(answers=2)

    for _ in range(30):
        request = _request()
        answers: list[Answer] = [client.deliver(request), client.ask(_request())]
        assert all(not isinstance(each, Refused) for each in answers)
        assert not isinstance(answers[1], Credited)
        there_now = there.accounts().get(request.account_id)
        assert there_now == 1_000 or isinstance(answers[0], NoAnswer)


# Kills


@pytest.mark.parametrize(
    ("dies", "then"), [("before", Unknown()), ("within", Unknown()), ("after", None)]
)
def test_a_kill_at_any_step_credits_once_or_not_at_all(
    tmp_path: Path, dies: str, then: Unknown | None
) -> None:
    with (
        simulated_ad_system(tmp_path) as simulated,
        HttpAdSystem(simulated.url, TOKEN, _PATIENCE) as client,
    ):
        request = _request()
        simulated.behave(dies=dies)

        assert "no answer (" in _why(client.deliver(request))
        assert simulated.wait() == -9
        assert "no answer (ConnectError)" in _why(client.ask(request))
        simulated.start()

        found = client.ask(request)
        assert isinstance(found, Credited) if then is None else found == then
        again = client.deliver(request)
        assert isinstance(again, Credited)
        assert then is not None or again == found
        assert simulated.accounts() == {request.account_id: 1_000}


# The client itself


def test_it_answers_callers_inside_an_event_loop(
    there: SimulatedAdSystem, client: HttpAdSystem
) -> None:
    async def inside() -> Answer:
        return client.ask(_request())

    assert asyncio.run(inside()) == Unknown()


def test_a_request_that_cannot_be_written_is_no_answer(
    there: SimulatedAdSystem, client: HttpAdSystem
) -> None:
    _why(client.deliver(CreditRequest("gp1-\ud800", "account", 1)))
    _why(client.deliver(CreditRequest("gp1-1", "\ud800", 1)))
    assert "status 400" in _why(client.deliver(CreditRequest("gp1-1", "account", 0)))


def test_no_log_and_no_text_shows_the_token(
    there: SimulatedAdSystem, client: HttpAdSystem, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    request = _request()

    shown = [repr(client), repr(client.deliver(request))]
    there.behave(token="another-token-is-wanted")  # noqa: S106 - opens nothing
    shown += [repr(client.ask(request)), repr(client.credits_of(_DAY))]

    assert "httpcore" in caplog.text
    assert TOKEN not in caplog.text
    assert TOKEN not in " ".join(shown)


def test_proxies_of_the_environment_get_nothing(
    there: SimulatedAdSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)

    with HttpAdSystem(there.url, TOKEN, _PATIENCE) as client:
        assert client.ask(_request()) == Unknown()


def test_a_machine_that_takes_no_connection_is_no_answer() -> None:
    with ExitStack() as sockets:
        full = sockets.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        sockets.enter_context(socket.create_connection(full.getsockname()))  # all that may wait
        url = f"http://127.0.0.1:{full.getsockname()[1]}"
        client = sockets.enter_context(HttpAdSystem(url, TOKEN, Patience(0.5, 5)))

        assert _why(client.ask(_request())) == "no connection within 0.5 seconds"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for this machine that nobody trusts, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    own_address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(own_address, critical=False)
        .sign(key, hashes.SHA256())
    )
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "own.pem").write_bytes(key.private_bytes(*form) + signed.public_bytes(form[0]))
    return tmp_path / "own.pem"


def test_only_a_certificate_that_the_machine_trusts_is_sent_the_token(
    tmp_path: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "ad-system.db")
    store.prepare()
    own = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    own.load_cert_chain(certificate)
    with Server(0, store, TOKEN, Behaviour()) as server:
        server.socket = own.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        url = f"https://127.0.0.1:{server.server_port}"

        with HttpAdSystem(url, TOKEN, _PATIENCE) as client:
            assert _why(client.deliver(_request())) == "no answer (ConnectError)"
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        monkeypatch.setattr("adapters.ad_system.client._trusted", ssl.create_default_context)
        with HttpAdSystem(url, TOKEN, _PATIENCE) as client:
            assert isinstance(client.deliver(_request()), Credited)
        server.shutdown()
    assert len(store.accounts()) == 1
