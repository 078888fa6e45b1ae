"""The status of the program: every month with its data, awards and payout."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, select

from adapters.postgres.ledger import payouts, pending_totals
from adapters.postgres.ledger.tables import award
from adapters.postgres.month_list import month_revisions
from adapters.postgres.payout_dates import planned_payouts
from domain.months import SettlementMonth


@dataclass(frozen=True, slots=True)
class Standing:
    """The status of one month.

    `state`, `sellers` and `findings` (the number of warnings) are those of its current revision;
    `awards` counts standing awards by tier; `due_on` is None before the month is closed, `paid_on`
    before it is paid.
    """

    settlement_month: SettlementMonth
    state: str
    revision_no: int
    sellers: int
    findings: int
    awards: Mapping[int, int]
    pending_sellers: int
    pending_points: int
    paid_points: int
    due_on: date | None
    paid_on: date | None

    def days_late(self, today: date) -> int:
        """Return the days by which its payout is late: 0 if it is paid, or due today or later."""
        if self.due_on is None or self.paid_on is not None:
            return 0
        return max((today - self.due_on).days, 0)


def program_standing(connection: Connection) -> tuple[Standing, ...]:
    """Return the status of every ingested month, oldest first."""
    awards, pending = _awards(connection), pending_totals(connection)
    planned = planned_payouts(connection)
    paid = {each.settlement_month: each for each in payouts(connection)}
    current = {each.settlement_month: each for each in month_revisions(connection) if each.current}
    return tuple(
        Standing(
            settlement_month=month,
            state=each.state,
            revision_no=each.revision_no,
            sellers=each.sellers,
            findings=each.findings,
            awards=awards.get(month, {}),
            pending_sellers=pending.get(month, (0, 0))[0],
            pending_points=pending.get(month, (0, 0))[1],
            paid_points=paid[month].points if month in paid else 0,
            due_on=planned[month].due_on if month in planned else None,
            paid_on=paid[month].paid_on if month in paid else None,
        )
        for month, each in current.items()
    )


def _awards(connection: Connection) -> dict[SettlementMonth, dict[int, int]]:
    rows = connection.execute(
        select(award.c.settlement_month, award.c.tier, func.count())
        .where(award.c.state != "reversed")
        .group_by(award.c.settlement_month, award.c.tier)
    )
    counted: dict[SettlementMonth, dict[int, int]] = {}
    for month, tier, count in rows:
        counted.setdefault(month, {})[tier] = count
    return counted
