"""Proxies lead to the world outside; the program's own servers are asked directly."""

import os
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest

from flows.prefect.servers import proxies

NOBODY = "http://127.0.0.1:9"  # a proxy that takes no request
SET = {
    "http_proxy": {"http_proxy": NOBODY},
    "HTTP_PROXY": {"HTTP_PROXY": NOBODY},
    "ALL_PROXY": {"ALL_PROXY": NOBODY},
    "all of them": {"http_proxy": NOBODY, "https_proxy": NOBODY, "all_proxy": NOBODY},
    "without its scheme": {"http_proxy": "127.0.0.1:9"},
    "beside another exception": {"http_proxy": NOBODY, "no_proxy": "example.com"},
    "beside exceptions in capitals": {"http_proxy": NOBODY, "NO_PROXY": "a.example, b.example"},
    "beside an empty one that hides those": {
        "http_proxy": NOBODY,
        "no_proxy": "",
        "NO_PROXY": "127.0.0.1",
    },
    "SOCKS": {"all_proxy": "socks5://127.0.0.1:9"},
    "SOCKS for http": {"http_proxy": "socks5h://127.0.0.1:9"},
    "a kind that nobody knows": {"http_proxy": NOBODY, "ALL_PROXY": "telnet://127.0.0.1:9"},
}


@pytest.fixture
def own_server() -> Iterator[str]:
    """A server on this machine that answers `true`."""

    class Healthy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\ntrue")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Healthy) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/health"
        server.shutdown()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without proxies, given back when the test ends."""
    names = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
    for name in (*names, *map(str.upper, names)):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    # It is made with the proxies of the moment, once for the process.
    monkeypatch.setattr("urllib.request._opener", None)
    return monkeypatch


@pytest.mark.parametrize("variables", SET.values(), ids=SET)
def test_no_proxy_comes_between_the_program_and_its_own_server(
    variables: dict[str, str], own_server: str, environment: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        environment.setenv(name, value)
    proxies.exempt_this_machine_from_proxies()
    proxies.remove_unusable_proxies()
    assert httpx.get(own_server).text == "true"
    with urllib.request.urlopen(own_server, timeout=5) as answer:  # noqa: S310 the test's own
        assert answer.read() == b"true"


@pytest.mark.parametrize(
    "variables", [each for each in SET.values() if NOBODY in each.values()], ids=str
)
def test_other_hosts_are_asked_through_the_proxy_as_before(
    variables: dict[str, str], environment: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        environment.setenv(name, value)
    before = urllib.request.getproxies_environment()
    excepted = [name.strip() for name in before.pop("no", "").split(",") if name.strip()]
    proxies.exempt_this_machine_from_proxies()
    after = urllib.request.getproxies_environment()
    assert after.pop("no") == ",".join([*excepted, *proxies.OWN][: len(excepted) + 3])
    assert after == before


def test_without_proxies_the_environment_stays_as_it_is(environment: pytest.MonkeyPatch) -> None:
    before = dict(os.environ)
    proxies.exempt_this_machine_from_proxies()
    proxies.remove_unusable_proxies()
    assert dict(os.environ) == before


def test_whoever_excepts_everything_has_it_so(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("http_proxy", NOBODY)
    environment.setenv("no_proxy", "*")
    proxies.exempt_this_machine_from_proxies()
    assert os.environ["no_proxy"] == "*"
