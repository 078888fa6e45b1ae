"""The rows of the commands about deliveries; their columns are an interface, like all others."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from adapters.postgres.month_list import month_revisions
from adapters.quarantine import quarantined_rows
from domain.settlement import LINE_COLUMNS
from flows.console.output import Row

MONTHS: Final = ("settlement_month", "revision", "lines", "amount_krw", "findings", "state")
QUARANTINE: Final = (
    "file",
    "row",
    "rules",
    *(column.name for column in LINE_COLUMNS),
    "payment_amount_krw_unreadable",
    "confirmed_on_unreadable",
)


def month_rows(engine: Engine) -> Iterator[Row]:
    """List every revision of every month, the current one of a month last."""
    with engine.connect() as connection:
        for each in month_revisions(connection):
            yield (
                str(each.settlement_month),
                each.revision_no,
                each.lines,
                each.amount_krw,
                each.findings,
                each.state,
            )


def quarantine_rows(file: Path | None) -> Iterator[Row]:
    """Stream the refused rows in a file of the quarantine; without a file there are none."""
    for line in () if file is None else quarantined_rows(file, QUARANTINE):
        yield tuple(map(_harmless, line))


def _harmless(value: object) -> object:
    """Join rules, and keep a refused text from being taken for a formula by a spreadsheet."""
    if isinstance(value, list):
        return ";".join(value)
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value
