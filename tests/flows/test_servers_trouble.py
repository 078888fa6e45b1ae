"""A Prefect server that fails keeps nobody from working; a fault of the program is not hidden."""

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from prefect import settings as prefect_settings
from prefect.artifacts import create_markdown_artifact
from prefect.settings import temporary_settings

from flows.paying import due_payouts
from flows.prefect import ui_links
from flows.prefect.alarms import apply_alarms_if_possible
from flows.prefect.server_errors import best_effort
from flows.settings import Settings


def _answering(status: int, body: bytes) -> type[BaseHTTPRequestHandler]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    return Answer


class _Closing(BaseHTTPRequestHandler):
    def handle(self) -> None:
        self.rfile.readline()


@contextmanager
def _served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/api"
        server.shutdown()


@contextmanager
def _silent() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/api"


@contextmanager
def _dead() -> Iterator[str]:
    yield "http://127.0.0.1:1/api"


FAILING: dict[str, Callable[[], AbstractContextManager[str]]] = {
    "a dead port": _dead,
    "a server that does not answer": _silent,
    "one that closes the connection": lambda: _served(_Closing),
    "one that fails": lambda: _served(_answering(500, b"{}")),
    "one that wants a login": lambda: _served(_answering(401, b"{}")),
    "a page of something else": lambda: _served(_answering(200, b"<html>")),
}


@pytest.fixture(params=FAILING)
def failing_server(request: pytest.FixtureRequest) -> Iterator[None]:
    with FAILING[request.param]() as url:
        changes = {
            prefect_settings.PREFECT_API_URL: url,
            prefect_settings.PREFECT_API_REQUEST_TIMEOUT: 0.5,
            prefect_settings.PREFECT_CLIENT_MAX_RETRIES: 0,
        }
        with temporary_settings(changes):
            yield


def test_whatever_a_server_fails_with_is_a_warning(
    failing_server: None,
    tmp_path: Path,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(ui_links, "server_is_temporary", lambda: False)

    assert ui_links.form_address("close-month/close-month", {}) is None
    due_payouts.plan_payout_runs(Settings(home=tmp_path, database_url=database_url))
    apply_alarms_if_possible()
    with best_effort("the report"):
        create_markdown_artifact("a report", key="report")

    told = [each.message for each in caplog.records if each.name == "growth_points.server_errors"]
    assert [sentence.partition(":")[0] for sentence in told] == [
        "the address of a form could not be read from the Prefect server",
        "payouts could not be planned on the Prefect server; the daily sweep will pay them",
        "the alarms could not be applied; use growth-points alarms",
        "the report could not be sent to the Prefect server",
    ]


@pytest.mark.parametrize("fault", [KeyError("month"), TypeError(), RuntimeError("no cause")])
def test_a_fault_of_the_program_is_raised(
    fault: Exception, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(due_payouts, "plan", fail)
    monkeypatch.setattr("flows.prefect.alarms.apply_alarms", fail)
    monkeypatch.setattr(ui_links, "server_is_temporary", lambda: False)
    monkeypatch.setattr(ui_links, "get_client", fail)

    with pytest.raises(type(fault)):
        due_payouts.plan_payout_runs(Settings(home=tmp_path, database_url=database_url))
    with pytest.raises(type(fault)):
        apply_alarms_if_possible()
    with pytest.raises(type(fault)):
        ui_links.form_address("close-month/close-month", {})
    with pytest.raises(type(fault)), best_effort("the report"):
        fail()
