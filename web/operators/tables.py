"""Tables of the pages: sorted, filtered and paged on the server, and the same as CSV."""

import csv
import io
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import Any, Final

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from adapters.languages.catalog import Language, say
from domain.sentence import Joined, Sentence, Word
from domain.written import in_a_spreadsheet
from flows.occasion import SEOUL
from web.operators.visit import Visit

PER_PAGE: Final = 100
_LARGEST_PAGE: Final = 100_000
_ROWS_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the name by which CSV and addresses know it, and its title."""

    key: str
    title: Sentence
    number: bool = False


@dataclass(frozen=True, slots=True)
class Linked:
    """A cell that leads somewhere."""

    text: object
    href: str


@dataclass(frozen=True, slots=True)
class Tags:
    """A cell of labels, each with its look."""

    labels: tuple[tuple[object, str], ...]


def reason_tags(reasons: Iterable[str]) -> Tags:
    """Return labels of the reasons why a store gets nothing."""
    return Tags(tuple((Word("reason", each), "soft") for each in reasons))


Cells = Sequence[object]


@dataclass(frozen=True, slots=True)
class Chooser:
    """A filter of a table by the value of a column, to be chosen from some."""

    name: str
    title: Sentence
    options: tuple[tuple[str, object], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for of a table: its order, its page, and a text that its rows have.

    `of` names the table on a page that has several; its parameters begin with it.
    """

    sort: str
    descending: bool
    page: int
    text: str
    of: str = ""

    def parameter(self, name: str) -> str:
        """Name a parameter of the table in an address."""
        return _parameter(self.of, name)

    @property
    def offset(self) -> int:
        """How many rows come before the page."""
        return (self.page - 1) * PER_PAGE


@dataclass(frozen=True, slots=True)
class Table:
    """A page of a table; `total` counts the rows of all its pages, `csv` is a file's address."""

    columns: tuple[Column, ...]
    rows: tuple[Cells, ...]
    asked: Asked
    total: int
    csv: str | None = None
    has_filter: bool = False
    choosers: tuple[Chooser, ...] = ()

    @property
    def pages(self) -> int:
        """How many pages it has."""
        return max(-(-self.total // PER_PAGE), 1)


def _parameter(of: str, name: str) -> str:
    return f"{of}-{name}" if of else name


def asked_of(visit: Visit, columns: Sequence[Column], usual: str, of: str = "") -> Asked:
    """Read the order, page and filter from an address; what makes no sense is the usual.

    `usual` names a column, after a minus for the other direction.
    """
    wanted = visit.asked.get(_parameter(of, "sort"), usual)
    if wanted.removeprefix("-") not in {each.key for each in columns}:
        wanted = usual
    return Asked(
        wanted.removeprefix("-"),
        wanted.startswith("-"),
        min(visit.page(_parameter(of, "page")), _LARGEST_PAGE),
        visit.asked.get(_parameter(of, "q"), "").strip(),
        of,
    )


def table(
    visit: Visit,
    columns: tuple[Column, ...],
    rows: Iterable[Cells],
    usual: str,
    *,
    of: str = "",
    csv_at: str | None = None,
    has_filter: bool = False,
) -> Table:
    """Sort and filter rows that are all at hand, and choose a page of them.

    Of several tables of a page each but one needs a name, `of`.
    """
    asked = asked_of(visit, columns, usual, of)
    place = [each.key for each in columns].index(asked.sort)
    found = [row for row in rows if _has(row, asked.text, visit)]
    found.sort(key=lambda row: _order(row[place]), reverse=asked.descending)
    shown = tuple(found[asked.offset : asked.offset + PER_PAGE])
    return Table(columns, shown, asked, len(found), csv_at, has_filter)


def recorded(row: Cells) -> Cells:
    """Return a row as files have it: in English, an address in place of a link's words."""
    return [_recorded(cell) for cell in row]


def _recorded(cell: object) -> object:
    match cell:
        case Linked(text=Sentence(), href=href):
            return href
        case Linked(text=text):
            return _recorded(text)
        case datetime():
            return cell.isoformat(timespec="seconds")
        case Tags(labels=labels):
            return ";".join(str(label) for label, _ in labels)
        case Sentence():
            return str(cell)
        case _:
            return cell


def written(value: object, language: Language) -> str:
    """Write what a cell without links and labels says on the page."""
    match value:
        case None | "":
            return "–"
        case int():
            return f"{value:,}"
        case datetime():
            return f"{value.astimezone(SEOUL):%Y-%m-%d %H:%M}"
        case Word():
            said = say(value, language)
            return said[:1].upper() + said[1:]
        case _:
            return say(value, language)


def _told(cell: object, language: Language) -> str:
    """Return what a cell says on the page, a number also as it is typed."""
    match cell:
        case Linked(text=text):
            return _told(text, language)
        case Tags(labels=labels):
            return " ".join(say(label, language) for label, _ in labels)
        case int():
            return f"{written(cell, language)} {cell}"
        case _:
            return written(cell, language)


def _has(row: Cells, text: str, visit: Visit) -> bool:
    if not text:
        return True
    said = (_told(cell, visit.language) for cell in row if cell is not None)
    return any(text.casefold() in each.casefold() for each in said)


def _order(cell: object) -> tuple[bool, Any]:
    """Order cells by what they say, empty ones first."""
    match cell:
        case Linked(text=text):
            return _order(text)
        case Tags(labels=labels):
            return (True, " ".join(str(label) for label, _ in labels))
        case None:
            return (False, 0)
        case Sentence() | Joined():
            return (True, str(cell))
        case _:
            return (True, cell)


class _Rows(StreamingResponse):
    """Rows as they are read; if nobody wants the rest, what they are read from is let go."""

    def __init__(self, lines: Generator[str], headers: dict[str, str]) -> None:
        super().__init__(lines, media_type="text/csv; charset=utf-8", headers=headers)
        self._lines = lines

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the rows, to whoever may leave before the last."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._lines.close()


def csv_response(name: str, columns: Sequence[str], rows: Iterable[Cells]) -> Response:
    """Answer with rows as a file, written as they come."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return _Rows(_csv_parts(chain([columns], rows)), headers)


def _csv_parts(rows: Iterable[Cells]) -> Generator[str]:
    """Write some hundreds of rows at a time."""
    rest = iter(rows)
    while part := list(islice(rest, _ROWS_AT_ONCE)):
        written = io.StringIO()
        csv.writer(written, lineterminator="\n").writerows(
            [in_a_spreadsheet(each) if isinstance(each, str) else each for each in row]
            for row in part
        )
        yield written.getvalue()
