"""The open payouts that wait for an approval."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection

from adapters.postgres.payout_dates import planned_payouts
from domain.approval import ApprovalRule
from flows.paying.open_payouts import OpenPayout, open_payouts
from flows.program import program_database
from flows.settings import Settings


@dataclass(frozen=True, slots=True)
class MissingApproval:
    """A payout that waits for its approval, and when it is due."""

    payout: OpenPayout
    due_on: date

    def is_due_within(self, days: int, today: date) -> bool:
        """Whether it is due today or within so many days; a late one is not."""
        return timedelta(0) <= self.due_on - today <= timedelta(days)


def missing_approvals(settings: Settings) -> tuple[MissingApproval, ...]:
    """List the payouts that wait for their approval, oldest month first."""
    with program_database(settings) as engine, engine.connect() as connection:
        return _missing(connection, settings.approval_rule)


def _missing(connection: Connection, rule: ApprovalRule) -> tuple[MissingApproval, ...]:
    planned = planned_payouts(connection)
    return tuple(
        MissingApproval(payout, planned[month].due_on)
        for month, payout in sorted(open_payouts(connection).items())
        if month in planned and payout.waits(rule)
    )
