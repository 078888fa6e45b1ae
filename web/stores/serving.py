"""Serving the stores' page and interface by uvicorn, in this process or in a thread of it."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Final

import uvicorn
from fastapi import FastAPI

from domain.refusal import Unavailable
from domain.sentence import sentence
from flows.prefect.servers.lasting_server import PortTaken
from flows.program import stores_database
from flows.settings import Settings
from web.stores.app import create_app

_STOPPING_SECONDS: Final = 10
_BACKLOG: Final = 512


class StoresNotServed(Unavailable):
    """The stores' interface did not start."""


def serve_stores_until_stopped(
    settings: Settings, port: int, host: str, announce: Callable[[str], None]
) -> None:
    """Serve until SIGINT or SIGTERM; `announce` is called with the address. Raises PortTaken."""
    server = _server(create_app(settings))
    _require_database(settings)
    with _listening(host, port) as listener:
        announce(_address(host, listener))
        server.run(sockets=[listener])


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
    server = _server(app)
    _require_database(settings)
    with _listening(host, port) as listener:
        thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            if not thread.is_alive():
                raise StoresNotServed(
                    sentence("The stores' interface did not start; see the log above.")
                )
            time.sleep(0.02)
        yield _address(host, listener)
        server.should_exit = True
        thread.join(_STOPPING_SECONDS)


def _server(app: FastAPI) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_STOPPING_SECONDS,
    )
    return uvicorn.Server(config)


def _require_database(settings: Settings) -> None:
    """Raise what is wrong with the database before anybody is told an address."""
    with stores_database(settings, 1):
        pass


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    try:
        listener = socket.create_server((host, port), backlog=_BACKLOG)
    except OSError as error:
        raise PortTaken(port, error.strerror or str(error)) from error
    with listener:
        # An answer is sent in two pieces; the second must not wait until the first has arrived.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield listener


def _address(host: str, listener: socket.socket) -> str:
    return f"http://{host}:{listener.getsockname()[1]}"
