"""PREFECT_API_URL: a wrong address is a sentence, before anything is done."""

import os
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from flows.prefect.servers.configured_server import (
    NotAPrefectServer,
    PrefectUnreachable,
    ProxyUnusable,
    configured_server,
)

HTML = b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<!DOCTYPE html><p>Welcome"
NOT_PREFECT = {
    "a page": HTML,
    "a page that is not found": b"HTTP/1.0 404 Not Found\r\n\r\n<!DOCTYPE html>",
    "JSON of something else": b'HTTP/1.0 200 OK\r\n\r\n{"status": "up"}',
    "nothing": b"HTTP/1.0 204 No Content\r\n\r\n",
    "no method": b"HTTP/1.0 405 Method Not Allowed\r\n\r\n",
    "no web server": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a page that moved to itself": b"HTTP/1.0 302 Found\r\nLocation: /health\r\n\r\n",
}
NO_ADDRESSES = (
    *("127.0.0.1:4200/api", "localhost:4200/api", "ftp://127.0.0.1/api", "http://", "nonsense"),
    *("http://[::1/api", "http://127.0.0.1:99999/api", "http://127.0.0.1:port/api", "/api"),
)


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """Run a server that answers everything alike; yield an address as of an API there."""

    class Alike(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Alike) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/api"
        server.shutdown()


@pytest.mark.parametrize("answer", NOT_PREFECT.values(), ids=NOT_PREFECT)
def test_something_else_than_prefect_is_wrong_usage(
    answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(answer) as url:
        monkeypatch.setenv("PREFECT_API_URL", url)
        with pytest.raises(NotAPrefectServer, match=r"4200/api") as refused:
            configured_server()
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_what_is_no_address_is_wrong_usage(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", url)
    with pytest.raises(NotAPrefectServer, match="not the address of a server"):
        configured_server()


def test_a_server_s_address_without_api_is_wrong_usage(
    prefect_server: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = os.environ["PREFECT_API_URL"]
    assert configured_server() == url
    monkeypatch.setenv("PREFECT_API_URL", f"{url}/")
    assert configured_server() == f"{url}/"
    monkeypatch.setenv("PREFECT_API_URL", url.removesuffix("/api"))
    with pytest.raises(NotAPrefectServer):
        configured_server()


def _refused() -> str:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"http://127.0.0.1:{taken.getsockname()[1]}/api"


@pytest.mark.parametrize(
    "address", [_refused, lambda: "http://nowhere.invalid/api"], ids=["no listener", "no name"]
)
def test_where_nobody_is_is_refused(
    address: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", address())
    with pytest.raises(PrefectUnreachable, match="where no server answers"):
        configured_server()


def test_a_server_that_restarts_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(b"HTTP/1.0 200 OK\r\n\r\ntrue") as url:
        asked = iter([urllib.error.URLError(ConnectionRefusedError("Connection refused"))])
        ask = urllib.request.urlopen

        def refused_once(*address: Any, **options: Any) -> Any:
            for trouble in asked:
                raise trouble
            return ask(*address, **options)

        monkeypatch.setenv("PREFECT_API_URL", url)
        monkeypatch.setattr("urllib.request.urlopen", refused_once)
        assert configured_server() == url


@pytest.mark.parametrize("status", [b"500 Oh", b"502 Bad Gateway", b"503 Not Yet"])
def test_a_server_that_is_not_ready_is_refused(
    status: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(b"HTTP/1.0 " + status + b"\r\n\r\n") as url:
        monkeypatch.setenv("PREFECT_API_URL", url)
        with pytest.raises(PrefectUnreachable, match=status.decode()):
            configured_server()


@pytest.mark.parametrize(
    "trouble", [TimeoutError("timed out"), urllib.error.URLError(OSError("No route to host"))]
)
def test_a_silent_host_is_refused(trouble: OSError, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise trouble

    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:4200/api")
    monkeypatch.setattr("urllib.request.urlopen", fails)
    with pytest.raises(PrefectUnreachable, match=r"timed out|No route to host"):
        configured_server()


@pytest.mark.parametrize("status", [b"401 Unauthorized", b"403 Forbidden"])
def test_a_server_that_asks_who_is_there_is_left_to_prefect(
    status: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(b"HTTP/1.0 " + status + b"\r\n\r\n") as url:
        monkeypatch.setenv("PREFECT_API_URL", url)
        assert configured_server() == url


@pytest.mark.parametrize("url", ["", " "])
def test_an_empty_address_is_none(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", url)
    assert configured_server() is None


def test_a_proxy_that_prefect_cannot_use_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://prefect.example/api")
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    with pytest.raises(ProxyUnusable, match=r"ALL_PROXY is 'socks5://127.0.0.1:9'"):
        configured_server()
