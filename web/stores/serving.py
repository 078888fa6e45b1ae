"""Serving an application of the stores in a thread of this process, for `up`."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from time import sleep
from typing import Final

import uvicorn
from fastapi import FastAPI

from domain.refusal import Unavailable
from flows.prefect.servers.lasting_server import PortTaken

_ENDING_SECONDS: Final = 10


class StoresNotServed(Unavailable):
    """The application did not start."""

    def __init__(self) -> None:
        super().__init__("The stores' pages did not start; the lines above say why.")


@contextmanager
def serving_stores(app: FastAPI, port: int, host: str = "127.0.0.1") -> Iterator[str]:
    """Serve in a thread, and yield the address; port 0 takes any that is free.

    Raises PortTaken, StoresNotServed.
    """
    with _listening(host, port) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            if not thread.is_alive():
                raise StoresNotServed
            sleep(0.02)
        yield f"http://{host}:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(_ENDING_SECONDS)


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port))
    except OSError as error:
        raise PortTaken(port, error.strerror or str(error)) from error
