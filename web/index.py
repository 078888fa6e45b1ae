"""The operators' start page: every month's state, newest first, with its reports."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from adapters.data_docs import read_checks, revision_page
from adapters.html import page_templates
from adapters.postgres.standing import Standing, program_standing
from domain.months import SettlementMonth
from domain.refusal import Unavailable
from flows.program import program_database
from flows.settings import Settings

_TEMPLATES: Final = page_templates("web")


@dataclass(frozen=True, slots=True)
class _Listed:
    """A month in the list; `standing` is None if the database does not have it.

    `refused` says whether its last delivery was; `reports` are relative to the home.
    """

    month: SettlementMonth
    standing: Standing | None
    refused: bool
    reports: tuple[Path, ...]


def index_page(settings: Settings, today: date) -> str:
    """Render the page, from reports alone if the database does not answer."""
    months = _months(settings)
    return _TEMPLATES.get_template("index.html").render(
        answered=months is not None,
        months=tuple(_listed(settings, months or {})),
        today=today,
        revision_page=revision_page,
    )


def _months(settings: Settings) -> Mapping[SettlementMonth, Standing] | None:
    try:
        with program_database(settings) as engine, engine.connect() as connection:
            return {each.settlement_month: each for each in program_standing(connection)}
    except (Unavailable, SQLAlchemyError):
        return None


def _listed(settings: Settings, months: Mapping[SettlementMonth, Standing]) -> Iterator[_Listed]:
    refused = _refused(settings)
    reported = {SettlementMonth.parse(folder.name) for folder in settings.reports.glob("????-??")}
    for month in sorted({*months, *refused, *reported}, reverse=True):
        yield _Listed(month, months.get(month), month in refused, _reports(settings, month))


def _refused(settings: Settings) -> set[SettlementMonth]:
    """Return the months whose last delivery was refused."""
    last = {each.settlement_month: each.blocked for each in read_checks(settings.docs)}
    return {month for month, blocked in last.items() if blocked}


def _reports(settings: Settings, month: SettlementMonth) -> tuple[Path, ...]:
    """List a month's reports, the newest closing first."""
    files = sorted((settings.reports / str(month)).glob("*.html"), key=_age)
    return tuple(file.relative_to(settings.home) for file in files)


def _age(file: Path) -> tuple[int, str]:
    evaluation = file.stem.rpartition("-")[2]
    return (-int(evaluation) if evaluation.isdecimal() else 1, file.stem)
