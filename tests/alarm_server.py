"""A webhook that hears the alarms of a server, and a flow whose runs are looked at."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from threading import Thread

import pytest
from prefect import flow
from prefect.client.orchestration import get_client

from flows.prefect.alarms import BLOCK, apply_alarms

PATIENCE_S = 300  # a command on a machine that is busy with others


@flow(name="a-flow")
def a_flow() -> None:
    """Do nothing; its runs are only looked at."""


def texts(received: Queue[str], number: int) -> list[str]:
    texts = []
    try:
        for _ in range(number):
            texts.append(received.get(timeout=PATIENCE_S))  # noqa: PERF401 what came is shown if one lacks
    except Empty:
        pytest.fail(f"only {texts} came")
    return texts


def forget_the_webhook() -> None:
    with get_client(sync_client=True) as client:
        client.delete_block_document(client.read_block_document_by_name(BLOCK, "custom-webhook").id)
    apply_alarms()


@contextmanager
def webhook() -> Iterator[tuple[str, Queue[str]]]:
    """Listen on this machine; yield the address and the texts that come."""
    received: Queue[str] = Queue()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            received.put(json.loads(self.rfile.read(length))["text"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/hook", received
        server.shutdown()
