"""Serving the operators' pages and the figures.

Pages name sellers and points, so by default it listens to this machine only, rejects requests made
to other host names (DNS rebinding), and never serves the quarantine's files.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event

from flows.settings import Settings
from web.listening import served_in_a_thread
from web.operators.app import create_operators_app


@contextmanager
def serving(settings: Settings, port: int, host: str = "127.0.0.1") -> Iterator[str]:
    """Serve the pages, `/metrics`, `/reports/` and `/docs/` in a thread; yield the address.

    Port 0 takes any that is free. Raises PortTaken.
    """
    with served_in_a_thread(create_operators_app(settings, host), host, port) as address:
        yield address


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
