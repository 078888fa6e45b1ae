"""The processes that a command starts for itself: a Prefect server, and a worker of its runs.

Each watches the pipe from the command that started it and ends when that ends, however it ends. It
has a session of its own, so that Ctrl-C reaches the command alone, which ends them in order.
"""

import gc
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

OWN_NAMES: Final = ("127.0.0.1", "localhost")  # of this machine, whatever else it is called
GRACE_SECONDS: Final = 5  # what a server's open connections are given when it is told to end
_ONLY_THIS_SERVER: Final = (
    b"content-security-policy",
    b"connect-src 'self'; img-src 'self' data: blob:; font-src 'self' data:; frame-src 'self'",
)


def start_child(
    words: Sequence[str], log_file: Path, fds: Sequence[int]
) -> subprocess.Popen[bytes]:
    """Start a module of ours, `words` after `python -m`, with open files handed to it."""
    with log_file.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 our own module, by our own interpreter
            [sys.executable, "-m", *words],
            pass_fds=fds,
            stdin=subprocess.PIPE,  # never written to: its end is the command's end
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def start_server(listening: socket.socket, log_file: Path) -> subprocess.Popen[bytes]:
    """Start a Prefect server, which answers what waits in the socket's queue once it is up."""
    return start_child([__name__, str(listening.fileno())], log_file, [listening.fileno()])


def end_with_the_command() -> None:
    """End this process, and all that it started, when the command's end of the pipe closes."""

    def wait_for_the_end() -> None:
        os.read(sys.stdin.fileno(), 1)
        os.killpg(os.getpgrp(), signal.SIGKILL)

    Thread(target=wait_for_the_end, daemon=True).start()


def quiet_server() -> "ASGIApp":
    """Make Prefect's server, whose pages may speak to it and to nobody else.

    Its UI asks a service outside for how to collect statistics, even where it is told to send none.
    It has no login, so it answers nobody who calls it by a name that is not this machine's own: a
    page from elsewhere could have its name lead here.
    """
    from prefect.server.api.server import create_app
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    app = TrustedHostMiddleware(create_app(), allowed_hosts=list(OWN_NAMES), www_redirect=False)

    async def answer(scope: "Scope", receive: "Receive", send: "Send") -> None:
        async def send_with_policy(message: "Message") -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), _ONLY_THIS_SERVER]
            await send(message)

        await app(scope, receive, send_with_policy)

    return answer


def _serve(listening: int) -> None:
    import uvicorn

    end_with_the_command()
    _let_only_own_pages_ask(listening)
    gc.disable()  # what is imported lives until the end; to look for garbage in it takes time
    import prefect.server.api.server  # noqa: F401

    gc.freeze()
    gc.enable()
    uvicorn.run(
        f"{__spec__.name}:quiet_server",
        factory=True,
        fd=listening,
        log_level="error",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def _let_only_own_pages_ask(listening: int) -> None:
    """Have browsers refuse what pages of others ask of it; Prefect lets all of them, by default."""
    with socket.socket(fileno=os.dup(listening)) as bound:
        port = bound.getsockname()[1]
    own = ",".join(f"http://{name}:{port}" for name in OWN_NAMES)
    os.environ.setdefault("PREFECT_SERVER_CORS_ALLOWED_ORIGINS", own)


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
