"""The page that operators start from: every month as it stands, newest first, with its reports."""

from collections.abc import Iterator, Mapping
from datetime import date
from html import escape
from pathlib import Path
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from adapters.data_docs import read_checks, revision_page
from adapters.data_docs.markup import Cell, number, page, table, tag
from adapters.postgres.standing import Standing, program_standing
from domain.months import SettlementMonth
from domain.refusal import Unavailable
from flows.program import program_database
from flows.settings import Settings

_COLUMNS: Final = (
    "month",
    "state",
    "revision",
    "sellers",
    "awards",
    "points",
    "payout",
    "warnings",
    "reports",
)
_NUMBERS: Final = ("revision", "sellers", "awards", "points", "warnings")
_LOOKS: Final = {"paid": "good", "closed": "good", "restated": "warn", "blocked": "bad"}
_UNKNOWN: Final = "–"


def index_page(settings: Settings, today: date) -> str:
    """Write the page; what the database would say is missing when it does not answer."""
    return page("Growth points", _body(settings, today))


def _body(settings: Settings, today: date) -> Iterator[Cell]:
    yield "<h1>Growth points</h1>"
    yield '<p><a href="docs/index.html">Data quality</a> · <a href="metrics">Figures</a></p>'
    months = _months(settings)
    if months is None:
        yield '<p class="bad">The database does not answer: only reports are listed.</p>'
    rows = list(_rows(settings, months or {}, today))
    if rows:
        yield table(_COLUMNS, rows, _NUMBERS)
    else:
        yield "<p>No month was taken in yet.</p>"


def _months(settings: Settings) -> Mapping[SettlementMonth, Standing] | None:
    try:
        with program_database(settings) as engine, engine.connect() as connection:
            return {each.settlement_month: each for each in program_standing(connection)}
    except (Unavailable, SQLAlchemyError):
        return None


def _rows(
    settings: Settings, months: Mapping[SettlementMonth, Standing], today: date
) -> Iterator[tuple[Cell, ...]]:
    refused = _refused(settings)
    reported = {SettlementMonth.parse(folder.name) for folder in settings.reports.glob("????-??")}
    for month in sorted({*months, *refused, *reported}, reverse=True):
        states = [months[month].state] if month in months else []
        states += ["blocked"] if month in refused else []
        facts = _facts(months[month], today) if month in months else (_UNKNOWN,) * 6
        tags = " ".join(tag(_LOOKS.get(state, "soft"), state) for state in states)
        yield (str(month), tags or _UNKNOWN, *facts, _reports(settings, month))


def _refused(settings: Settings) -> set[SettlementMonth]:
    """Name the months whose last delivery was refused."""
    last = {each.settlement_month: each.blocked for each in read_checks(settings.docs)}
    return {month for month, blocked in last.items() if blocked}


def _facts(month: Standing, today: date) -> tuple[Cell, ...]:
    quality = revision_page(month.settlement_month, month.revision_no)
    closed = month.due_on is not None
    return (
        number(month.revision_no),
        number(month.sellers),
        number(sum(month.awards.values()) if closed else None),
        number(month.paid_points or month.pending_points if closed else None),
        _payout(month, today),
        f'<a href="docs/{escape(str(quality))}">{number(month.findings)}</a>',
    )


def _payout(month: Standing, today: date) -> Cell:
    if month.due_on is None:
        return _UNKNOWN
    if month.paid_on is not None:
        return f'<span class="keep">paid on {month.paid_on}</span>'
    late = month.days_late(today)
    days = "1 day" if late == 1 else f"{late:,} days"
    told = tag("bad", f"{days} late") if late else ""
    return f'<span class="keep">due on {month.due_on} {told}</span>'


def _reports(settings: Settings, month: SettlementMonth) -> Cell:
    """Link to a month's reports, the newest closing first."""
    files = sorted((settings.reports / str(month)).glob("*.html"), key=_age)
    links = (
        f'<a href="{escape(file.relative_to(settings.home).as_posix())}">{escape(file.stem)}</a>'
        for file in files
    )
    return " · ".join(links) or _UNKNOWN


def _age(file: Path) -> tuple[int, str]:
    evaluation = file.stem.rpartition("-")[2]
    return (-int(evaluation) if evaluation.isdecimal() else 1, file.stem)
