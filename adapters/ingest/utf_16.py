"""Texts in UTF-16, as spreadsheet programs save "Unicode text": with tabs or with commas."""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator

from adapters.ingest.file_problem import FileProblem
from domain.sentence import sentence

_ROWS_AT_ONCE = 10_000
_LONGEST_LINE = 8 << 20  # letters
_TOO_LONG = sentence(
    "one of its lines has more than {most:,} letters, which no export has", most=_LONGEST_LINE
)
_DAMAGED = sentence("its text in UTF-16 is damaged; ask its sender for it again")
_UNPAIRED = sentence(
    "its quotes are unbalanced, so rows cannot be separated; ask its sender for it again"
)


def in_plain_csv(chunks: Iterable[bytes], delimiter: str) -> Iterator[bytes]:
    """Convert a text with a byte-order mark to CSV with commas and line feeds, in UTF-8.

    Raises FileProblem for invalid UTF-16 and for unclosed quotes.
    """
    texts = _decoded(chunks)
    if delimiter == ",":
        return (text.encode() for text in texts)
    return _with_commas(_lines(texts), delimiter)


def decoded_start(start: bytes) -> str:
    """Decode the first bytes of a text, which may end within a character; raises FileProblem."""
    try:
        return codecs.getincrementaldecoder("utf-16")().decode(start)
    except UnicodeDecodeError as error:
        raise FileProblem("file_damaged", _DAMAGED) from error


def _decoded(chunks: Iterable[bytes]) -> Iterator[str]:
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-16")(), translate=True)
    try:
        for chunk in chunks:
            yield decoder.decode(chunk)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise FileProblem("file_damaged", _DAMAGED) from error


def _lines(texts: Iterable[str]) -> Iterator[str]:
    held = ""
    for text in texts:
        if len(held) > _LONGEST_LINE:
            raise FileProblem("file_damaged", _TOO_LONG)
        *lines, held = (held + text).split("\n")
        yield from (f"{line}\n" for line in lines)
    if held:
        yield held


def _with_commas(lines: Iterable[str], delimiter: str) -> Iterator[bytes]:
    page = io.StringIO()
    writer = csv.writer(page, lineterminator="\n")
    try:
        for number, row in enumerate(csv.reader(lines, delimiter=delimiter, strict=True), 1):
            writer.writerow(row)
            if number % _ROWS_AT_ONCE == 0:
                yield _taken(page)
    except csv.Error as error:
        raise FileProblem("file_damaged", _UNPAIRED) from error
    yield _taken(page)


def _taken(page: io.StringIO) -> bytes:
    text = page.getvalue()
    page.seek(0)
    page.truncate()
    return text.encode()
