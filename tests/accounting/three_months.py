"""What the ledger of three months holds."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

from sqlalchemy import Engine

from domain.months import SettlementMonth
from flows.accounting.roll_forward import Period, roll_months_forward
from flows.occasion import SEOUL
from tests.clocks import let_it_be, move_the_databases_clock

NOW: Final = SettlementMonth.of(datetime.now(SEOUL).date())
MONTHS: Final = NOW.window(3)
_MIDNIGHT: Final = time()


@dataclass(frozen=True, slots=True)
class ThreeMonths:
    """The ledger of three months, and its newest seal."""

    database_url: str
    engine: Engine
    seal_no: int

    def rolled(self, *months: SettlementMonth) -> tuple[Period, ...]:
        """Roll months forward, by default all three."""
        with self.engine.connect() as connection:
            return roll_months_forward(connection, months or MONTHS, self.seal_no)


def work_on(database_url: str, day: date, at: time = _MIDNIGHT) -> None:
    """Let the database's clock show a day and a time in Seoul from now on."""
    by = datetime.combine(day, at, SEOUL) - datetime.now(SEOUL)
    move_the_databases_clock(database_url, by)
    let_it_be(database_url, day)
