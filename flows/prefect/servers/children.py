"""The child processes of a command: a Prefect server, and a worker.

Each watches the pipe from its parent and exits when the parent does, however that ends. Each has
its own session, so that Ctrl-C reaches the parent alone, which ends them in order.
"""

import gc
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Final

_LARGEST_LOG: Final = 20 * 2**20  # bytes
GRACE_SECONDS: Final = 5  # for a server's open connections when it shuts down


def start_child(
    words: Sequence[str], log_file: Path, fds: Sequence[int], *, umask: int = -1
) -> subprocess.Popen[bytes]:
    """Start one of our modules (`words` follow `python -m`), passing it open files.

    `umask` takes permissions from the files that it makes; -1 leaves it as it is.
    """
    with log_file.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 our own module, by our own interpreter
            [sys.executable, "-m", *words],
            pass_fds=fds,
            env=os.environ | {"PYTHONIOENCODING": "utf-8"},  # for its log
            stdin=subprocess.PIPE,  # never written to; it closes when the parent ends
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=umask,
        )


def keep_small(log_file: Path) -> None:
    """Empty a log that has grown, while its process writes on; its text is kept until next time."""
    with suppress(OSError):  # somebody may have moved it away
        if log_file.stat().st_size > _LARGEST_LOG:
            with suppress(OSError):  # a full disk has no room for it
                shutil.copyfile(log_file, log_file.with_name(f"{log_file.name}.1"))
            os.truncate(log_file, 0)  # its process appends, whatever its end is


def start_server(listening: socket.socket, log_file: Path) -> subprocess.Popen[bytes]:
    """Start a Prefect server on a listening socket; requests queue there until it is up.

    Nobody else of the machine may read its database, which holds webhooks with their key.
    """
    number = listening.fileno()
    return start_child([__name__, str(number)], log_file, [number], umask=0o077)


def exit_with_parent() -> None:
    """Kill this process group when the parent's end of the pipe closes."""

    def wait_for_the_end() -> None:
        os.read(sys.stdin.fileno(), 1)
        os.killpg(os.getpgrp(), signal.SIGKILL)

    Thread(target=wait_for_the_end, daemon=True).start()


def _serve(listening: int) -> None:
    import uvicorn

    exit_with_parent()
    _import_server()
    uvicorn.run(
        "flows.prefect.servers.own_pages:prefect_app",
        factory=True,
        fd=listening,
        log_level="error",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def _import_server() -> None:
    """Import the server before it runs, since that takes seconds."""
    gc.disable()  # collecting garbage while importing takes time and finds none
    import prefect.server.api.server  # noqa: F401

    gc.freeze()
    gc.enable()


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
