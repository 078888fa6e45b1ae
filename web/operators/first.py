"""The first page: how things stand."""

from datetime import date
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response

from domain.refusal import Unavailable
from flows.showing.desk import Desk, gather_desk
from flows.showing.tasks import tasks
from web.operators.chart import chart
from web.operators.kept import kept_reports
from web.operators.months import MONTHS, month_rows
from web.operators.rendering import page
from web.operators.tables import table
from web.operators.troubles import log_trouble, status_of, told_of
from web.operators.visit import Visit

_NEWEST: Final = 12
_WIDE, _NARROW = (960, 24), (340, 6)


def first_page(visit: Visit) -> Response:
    """Show how things stand; what is wrong and the reports alone if the database cannot be read."""
    try:
        with visit.reading() as connection:
            desk = gather_desk(connection, visit.settings, visit.today)
    except (Unavailable, SQLAlchemyError) as trouble:
        return _without_database(visit, trouble)
    months = list(month_rows(visit, desk))[:_NEWEST]
    return page(
        "first.html",
        visit,
        desk=desk,
        tasks=tasks(desk),
        cards=_Cards(desk),
        charts=tuple(
            (name, chart(desk.points, *size))
            for name, size in (("wide", _WIDE), ("narrow", _NARROW))
        ),
        months=table(visit, MONTHS, months, "-month", of="months"),
        all_months=len(desk.months),
    )


def _without_database(visit: Visit, trouble: Exception) -> Response:
    log_trouble(visit, trouble)
    facts = {"said": told_of(visit, trouble), "reports": kept_reports(visit.settings)}
    return page("away.html", visit, status_of(trouble), **facts)


class _Cards:
    """What the cards of the page say beside its tasks."""

    def __init__(self, desk: Desk) -> None:
        over = [each for each in desk.awaited if each.is_over]
        closed = [month for month, each in desk.months.items() if each.evaluation]
        self.open = over[0] if over else None
        known = [each for each in desk.awaited if each.due_on]
        self.first = min(known, key=lambda each: each.due_on or date.max, default=None)
        self.coming = next((each for each in desk.awaited if not each.is_over), None)
        self.current = desk.months[closed[-1]] if closed else None
        self.next = desk.next_payout
        self.corrections = desk.corrections
