"""Heads in a file, a line each; the file is only ever appended to."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import Final

from adapters.heads.head import NoHead, NotPublished, PublishedHead, is_news, placed_after
from domain.sentence import sentence

_LONGEST_WAIT: Final = 10.0  # seconds for another process that appends


@dataclass(frozen=True, slots=True)
class HeadFile:
    """A file of heads on this machine, or on one that it has mounted."""

    path: Path

    @property
    def name(self) -> str:
        """How messages call it."""
        return str(self.path)

    def publish(self, head: PublishedHead) -> None:
        """Append a head unless it is there; raises NotPublished."""
        with _worded(), _opened(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT) as file:
            _lock(file)
            content = _content(file)
            held = tuple(_heads(content))
            if is_news(head, held):
                # What a full disk cut off ends where the new line begins.
                torn = b"\n" if content and not content.endswith(b"\n") else b""
                _append(file, torn + placed_after(head, held).line(), len(content))

    def read(self) -> tuple[PublishedHead, ...]:
        """Read all heads, none if there is no file; raises NotPublished if it cannot be read."""
        with _worded():
            try:
                with _opened(self.path, os.O_RDONLY) as file:
                    return tuple(_heads(_content(file)))
            except FileNotFoundError:
                return ()


@contextmanager
def _worded() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise NotPublished(str(error.strerror or error)) from error


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    file = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)
    try:
        if not S_ISREG(os.fstat(file).st_mode):
            raise NotPublished(sentence("it is not an ordinary file"))
        yield file
    finally:
        os.close(file)


def _lock(file: int) -> None:
    until = time.monotonic() + _LONGEST_WAIT
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise NotPublished(sentence("another process keeps it locked")) from None
            time.sleep(0.05)
        else:
            return


def _content(file: int) -> bytes:
    with os.fdopen(os.dup(file), "rb") as reader:
        reader.seek(0)
        return reader.read()


def _append(file: int, line: bytes, size: int) -> None:
    """Write all of a line or nothing, where the file system lets what was begun be removed."""
    left = line
    try:
        while left:
            left = left[os.write(file, left) :]
        os.fsync(file)
    except OSError:
        with suppress(OSError):
            os.ftruncate(file, size)
        raise


def _heads(content: bytes) -> Iterator[PublishedHead]:
    """Read the lines that are heads; others prove nothing."""
    for line in content.split(b"\n"):
        with suppress(NoHead):
            yield PublishedHead.parse(line)
