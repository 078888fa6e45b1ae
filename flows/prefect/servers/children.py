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
from typing import Final

GRACE_SECONDS: Final = 5  # what a server's open connections are given when it is told to end


def start_child(
    words: Sequence[str], log_file: Path, fds: Sequence[int]
) -> subprocess.Popen[bytes]:
    """Start a module of ours, `words` after `python -m`, with open files handed to it."""
    with log_file.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 our own module, by our own interpreter
            [sys.executable, "-m", *words],
            pass_fds=fds,
            env=os.environ | {"PYTHONIOENCODING": "utf-8"},  # of its log, whatever a terminal's is
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


def _serve(listening: int) -> None:
    import uvicorn

    end_with_the_command()
    gc.disable()  # what is imported lives until the end; to look for garbage in it takes time
    import prefect.server.api.server  # noqa: F401

    gc.freeze()
    gc.enable()
    uvicorn.run(
        "flows.prefect.servers.own_pages:prefect_app",
        factory=True,
        fd=listening,
        log_level="error",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
