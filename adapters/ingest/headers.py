"""Recognizing the canonical columns in a table's header, in any format."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence

from adapters.ingest.file_problem import FileProblem
from domain.columns import Column, Content
from domain.delivery import COLUMNS

_LINE_BREAK = re.compile(r"\s*[\n\r\v\f\x85\u2028\u2029]\s*")
_LONGEST_LIST = 300
_OTHER_SIGNS = {"\t": "tabs", ";": "semicolons"}

# The response of the marketplace's settle/case has all columns but the date that counts.
_SETTLE_CASE = {"paySettleAmount", "productOrderId", "settleBasisDate"}
_CONFIRMED_ON = "confirmed_on"
_DATE_OF_SETTLE_CASE = (
    "; these are the fields of the marketplace's settle/case answer, which has no tax basis date "
    "(세금신고기준일): ask settle/case for one day at a time with "
    "periodType=SETTLE_CASEBYCASE_TAXRETURN_BASIS_DATE, and add the day that was asked for "
    "(searchDate) as the column taxReturnDate; settleBasisDate is not that day for a quick "
    "settlement (see docs/settlement-format.md)"
)


def column_name(written: str) -> str:
    """Normalize a column name: no spaces around it, no line breaks, letters composed."""
    return _LINE_BREAK.sub("", unicodedata.normalize("NFC", written.strip()))


def recognized(names: Sequence[str], content: Content) -> dict[Column, int]:
    """Return the canonical columns among a header's names, each with its position."""
    places = {column: _place(column, names) for column in COLUMNS[content]}
    return {column: place for column, place in places.items() if place is not None}


def _place(column: Column, names: Sequence[str]) -> int | None:
    known = (column.name, *column.aliases)
    return next((names.index(name) for name in known if name in names), None)


def require_columns(
    names: Sequence[str], content: Content, stated: Collection[str], where: str = ""
) -> None:
    """Raise FileProblem unless a header has each canonical column exactly once.

    `stated` names the columns that the file's folder states for all its rows; `where` says in
    which part of the file the header is.
    """
    found = recognized(names, content)
    absent = [c for c in COLUMNS[content] if c not in found and c.name not in stated]
    if absent:
        cause = _cause(absent, names)
        sentence = f"it has no {_named(absent)}{where}{cause}"
        more = "" if cause else f"its columns are {_listed(names)}"
        raise FileProblem("column_missing", sentence, more)
    counted = Counter(names)
    if twice := [names[place] for place in found.values() if counted[names[place]] > 1]:
        raise FileProblem("column_twice", f"it has the column {twice[0]} more than once{where}")


def _named(columns: Sequence[Column]) -> str:
    """Name columns with all their aliases."""
    headers = [f"{c.name} ({' or '.join(c.aliases)})" if c.aliases else c.name for c in columns]
    return f"column{'s'[: len(headers) != 1]} {', '.join(headers)}"


def _cause(absent: Sequence[Column], names: Sequence[str]) -> str:
    """Explain missing columns that have a well-known cause."""
    if any(column.name == _CONFIRMED_ON for column in absent) and _SETTLE_CASE.issubset(names):
        return _DATE_OF_SETTLE_CASE
    signs = (what for sign, what in _OTHER_SIGNS.items() if len(names) == 1 and sign in names[0])
    return "".join(f"; its values are separated by {what}, not by commas" for what in signs)


def _listed(names: Sequence[str]) -> str:
    listed = ", ".join(names) or "none"
    return listed if len(listed) <= _LONGEST_LIST else f"{listed[:_LONGEST_LIST]}…"
