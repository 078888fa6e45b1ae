"""Recognizing the canonical columns in a table's header, in any format."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence

from adapters.ingest.file_problem import FileProblem
from domain.columns import Column, Content
from domain.delivery import COLUMNS
from domain.sentence import Text, joined, sentence, sentences

_LINE_BREAK = re.compile(r"\s*[\n\r\v\f\x85\u2028\u2029]\s*")
_LONGEST_LIST = 300
_OTHER_SIGNS = {
    "\t": sentence("its values are separated by tabs, not by commas"),
    ";": sentence("its values are separated by semicolons, not by commas"),
}

# The response of the marketplace's settle/case has all columns but the date that counts.
_SETTLE_CASE = {"paySettleAmount", "productOrderId", "settleBasisDate"}
_CONFIRMED_ON = "confirmed_on"
_DATE_OF_SETTLE_CASE = sentence(
    "these are the fields of the marketplace's settle/case answer, which has no tax basis date "
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
    names: Sequence[str], content: Content, stated: Collection[str], where: Text = ""
) -> None:
    """Raise FileProblem unless a header has each canonical column exactly once.

    `stated` names the columns that the file's folder states for all its rows; `where` says in
    which part of the file the header is.
    """
    found = recognized(names, content)
    absent = [c for c in COLUMNS[content] if c not in found and c.name not in stated]
    if absent:
        raise _missing(absent, names, where)
    counted = Counter(names)
    if twice := [names[place] for place in found.values() if counted[names[place]] > 1]:
        raise FileProblem(
            "column_twice",
            sentence(
                "it has the column {column} more than once{where}", column=twice[0], where=where
            ),
        )


def _missing(absent: Sequence[Column], names: Sequence[str], where: Text) -> FileProblem:
    cause = _cause(absent, names)
    listed = sentence("its columns are {names}", names=_listed(names))
    facts = {"names": _named(absent), "where": where, "cause": cause and joined(("; ", cause), "")}
    lacks = sentences(
        "it has no column {names}{where}{cause}",
        "it has no columns {names}{where}{cause}",
        count=len(absent),
        **facts,
    )
    each_lacks = sentences(
        "each has no column {names}{where}{cause}",
        "each has no columns {names}{where}{cause}",
        count=len(absent),
        **facts,
    )
    return FileProblem("column_missing", lacks, "" if cause else listed, each_lacks)


def _named(columns: Sequence[Column]) -> Text:
    """Name columns with all their aliases."""
    return joined(map(_with_aliases, columns), ", ")


def _with_aliases(column: Column) -> Text:
    aliases = joined(column.aliases, sentence(" or "))
    return (
        sentence("{name} ({aliases})", name=column.name, aliases=aliases)
        if column.aliases
        else column.name
    )


def _cause(absent: Sequence[Column], names: Sequence[str]) -> Text:
    """Explain missing columns that have a well-known cause."""
    if any(column.name == _CONFIRMED_ON for column in absent) and _SETTLE_CASE.issubset(names):
        return _DATE_OF_SETTLE_CASE
    signs = (what for sign, what in _OTHER_SIGNS.items() if len(names) == 1 and sign in names[0])
    return next(signs, "")


def _listed(names: Sequence[str]) -> Text:
    listed = ", ".join(names) or sentence("none")
    if isinstance(listed, str) and len(listed) > _LONGEST_LIST:
        return f"{listed[:_LONGEST_LIST]}…"
    return listed
