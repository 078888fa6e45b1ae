"""The rows of the commands about deliveries; their columns are an interface."""

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from adapters.data_docs import CheckedDelivery
from adapters.postgres.month_list import MonthRevision, month_revisions
from console.listings import history_rows
from console.output import Row
from domain.findings import blocking, warnings
from domain.months import SettlementMonth
from domain.sentence import Text, Word, joined, sentence
from flows.showing import month_records
from flows.showing.month_records import held_values

MONTHS: Final = ("settlement_month", "revision", "lines", "amount_krw", "findings", "state")
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
    return (
        month,
        each.revision_no,
        each.lines,
        each.amount_krw,
        each.findings,
        Word("month state", each.state),
    )


def _refused(checked: CheckedDelivery) -> Row:
    profile = checked.profile or {}
    size = profile.get("lines"), profile.get("amount_krw")
    count = len(blocking(checked.findings)) + len(warnings(checked.findings))
    return (str(checked.settlement_month), None, *size, count, Word("month state", "blocked"))


def refused_rows_summary(
    file: Path | None, checks: Iterable[CheckedDelivery], month: SettlementMonth
) -> Text:
    """Describe which delivery the refused rows belong to, and whether a later one is sound.

    `checks` are all checks of deliveries, oldest first.
    """
    of_month = [each for each in checks if each.settlement_month == month]
    last = of_month[-1] if of_month else None
    if file is None:
        return _no_rows(month, last)
    known = [each for each in of_month if each.name == file.parent.name]
    about = sentence("These rows are kept in {file}", file=file)
    return joined((about, _of_which(known), _later(month, file, last)), "\n")


def _no_rows(month: SettlementMonth, last: CheckedDelivery | None) -> Text:
    if last is None or not last.blocked:
        return sentence("No row of {month} was refused.", month=month)
    return sentence(
        "No row of {month} was refused. Its delivery is refused because: {faults}",
        month=month,
        faults=_faults(last),
    )


def _of_which(known: Sequence[CheckedDelivery]) -> Text:
    if not known:
        return ""
    return sentence(
        "They belong to the delivery in {source}, refused on {at}.",
        source=known[-1].source,
        at=f"{known[-1].checked_at:%Y-%m-%d %H:%M}",
    )


def _later(month: SettlementMonth, file: Path, last: CheckedDelivery | None) -> Text:
    if last is None or last.name == file.parent.name:
        return ""
    if last.blocked:
        return sentence(
            "A later delivery is refused, for no single row: {faults}", faults=_faults(last)
        )
    return sentence("A later delivery of {month} is sound; these rows need no action.", month=month)


def _faults(checked: CheckedDelivery) -> Text:
    return joined(each.text for each in blocking(checked.findings))


def quarantine_rows(file: Path | None) -> Iterator[Row]:
    """Stream the refused rows in a quarantine file; none without a file."""
    yield from () if file is None else month_records.quarantine_rows(file)


def quarantine_table(file: Path | None) -> Iterator[Row]:
    """Stream the refused rows for a terminal, with their values below each other."""
    for row in quarantine_rows(file):
        place, number, rules, held = held_values(row, "\n")
        yield (place, number, str(rules).replace(";", "\n"), held)


def require_known(engine: Engine, month: SettlementMonth) -> None:
    """Raise MonthUnknown for a month without any run."""
    next(history_rows(engine, month), None)
