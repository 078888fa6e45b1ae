"""The simulated ad system's HTTP server. It writes to the sockets itself, to misbehave there."""

import hmac
import json
import os
import signal
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from adapters.ad_system.simulated.answering import Asked, Reply, answer
from adapters.ad_system.simulated.behaviour import Behaviour, BehaviourInvalid
from adapters.ad_system.simulated.store import Store

_LONGEST_BODY: Final = 4 * 1024 * 1024


class Server(ThreadingHTTPServer):
    """A server on this machine, with a thread for each connection."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, store: Store, token: str, behaviour: Behaviour) -> None:
        """Listen on a port; 0 takes a free one."""
        super().__init__(("127.0.0.1", port), _Connection)
        self.store = store
        self.token = token
        self.behaviour = behaviour


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Write nothing: the requests are the tests' own."""

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        asked = Asked(self.command, self.path, self.rfile.read(min(length, _LONGEST_BODY)))
        if asked.target.startswith("/admin/"):
            self._write(_written(self._administer(asked), Behaviour()))
            return
        behaviour = self.server.behaviour
        reply = self._reply(behaviour, asked)
        time.sleep(behaviour.answer_after)
        self.close_connection |= behaviour.answers == 0
        for _ in range(behaviour.answers):
            self._write(_written(reply, behaviour), behaviour.byte_every)

    def _reply(self, behaviour: Behaviour, asked: Asked) -> Reply:
        time.sleep(behaviour.act_after)
        expected = f"Bearer {behaviour.token or self.server.token}"
        given = self.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), expected.encode()):
            return HTTPStatus.UNAUTHORIZED, {"error": "another token is expected"}
        if not behaviour.acts:
            return HTTPStatus.SERVICE_UNAVAILABLE, {"error": "down"}
        return answer(
            self.server.store, behaviour, asked, lambda step: _die(step == behaviour.dies)
        )

    def _administer(self, asked: Asked) -> Reply:
        if (asked.method, asked.target) == ("GET", "/admin/accounts"):
            return HTTPStatus.OK, self.server.store.accounts()
        if (asked.method, asked.target) != ("PUT", "/admin/behaviour"):
            return HTTPStatus.NOT_FOUND, {"error": "there is nothing here"}
        try:
            self.server.behaviour = Behaviour.parse(json.loads(asked.body))
        except (BehaviourInvalid, ValueError) as error:
            return HTTPStatus.BAD_REQUEST, {"error": str(error)}
        return HTTPStatus.OK, {}

    def _write(self, answer: bytes, byte_every: float = 0.0) -> None:
        try:
            if not byte_every:
                self.wfile.write(answer)
                return
            for byte in answer:
                self.wfile.write(bytes((byte,)))
                time.sleep(byte_every)
        except ConnectionError:
            self.close_connection = True


def _written(reply: Reply, behaviour: Behaviour) -> bytes:
    status, content = reply
    body = json.dumps(content, ensure_ascii=False) if behaviour.body is None else behaviour.body
    encoded = body.encode("utf-8", "surrogateescape")
    headers = {
        "Content-Type": "application/json",
        "Content-Length": str(len(encoded)),
        **(behaviour.headers or {}),
    }
    lines = [f"HTTP/1.1 {behaviour.status or status.value} Simulated"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + encoded


def _die(now: bool) -> None:
    if now:
        os.kill(os.getpid(), signal.SIGKILL)
