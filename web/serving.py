"""Serving reports, accounts, data-quality pages and figures.

Reports and pages name sellers and points, so by default it listens to this machine only, rejects
requests made to other host names (DNS rebinding), and never serves the quarantine.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError

from domain.refusal import Refused, Unavailable
from flows.occasion import this_occasion
from flows.prefect.servers.lasting_server import PortTaken
from flows.prefect.servers.own_pages import OWN_HOSTS
from flows.settings import Settings
from web.accounts import accounts_csv, accounts_page
from web.index import index_page
from web.metrics import metrics_text
from web.store_pages import NoSuchPage, store_page

_HTML, _CSV, _TEXT = (f"text/{kind}; charset=utf-8" for kind in ("html", "csv", "plain"))
_PAGES: Final = {
    "": (_HTML, index_page),
    "accounts": (_HTML, accounts_page),
    "accounts.csv": (_CSV, accounts_csv),
}
_SHOWN: Final = ("reports", "docs")
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


@contextmanager
def serving(settings: Settings, port: int, host: str = "127.0.0.1") -> Iterator[str]:
    """Serve pages, `/metrics`, `/reports/` and `/docs/` in a thread; yield the address.

    Port 0 takes any that is free. Raises PortTaken.
    """
    try:
        server = ThreadingHTTPServer((host, port), partial(_Handler, settings, host))
    except OSError as error:
        raise PortTaken(port, error.strerror or str(error)) from error
    with server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{host}:{server.server_port}"
        server.shutdown()


def serve_until_stopped(
    settings: Settings, port: int, host: str, announce: Callable[[str], None]
) -> None:
    """Serve until SIGINT or SIGTERM; `announce` is called with the address."""
    stopped = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with serving(settings, port, host) as url:
        announce(url)
        stopped.wait()


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, settings: Settings, host: str, *arguments: Any) -> None:
        self._settings = settings
        self._names = {*OWN_HOSTS, host, *settings.host_names}
        super().__init__(*arguments, directory=str(settings.home))

    def parse_request(self) -> bool:
        """Reject a request made to a host name that is not configured."""
        if not super().parse_request():
            return False
        if self.headers.get("Host", "").partition(":")[0].lower() in self._names:
            return True
        self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
        return False

    def handle(self) -> None:
        """Answer until the client is gone."""
        with suppress(ConnectionError):
            super().handle()

    def do_GET(self) -> None:
        """Answer with the figures, a page of the moment, or a file."""
        first = self.path.split("?")[0].strip("/").split("/")[0]
        if first == "metrics":
            self._answer(CONTENT_TYPE_LATEST, metrics_text(self._settings))
        elif first == "stores":
            self._answer_with_page(_HTML, partial(store_page, address=self.path))
        elif first in _PAGES:
            self._answer_with_page(*_PAGES[first])
        elif self._is_shown():
            super().do_GET()
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def do_HEAD(self) -> None:
        """Answer for files only."""
        if self._is_shown():
            super().do_HEAD()
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        """Forbid pages to load or run anything, and to be shown in a frame of another page."""
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("X-Frame-Options", "DENY")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Do not log requests."""

    def _is_shown(self) -> bool:
        """Whether the path, with links and `..` resolved, is in a folder that is served."""
        home = self._settings.home.resolve()
        try:
            asked = Path(self.translate_path(self.path)).resolve()
        except (ValueError, OSError, RuntimeError):  # a NUL, a loop of links
            return False
        return any(asked.is_relative_to(home / each) for each in _SHOWN)

    def _answer_with_page(self, kind: str, page: Callable[[Settings, date], str]) -> None:
        try:
            content = page(self._settings, this_occasion().today)
        except NoSuchPage as missing:
            self._answer(_TEXT, f"{missing}\n".encode(), HTTPStatus.NOT_FOUND)
        except Refused as refused:  # a damaged record of a check, a ledger that does not tie
            self._answer(_TEXT, f"{refused}\n".encode(), HTTPStatus.INTERNAL_SERVER_ERROR)
        except (Unavailable, SQLAlchemyError):
            self._answer(_TEXT, b"The database does not answer.\n", HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            self._answer(kind, content.encode())

    def _answer(self, kind: str, content: bytes, status: int = HTTPStatus.OK) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
