"""Serving an application by uvicorn, in this thread or in another of this process."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from domain.refusal import Unavailable
from domain.sentence import sentence
from flows.prefect.servers.lasting_server import PortTaken

_STOPPING_SECONDS: Final = 10
_BACKLOG: Final = 512


class NotServed(Unavailable):
    """An application did not start."""


def serve_until_stopped(
    app: ASGIApp, host: str, port: int, announce: Callable[[str], None]
) -> None:
    """Serve until SIGINT or SIGTERM; `announce` is called with the address once it is served.

    Raises PortTaken.
    """

    class Announced(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            announce(address_of(host, listener))

    server = Announced(_config_of(app))
    with listening(host, port) as listener:
        server.run(sockets=[listener])


def _config_of(app: ASGIApp) -> uvicorn.Config:
    """Return the settings of a server that logs no requests."""
    return uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_STOPPING_SECONDS,
    )


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Listen on a port; 0 takes any that is free. Raises PortTaken."""
    try:
        listener = socket.create_server((host, port), backlog=_BACKLOG)
    except OSError as error:
        raise PortTaken(port, error.strerror or str(error)) from error
    with listener:
        # An answer is sent in two pieces; the second must not wait until the first has arrived.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield listener


@contextmanager
def served_in_a_thread(app: ASGIApp, host: str, port: int) -> Iterator[str]:
    """Serve an application; yield its address. Raises PortTaken, NotServed."""
    server = uvicorn.Server(_config_of(app))
    with listening(host, port) as listener:
        thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            if not thread.is_alive():
                raise NotServed(sentence("The pages are not served; see the log above."))
            time.sleep(0.02)
        yield address_of(host, listener)
        server.should_exit = True
        thread.join(_STOPPING_SECONDS)


def address_of(host: str, listener: socket.socket) -> str:
    """Return the address at which a socket listens."""
    return f"http://{host}:{listener.getsockname()[1]}"
