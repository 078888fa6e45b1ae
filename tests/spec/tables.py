"""Tables of a Markdown page, read so strictly that a row is either understood or an error."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

DOCS: Final = Path(__file__).parents[2] / "docs"
NONE: Final = "–"

Row = dict[str, str]


class NotUnderstood(ValueError):
    """A table, a row or a cell that no test can run."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table, the heading that it stands under, and its rows as column → cell."""

    heading: str
    rows: tuple[Row, ...]


def tables(page: str) -> Iterator[Table]:
    """Read every table of a page, in order."""
    heading = ""
    lines: list[str] = []
    for line in (*page.splitlines(), ""):
        if line.startswith("|"):
            lines.append(line)
        elif lines:
            yield Table(heading, _rows(lines))
            lines = []
        if line.startswith("#"):
            heading = line.lstrip("# ")


def _rows(lines: list[str]) -> tuple[Row, ...]:
    columns, ruler, *rows = (_cells(line) for line in lines)
    if not rows or set("".join(ruler)) != {"-"}:
        raise NotUnderstood(f"no table with a header and rows:\n{lines[0]}")
    for line, row in zip(lines[2:], rows, strict=True):
        if len(row) != len(columns):
            raise NotUnderstood(f"{len(columns)} columns, and a row with {len(row)} cells:\n{line}")
    return tuple(dict(zip(columns, row, strict=True)) for row in rows)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]


def listed(cell: str) -> list[str]:
    """Read a cell's parts between commas; `–` has none."""
    return [] if cell == NONE else cell.split(", ")
