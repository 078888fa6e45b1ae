"""Opening a delivery's files: each becomes a path that the engine can read to its end."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import Enum, auto
from itertools import chain
from pathlib import Path
from threading import Lock

from adapters.ingest.delivery import DeliveredFile
from adapters.ingest.file_layout import Format
from adapters.ingest.file_problem import FileProblem
from adapters.ingest.reading_sql import Source
from adapters.ingest.spreadsheets import write_as_text
from adapters.ingest.text_files import is_plain, shape_of, write_plain
from domain.columns import Content

_CONVERTED_AT_ONCE = 2
_ONE_WORKBOOK = Lock()  # each may need a gigabyte of memory


class Reading(Enum):
    """The modes of reading texts, from the fastest to the most robust."""

    SIMPLE = auto()  # only texts that every parser reads alike
    TOGETHER = auto()  # by several threads, which may lose broken rows at the borders
    ALONE = auto()  # by one thread

    @property
    def more_careful(self) -> "Reading":
        """The next, more robust mode."""
        return {Reading.SIMPLE: Reading.TOGETHER, Reading.TOGETHER: Reading.ALONE}[self]


class UnreliableReading(Exception):
    """Texts that need a more careful reading: not simple, or several threads lost rows of one."""

    def __init__(self, content: Content) -> None:
        super().__init__(content)
        self.content = content


class FilesDamaged(Exception):
    """Files that turned out to be damaged while they were read."""

    def __init__(self, problems: tuple[tuple[str, FileProblem], ...]) -> None:
        super().__init__(", ".join(name for name, _ in problems))
        self.problems = problems


def readable_sources(
    files: Sequence[DeliveredFile], texts: Path, reading: Reading
) -> tuple[Source, ...]:
    """Make files readable for the engine, converting some to texts in the folder `texts`.

    Raises FilesDamaged, naming all damaged files.
    """
    problems: list[tuple[str, FileProblem]] = []

    def made_readable(file: DeliveredFile) -> list[Source]:
        try:
            return _readable(file, texts, reading)
        except FileProblem as problem:
            problems.append((file.name, problem))
            return []

    with ThreadPoolExecutor(_CONVERTED_AT_ONCE) as pool:
        sources = tuple(chain.from_iterable(pool.map(made_readable, files)))
    if problems:
        raise FilesDamaged(tuple(sorted(problems, key=lambda problem: problem[0])))
    return sources


def _readable(file: DeliveredFile, texts: Path, reading: Reading) -> list[Source]:
    """Return sources that the engine reads to their end; simple texts are checked on reading."""
    if file.layout.format is Format.PARQUET:
        return [Source(file, file.path, header_row=0)]
    if file.layout.format is Format.XLSX:
        return _sheets(file, texts)
    return [_unconverted(file, reading) or _converted(file, texts / file.name)]


def _unconverted(file: DeliveredFile, reading: Reading) -> Source | None:
    """Return a text that the engine can read as it is; None if it must be converted."""
    if not is_plain(file.path, file.layout.text):
        return None
    if reading is Reading.SIMPLE:
        return Source(file, file.path)
    shape = shape_of(file.path, len(file.layout.names))
    return Source(file, file.path, shape) if shape.has_like_ends else None


def _converted(file: DeliveredFile, text: Path) -> Source:
    """Convert a text to one that the engine can read."""
    text.parent.mkdir(parents=True, exist_ok=True)
    write_plain(file.path, file.layout.text, file.layout.names, text)
    return Source(file, text, shape_of(text, len(file.layout.names)))


def _sheets(file: DeliveredFile, texts: Path) -> list[Source]:
    """Convert the sheets of a workbook that hold rows to texts, each a source of its own."""
    parts = [(part, part.layout.sheet, texts / part.name) for part in file.parts]
    with _ONE_WORKBOOK:
        write_as_text(file.path, {sheet: text for _, sheet, text in parts if sheet is not None})
    return [
        Source(part, text, shape_of(text, len(sheet.names)), sheet.header_row)
        for part, sheet, text in parts
        if sheet is not None
    ]
