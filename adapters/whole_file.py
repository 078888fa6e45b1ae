"""Writing files that are found whole or not at all, whenever the program or the machine stops."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


def write_whole(file: Path, text: str) -> None:
    """Write a text to a file in an existing folder, in UTF-8."""
    with written_whole(file) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


@contextmanager
def written_whole(file: Path) -> Iterator[Path]:
    """Yield a path beside the file to write to; after the block it is on disk under its name.

    If the block fails, the file is as it was, and an OSError without a file's name gets this one's.
    """
    unfinished = file.with_name(f"{file.name}.{uuid4().hex[:8]}.unfinished")  # of this run alone
    try:
        yield unfinished
        _to_disk(unfinished)
        unfinished.replace(file)
        _to_disk(file.parent)  # or a power loss could undo the renaming
    except OSError as error:
        error.filename = error.filename or str(file)
        raise
    finally:
        unfinished.unlink(missing_ok=True)


def _to_disk(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
