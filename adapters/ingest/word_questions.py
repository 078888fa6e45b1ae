"""The questions that are asked about the words of a column, as Narwhals expressions."""

from collections.abc import Sequence

import narwhals as nw

from adapters.ingest.questions import Check, Frame, broken, result
from domain.columns import Content
from domain.delivery import SUMMED
from domain.profile import UnknownWord

_AMOUNT = SUMMED[Content.SETTLEMENTS]
_WORDS = 1_000


def counts_nothing(rows: Frame, column: str, counted: str, known: Sequence[str]) -> bool:
    """Return whether a column has known values, but never the one that counts."""
    values = rows.filter(nw.col(column).is_in(known)).select(column).unique()
    found = {row[column] for row in result(values)}
    return bool(found) and counted not in found


def unknown_words(rows: Frame, check: Check) -> tuple[UnknownWord, ...]:
    """Return the words of the column `check.shows` that break the check, largest amount first."""
    column, has_amount = check.shows, _AMOUNT in rows.collect_schema().names()
    amount = nw.col(_AMOUNT).sum() if has_amount else nw.len() * 0
    words = (
        rows.filter(broken(check)).group_by(column).agg(nw.len().alias("rows"), amount.alias("sum"))
    )
    found = [
        UnknownWord(
            column, row[column], int(row["rows"]), int(row["sum"] or 0) if has_amount else None
        )
        for row in result(words)
    ]
    found.sort(key=lambda word: (-abs(word.amount_krw or 0), -word.rows, word.word))
    return tuple(found[:_WORDS])
