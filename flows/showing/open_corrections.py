"""What paid months paid in excess or lack of what their data says by now (rule 16)."""

from dataclasses import dataclass

from sqlalchemy import Connection

from adapters.postgres.corrections import corrections
from adapters.postgres.paid_differences import (
    binding_awards_of,
    decided_again,
    months_restated_after_payout,
)
from domain.corrections import clawed_back
from domain.ledger import Award, total_points
from domain.months import SettlementMonth
from domain.restatement import Restatement, restate


@dataclass(frozen=True, slots=True)
class OpenCorrections:
    """The awards that a month paid and did not earn, and those that it earned and did not pay."""

    month: SettlementMonth
    over_awarded: tuple[Award, ...]
    under_awarded: tuple[Award, ...]

    @property
    def over_points(self) -> int:
        """The points that were paid too much."""
        return total_points(self.over_awarded)

    @property
    def under_points(self) -> int:
        """The points that were paid too little."""
        return total_points(self.under_awarded)


def open_corrections(
    connection: Connection, of: SettlementMonth | None = None
) -> tuple[OpenCorrections, ...]:
    """List the paid months with differences that no correction has settled, or look at one."""
    found = (
        (month, _restatement(connection, month, evaluation_id))
        for month, evaluation_id in months_restated_after_payout(connection)
        if of in (None, month)
    )
    return tuple(
        OpenCorrections(month, each.over_awarded, each.under_awarded)
        for month, each in found
        if each.is_unsettled
    )


def _restatement(connection: Connection, month: SettlementMonth, evaluation_id: int) -> Restatement:
    """Compare as a closing does, but among the stores alone that can differ."""
    again = decided_again(connection, month, evaluation_id)
    binding = binding_awards_of(connection, again.stores)
    taken = clawed_back(corrections(connection))
    awards = frozenset(each.award for each in binding)
    here = {each for each in awards if each.settlement_month == month}
    elsewhere = {each.award for each in binding if each.paid} - here - taken
    found = restate(here - taken, again.earned, paid_out=True, paid_elsewhere=elsewhere)
    return found.settled(awards, taken)
