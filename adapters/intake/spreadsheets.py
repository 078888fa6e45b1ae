"""Delivered spreadsheets (.xlsx): the first sheet, its first row with a value the header."""

import csv
import zipfile
from collections.abc import Iterable
from datetime import date, datetime
from itertools import dropwhile
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from adapters.intake.file_problem import FileProblem, damaged
from adapters.intake.headers import column_name

# A sheet holds at most 1,048,576 rows; what claims to unpack to more than this is no export.
_UNPACKED_LIMIT = 4_000_000_000


def sheet_header(path: Path) -> tuple[str, ...]:
    """Read the first row that is not empty as column names; raises FileProblem."""
    rows = _sheet(path).to_python(skip_empty_area=True, nrows=1)
    return tuple(column_name(_as_text(cell)) for cell in (rows[0] if rows else []))


def header_row(path: Path) -> int:
    """Tell the number that the first row that is not empty has in the sheet."""
    start = _sheet(path).start
    return 1 if start is None else start[0] + 1


def write_as_text(path: Path, target: Path) -> None:
    """Write the first sheet as CSV in UTF-8, each cell as a person would type it, the header in one line.

    A row of empty cells is an empty line, which is no row: sheets end with many of them.
    """
    sheet = _sheet(path)
    names = sheet_header(path)
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        lines = (_cells(row, len(names)) for row in sheet.iter_rows())
        next(lines := dropwhile(lambda line: not line, lines), None)
        writer.writerow(names)
        writer.writerows(lines)


def _cells(row: Iterable[Any], width: int) -> list[str]:
    cells = [_as_text(cell) for cell in row][:width]
    if not any(cells):
        return []
    return cells + [""] * (width - len(cells))


def _sheet(path: Path) -> CalamineSheet:
    _check_archive(path)
    try:
        return CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
    except (CalamineError, IndexError) as error:
        raise damaged(error) from error


def _check_archive(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        head = path.open("rb").read(4)
        if head == b"PK\x03\x04":
            raise FileProblem(
                "file_damaged", "the spreadsheet is cut off; ask its sender for it again"
            )
        raise FileProblem("file_mislabeled", "it is not an .xlsx spreadsheet, as its name says")
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > _UNPACKED_LIMIT:
        raise FileProblem("file_damaged", f"it unpacks to {unpacked:,} bytes, which no export does")


def _as_text(cell: Any) -> str:
    """Write a cell's value without the decimal point and the midnight that a sheet adds."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    if isinstance(cell, datetime):
        midnight = cell.time() == datetime.min.time()
        return cell.date().isoformat() if midnight else cell.isoformat(" ")
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return cell.isoformat() if isinstance(cell, date) else str(cell)
