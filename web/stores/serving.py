"""Serving the stores' page and interface by uvicorn, in this process or in a thread of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fastapi import FastAPI

from flows.program import stores_database
from flows.settings import Settings
from web.listening import serve_until_stopped, served_in_a_thread
from web.stores.app import create_app


def serve_stores_until_stopped(
    settings: Settings, port: int, host: str, announce: Callable[[str], None]
) -> None:
    """Serve until SIGINT or SIGTERM; `announce` is called with the address once it is served.

    Raises PortTaken.
    """
    app = create_app(settings)
    _require_database(settings)
    serve_until_stopped(app, host, port, announce)


@contextmanager
def serving_stores(
    settings: Settings,
    port: int,
    host: str = "127.0.0.1",
    add: Callable[[FastAPI], None] | None = None,
) -> Iterator[str]:
    """Serve in a thread; yield the address. Port 0 takes any that is free. Raises PortTaken.

    `add` may add to the application before it starts.
    """
    app = create_app(settings)
    if add is not None:
        add(app)
    _require_database(settings)
    with served_in_a_thread(app, host, port) as address:
        yield address


def _require_database(settings: Settings) -> None:
    """Raise what is wrong with the database before anybody is told an address."""
    with stores_database(settings, 1):
        pass
