"""The accounts of the last twelve months, as a page and as CSV, up to the newest ledger head.

Nothing is sealed for it, since the pages' login may only read: what waits is counted on the page.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from adapters.html import page_templates
from adapters.postgres.ledger import chain_head, waiting_for_seals
from domain.accounting.roll_forward import OF_SELLERS, Movement
from domain.months import SettlementMonth
from flows.accounting.roll_forward import COLUMNS, Period, roll_months_forward
from flows.program import program_database
from flows.settings import Settings

_MONTHS: Final = 12
_TEMPLATES: Final = page_templates("web")


@dataclass(frozen=True, slots=True)
class _Table:
    """An account's months, newest first, and the movements that it had in any of them."""

    account: str
    movements: tuple[Movement, ...]
    periods: tuple[Period, ...]


def accounts_page(settings: Settings, today: date) -> str:
    """Render the page; months before the first record are left out."""
    periods, waiting = _last_months(settings, today)
    recorded = tuple(each for each in reversed(periods) if each.head)
    tables = tuple(_table(name, recorded) for name in OF_SELLERS)
    return _TEMPLATES.get_template("accounts.html").render(tables=tables, waiting=waiting)


def accounts_csv(settings: Settings, today: date) -> str:
    """Write the rows of `roll-forward` for the same months."""
    periods, _ = _last_months(settings, today)
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(
        [COLUMNS, *(row for each in periods for row in each.rows())]
    )
    return file.getvalue()


def _last_months(settings: Settings, today: date) -> tuple[tuple[Period, ...], int]:
    """Return the months, then all of them together, and how many records wait for their seal."""
    months = SettlementMonth.of(today).window(_MONTHS)
    with program_database(settings) as engine, engine.connect() as connection:
        head, waiting = chain_head(connection), waiting_for_seals(connection)
        return roll_months_forward(connection, months, head.seal_no if head else 0), waiting


def _table(account: str, periods: Sequence[Period]) -> _Table:
    movements = tuple(
        movement
        for movement in Movement
        if any(each.accounts[account].changes[movement] for each in periods)
    )
    return _Table(str(account), movements, tuple(periods))
