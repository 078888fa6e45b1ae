"""Delivered spreadsheets (.xlsx): reading sheets and converting them to CSV."""

import csv
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import dropwhile
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum

from adapters.ingest.file_problem import FileProblem, damaged
from adapters.ingest.headers import column_name
from domain.sentence import sentence

_LONGEST_NAME = 31  # Excel's limit
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a workbook: its position, its name, its header and the number of that row.

    The header is the first row that is not empty. The name is unique in the workbook and safe in
    paths.
    """

    place: int
    name: str
    names: tuple[str, ...]
    header_row: int


def read_sheets(path: Path) -> Generator[tuple[Sheet, Iterator[list[str]]], None, None]:
    """Read a workbook's sheets, including hidden ones, each with its rows from the header on.

    A row is a list of texts, empty if all cells are. The workbook stays open until the generator
    is exhausted or closed. Raises FileProblem.
    """
    with _workbook(path) as workbook:
        sheet_names = _distinct(workbook.sheet_names)
        for place, about in enumerate(workbook.sheets_metadata):
            if about.typ is SheetTypeEnum.ChartSheet:
                continue
            sheet = workbook.get_sheet_by_index(place)
            row = 1 if sheet.start is None else sheet.start[0] + 1
            yield Sheet(place, sheet_names[place], _names(sheet), row), _rows(sheet)


def write_as_text(path: Path, targets: Mapping[Sheet, Path]) -> None:
    """Write sheets as CSV in UTF-8, with the header in one line.

    A row of empty cells becomes an empty line, which is not a row: sheets end with many of them.
    """
    with _workbook(path) as workbook:
        for sheet, target in targets.items():
            rows = _rows(workbook.get_sheet_by_index(sheet.place))
            width = len(sheet.names)
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                next(rows, None)
                writer.writerow(sheet.names)
                writer.writerows(_of_width(row, width) for row in rows)


def _of_width(row: list[str], width: int) -> list[str]:
    cells = row[:width]
    return cells + [""] * (width - len(cells)) if any(cells) else []


def _rows(sheet: CalamineSheet) -> Iterator[list[str]]:
    texts = ([_as_text(cell) for cell in row] for row in sheet.iter_rows())
    return dropwhile(lambda row: not any(row), texts)


def _names(sheet: CalamineSheet) -> tuple[str, ...]:
    rows = sheet.to_python(skip_empty_area=True, nrows=1)
    return tuple(column_name(_as_text(cell)) for cell in (rows[0] if rows else []))


def _distinct(names: Iterable[str]) -> list[str]:
    """Make the sheets' names safe in paths; raises FileProblem for equal names."""
    safe = [_safe(name) for name in names]
    counted = Counter(name.casefold() for name in safe)
    if same := [name for name in safe if counted[name.casefold()] > 1]:
        told = sentence(
            "two of its sheets have the name {name}; save it in a spreadsheet program", name=same[0]
        )
        raise FileProblem("file_damaged", told)
    return safe


def _safe(name: str) -> str:
    composed = unicodedata.normalize("NFC", name)[:_LONGEST_NAME]
    shown = "".join(c if c.isprintable() and c not in "/\\" else "_" for c in composed)
    return f"_{shown[1:]}" if shown[:1] in ("", ".") else shown


@contextmanager
def _workbook(path: Path) -> Iterator[CalamineWorkbook]:
    """Open a workbook; errors while it is read become a FileProblem."""
    if not zipfile.is_zipfile(path):
        raise _no_archive(path)
    try:
        with CalamineWorkbook.from_path(str(path)) as workbook:
            yield workbook
    except (CalamineError, LookupError, ValueError, OverflowError) as error:
        raise damaged(error) from error


def _no_archive(path: Path) -> FileProblem:
    """Return the problem of a file that is named like a spreadsheet and is not one."""
    with path.open("rb") as file:
        start = file.read(len(_COMPOUND))
    if start.startswith(b"PK\x03\x04"):
        return FileProblem(
            "file_damaged", sentence("the spreadsheet is cut off; ask its sender for it again")
        )
    if start != _COMPOUND:
        return FileProblem(
            "file_mislabeled", sentence("it is not an .xlsx spreadsheet, as its name says")
        )
    if _ENCRYPTED in path.read_bytes():
        return FileProblem(
            "file_encrypted",
            sentence("the workbook is encrypted with a password; save it without one"),
        )
    return FileProblem(
        "file_mislabeled",
        sentence("it is an old .xls workbook, not an .xlsx spreadsheet; save it as .xlsx"),
    )


def _as_text(cell: Any) -> str:
    """Write a cell's value, without the decimal zero and the midnight that spreadsheets add."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    if isinstance(cell, datetime):
        midnight = cell.time() == datetime.min.time()
        return cell.date().isoformat() if midnight else cell.isoformat(" ")
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return cell.isoformat() if isinstance(cell, date) else str(cell)
