"""Choosing the sheets of a workbook that hold a delivery's rows.

Other sheets, such as a summary, are not read but reported. A sheet that seems to hold rows without
a complete header above them is refused.
"""

import re
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from adapters.ingest.file_problem import FileProblem
from adapters.ingest.headers import column_name, recognized, require_columns
from adapters.ingest.spreadsheets import Sheet, read_sheets
from domain.columns import Content, Kind
from domain.delivery import COLUMNS, KNOWN_WORDS
from domain.sentence import sentence
from domain.written import word_key

_WHOLE = re.compile(r"[+-]?[0-9]{1,3}(,?[0-9]{3})*(\.0+)?")
_DATE = re.compile(r"[0-9]{4}([-./])[0-9]{1,2}\1[0-9]{1,2}( .*)?")
_FLAGS = {"true", "false", "t", "f", "yes", "no", "y", "n", "1", "0"}
_FLAGS_OF_A_ROW = 3
_WORDS = {
    column: {word_key(written) for code, others in words.items() for written in (code, *others)}
    for column, words in KNOWN_WORDS.items()
}


@dataclass(frozen=True, slots=True)
class Choice:
    """The sheets that hold rows, and the names of the others."""

    read: tuple[Sheet, ...]
    not_read: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Look:
    """A sheet, the number of canonical columns in its header, and whether it holds rows."""

    sheet: Sheet
    known: int
    holds_rows: bool


def choose_sheets(path: Path, content: Content, stated: frozenset[str]) -> Choice:
    """Choose the sheets of a workbook that hold a delivery's rows; empty ones are ignored.

    `stated` names the columns that the file's folder states for all its rows. Raises FileProblem,
    naming the sheet, if one lacks a column or has rows that are not under a header.
    """
    width = len(COLUMNS[content]) - len(stated)
    looks = _looks(path, content, width)
    chosen = [look.sheet for look in looks if _is_enough(look.known, width)]
    others = [look for look in looks if look.sheet not in chosen]
    _refuse_rows(look.sheet.name for look in others if look.holds_rows)
    nearest = sorted(others, key=lambda look: -look.known)[:1]
    for sheet in chosen or [look.sheet for look in nearest]:
        where = sentence(" in its sheet {sheet}", sheet=sheet.name) if len(looks) > 1 else ""
        require_columns(sheet.names, content, stated, where)
    if not looks:
        require_columns((), content, stated)
    return Choice(tuple(chosen), tuple(look.sheet.name for look in others))


def _looks(path: Path, content: Content, width: int) -> list[_Look]:
    with closing(read_sheets(path)) as sheets:
        return [
            _Look(sheet, len(recognized(sheet.names, content)), _holds_rows(rows, content, width))
            for sheet, rows in sheets
            if sheet.names
        ]


def _is_enough(known: int, width: int) -> bool:
    """Return whether a header with so many known columns is meant for a delivery's rows."""
    return 2 * known > width


def _refuse_rows(names: Iterable[str]) -> None:
    if listed := ", ".join(names):
        told = sentence(
            "rows that look like a delivery's are not under a header in sheet {sheets}; make the "
            "header the first row there, or remove the sheet",
            sheets=listed,
        )
        raise FileProblem("sheet_header_absent", told)


def _holds_rows(rows: Iterable[Sequence[str]], content: Content, width: int) -> bool:
    """Return whether a delivery's header, or rows before another table's header, are found."""
    headed = False
    for row in rows:
        cells = [cell.strip() for cell in row if cell.strip()]
        names = [column_name(cell) for cell in cells]
        if _is_enough(len(cells), width) and _is_enough(len(recognized(names, content)), width):
            return True
        if len(cells) >= width - 1:
            if not headed and _is_row(cells, content):
                return True
            headed = True
    return False


def _is_row(cells: Sequence[str], content: Content) -> bool:
    """Return whether cells look like a delivery's row: known words, a date, numbers or flags."""
    keys = {word_key(cell) for cell in cells}
    columns = COLUMNS[content]
    signs = [not keys.isdisjoint(_WORDS[c.name]) for c in columns if c.kind is Kind.WORD]
    signs.append(any(map(_DATE.fullmatch, cells)))
    if any(column.kind is Kind.WHOLE for column in columns):
        signs.append(any(map(_WHOLE.fullmatch, cells)))
    else:
        signs.append(sum(cell.lower() in _FLAGS for cell in cells) >= _FLAGS_OF_A_ROW)
    return sum(signs) >= len(signs) - 1
