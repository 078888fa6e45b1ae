"""The roll-forward: the accounts month by month, as a page and as CSV, up to the newest head.

Nothing is sealed for it, since the pages' login may only read: what waits is counted on the page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from adapters.postgres.ledger import chain_head, waiting_for_seals
from domain.accounting.roll_forward import OF_SELLERS, Movement
from domain.months import SettlementMonth
from flows.accounting.roll_forward import COLUMNS, Period, roll_months_forward
from web.operators.rendering import page
from web.operators.tables import csv_response
from web.operators.visit import Visit

_MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class _Rolled:
    """An account's months, newest first, and the movements that it had in any of them."""

    account: str
    movements: tuple[Movement, ...]
    periods: tuple[Period, ...]


def accounts_page(visit: Visit) -> Response:
    """Show the accounts of the last twelve months; months before the first record are left out."""
    periods, waiting = _last_months(visit)
    recorded = tuple(each for each in reversed(periods) if each.head)
    tables = tuple(_rolled(name, recorded) for name in OF_SELLERS)
    return page("accounts.html", visit, tables=tables, waiting=waiting)


def accounts_csv(visit: Visit) -> Response:
    """Write the rows of `roll-forward` for the same months."""
    periods, _ = _last_months(visit)
    return csv_response("accounts.csv", COLUMNS, (row for each in periods for row in each.rows()))


def _last_months(visit: Visit) -> tuple[tuple[Period, ...], int]:
    """Return the months, then all of them together, and how many records wait for their seal."""
    months = SettlementMonth.of(visit.today).window(_MONTHS)
    with visit.reading() as connection:
        head, waiting = chain_head(connection), waiting_for_seals(connection)
        return roll_months_forward(connection, months, head.seal_no if head else 0), waiting


def _rolled(account: str, periods: Sequence[Period]) -> _Rolled:
    movements = tuple(
        movement
        for movement in Movement
        if any(each.accounts[account].changes[movement] for each in periods)
    )
    return _Rolled(str(account), movements, tuple(periods))
