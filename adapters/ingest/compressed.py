"""Opening delivered texts, decompressing them if needed."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from adapters.ingest.file_problem import FileProblem, damaged
from domain.sentence import sentence


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a text, decompressing it if needed; raises FileProblem when it is damaged."""
    try:
        with _decompressed(path) as file:
            yield file
    except gzip.BadGzipFile as error:
        if _starts_with_gzip(path):  # gzip reports a wrong checksum with the same exception
            raise damaged(error) from error
        raise FileProblem("file_mislabeled", sentence("it is not compressed with gzip")) from error
    except (EOFError, zlib.error) as error:
        raise damaged(error) from error
    except OSError as error:
        if error.errno is not None or not path.name.endswith(".zst"):
            raise
        raise damaged(error) from error


def is_compressed(path: Path) -> bool:
    """Return whether a text is compressed, by its name."""
    return path.name.endswith((".gz", ".zst"))


def _starts_with_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _decompressed(path: Path) -> BinaryIO:
    if path.name.endswith(".gz"):
        return cast("BinaryIO", gzip.open(path))
    if path.name.endswith(".zst"):
        import pyarrow as pa

        return cast("BinaryIO", pa.input_stream(str(path), compression="zstd"))
    return path.open("rb")
