"""Folders that belong to one run, locked while it lives; abandoned ones are removed."""

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from flows.settings import Settings

_NAME = ".in-use-"


@contextmanager
def run_folder(folder: Path) -> Iterator[Path]:
    """Create a folder and lock it for the length of the block, then remove it.

    The operating system releases the lock when the process ends, however it ends.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = _hold_of(folder)
    lock = _hold(beside)  # before the folder exists, so that it is never without a lock
    try:
        folder.mkdir(exist_ok=True)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        beside.unlink(missing_ok=True)
        os.close(lock)


def remove_abandoned_copies(settings: Settings) -> None:
    """Remove copies of deliveries that killed runs left; they hold raw lines."""
    remove_abandoned((*settings.staging.glob("*"), *settings.fetched.glob("*")))


def remove_abandoned(found: Iterable[Path]) -> None:
    """Remove those of the given folders and lock files that no living run holds."""
    for folder in {path.with_name(path.name.removeprefix(_NAME)) for path in found}:
        with suppress(OSError):
            _remove_unless_held(folder)


def _remove_unless_held(folder: Path) -> None:
    beside = _hold_of(folder)
    lock = os.open(beside, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
        beside.unlink(missing_ok=True)
    finally:
        os.close(lock)


def _hold(beside: Path) -> int:
    """Create and lock a file; retry if another process removed it before it was locked."""
    while True:
        lock = os.open(beside, os.O_RDWR | os.O_CREAT)
        fcntl.flock(lock, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(lock), beside.stat()):
                return lock
        os.close(lock)


def _hold_of(folder: Path) -> Path:
    return folder.with_name(f"{_NAME}{folder.name}")
