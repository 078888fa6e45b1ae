"""The list of all months, as a page and as CSV."""

from collections.abc import Iterator
from typing import Final

from starlette.responses import Response

from domain.months import SettlementMonth
from domain.sentence import sentence
from flows.showing.desk import Desk, gather_desk
from flows.showing.month_states import MonthState
from web.operators.kept import kept_reports
from web.operators.looks import look_of
from web.operators.rendering import page
from web.operators.tables import Cells, Column, Linked, Tags, csv_response, recorded, table
from web.operators.visit import Visit

MONTHS: Final = (
    Column("month", sentence("Month")),
    Column("state", sentence("State")),
    Column("stores", sentence("Stores awarded"), number=True),
    Column("awarded", sentence("Awarded"), number=True),
    Column("due_on", sentence("Payout date")),
    Column("paid_on", sentence("Paid on")),
    Column("paid", sentence("Paid"), number=True),
    Column("used", sentence("Points used"), number=True),
    Column("expired", sentence("Points expired"), number=True),
)


def months_page(visit: Visit) -> Response:
    """List every month."""
    with visit.reading() as connection:
        desk = gather_desk(connection, visit.settings, visit.today)
    rows, at = month_rows(visit, desk), visit.at("months.csv")
    shown = table(visit, MONTHS, rows, "-month", csv_at=at, has_filter=True)
    return page("months.html", visit, months=shown)


def months_csv(visit: Visit) -> Response:
    """Write the same as a file."""
    with visit.reading() as connection:
        desk = gather_desk(connection, visit.settings, visit.today)
    rows = map(recorded, month_rows(visit, desk))
    return csv_response("months.csv", [each.key for each in MONTHS], rows)


def month_rows(visit: Visit, desk: Desk) -> Iterator[Cells]:
    """List the months that anything is known of, newest first."""
    reported = kept_reports(visit.settings)
    awaited = {each.month for each in desk.awaited}
    known = {*desk.months, *desk.refused, *desk.points, *reported, *awaited}
    for month in sorted(known, reverse=True):
        points, state = desk.points.get(month), desk.months.get(month)
        closed = state is not None and state.evaluation is not None
        yield (
            Linked(month, visit.at(f"months/{month}")),
            Tags(tuple(map(look_of, state_words(desk, month, state)))),
            state.sellers if state else None,
            points.awarded if points and closed else None,
            state.due_on if state else None,
            state.paid.paid_on if state and state.paid else None,
            points.paid if points and state and state.paid else None,
            points.used if points else None,
            points.expired if points else None,
        )


def late_months(desk: Desk) -> frozenset[SettlementMonth]:
    """List the months whose payout date is over, and that are not paid or not even closed."""
    unpaid = {each.month for each in desk.months.values() if each.is_late(desk.today)}
    unclosed = {each.month for each in desk.awaited if each.days_late(desk.today)}
    return frozenset(unpaid | unclosed)


def _without_files(desk: Desk, month: SettlementMonth) -> str:
    """Name how a month stands of which nothing was ingested."""
    if month >= SettlementMonth.of(desk.today):
        return "under_way"
    arrived = any(each.month == month and each.delivered for each in desk.awaited)
    return "arrived" if arrived else "missing"


def state_words(desk: Desk, month: SettlementMonth, state: MonthState | None) -> tuple[str, ...]:
    """Name how a month stands, the main word first."""
    words = state.words if state else (_without_files(desk, month),)
    more = {
        "blocked": month in desk.refused,
        "late": month in late_months(desk),
        "differs": any(each.month == month for each in desk.corrections),
    }
    return (*words, *(word for word, holds in more.items() if holds))
