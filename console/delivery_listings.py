"""The rows of the commands about deliveries; their columns are an interface."""

from collections.abc import Iterable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from adapters.data_docs import CheckedDelivery
from adapters.ingest.quarantine import quarantined_rows
from adapters.postgres.month_list import MonthRevision, month_revisions
from console.listings import history_rows
from console.output import Row
from domain.findings import blocking, warnings
from domain.months import SettlementMonth
from domain.settlement import LINE_COLUMNS

MONTHS: Final = ("settlement_month", "revision", "lines", "amount_krw", "findings", "state")
QUARANTINE: Final = (
    "file",
    "row",
    "rules",
    *(column.name for column in LINE_COLUMNS),
    "payment_amount_krw_unreadable",
    "confirmed_on_unreadable",
)

QUARANTINE_TABLE: Final = ("file", "row", "rules", "holds")


def month_rows(engine: Engine, checks: Iterable[CheckedDelivery]) -> Iterator[Row]:
    """List every month's revisions, the current one last, then its last delivery if refused.

    `checks` are all checks of deliveries, oldest first. A refused delivery has no revision, and no
    lines if it could not be read.
    """
    with engine.connect() as connection:
        ingested = [_ingested(each) for each in month_revisions(connection)]
    last = {checked.settlement_month: checked for checked in checks}
    refused = [_refused(checked) for checked in last.values() if checked.blocked]
    yield from sorted([*ingested, *refused], key=itemgetter(0))


def _ingested(each: MonthRevision) -> Row:
    month = str(each.settlement_month)
    return (month, each.revision_no, each.lines, each.amount_krw, each.findings, each.state)


def _refused(checked: CheckedDelivery) -> Row:
    profile = checked.profile or {}
    size = profile.get("lines"), profile.get("amount_krw")
    count = len(blocking(checked.findings)) + len(warnings(checked.findings))
    return (str(checked.settlement_month), None, *size, count, "blocked")


def refused_rows_summary(
    file: Path | None, checks: Iterable[CheckedDelivery], month: SettlementMonth
) -> str:
    """Describe which delivery the refused rows belong to, and whether a later one is sound.

    `checks` are all checks of deliveries, oldest first.
    """
    of_month = [each for each in checks if each.settlement_month == month]
    last = of_month[-1] if of_month else None
    faults = "; ".join(each.sentence for each in blocking(last.findings)) if last else ""
    if file is None:
        why = f" Its delivery is refused because: {faults}" if faults else ""
        return f"No row of {month} was refused.{why}"
    about = f"These rows are kept in {file}"
    known = [each for each in of_month if each.name == file.parent.name]
    if known:
        about += (
            f"\nThey belong to the delivery in {known[-1].source}, "
            f"refused on {known[-1].checked_at:%Y-%m-%d at %H:%M}."
        )
    if last is None or last.name == file.parent.name:
        return about
    if last.blocked:
        return f"{about}\nA later delivery is refused, for no single row: {faults}"
    return f"{about}\nA later delivery of {month} is sound; these rows need no action."


def quarantine_rows(file: Path | None) -> Iterator[Row]:
    """Stream the refused rows in a quarantine file; none without a file."""
    for line in () if file is None else quarantined_rows(file, QUARANTINE):
        yield tuple(";".join(each) if isinstance(each, list) else each for each in line)


def quarantine_table(file: Path | None) -> Iterator[Row]:
    """Stream the refused rows for a terminal, with their values below each other."""
    for place, row, rules, *values in quarantine_rows(file):
        names = (name.removesuffix("_unreadable") for name in QUARANTINE[3:])
        held = (f"{name} {v}" for name, v in zip(names, values, strict=True) if v not in (None, ""))
        yield (place, row, str(rules).replace(";", "\n"), "\n".join(held))


def require_known(engine: Engine, month: SettlementMonth) -> None:
    """Raise MonthUnknown for a month without any run."""
    next(history_rows(engine, month), None)
