"""Working out every planned payout date again, after a holiday was announced (rule 14)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Engine

from adapters.korean_holidays import Calendar
from adapters.policy_files import PolicyText
from adapters.postgres.database import lock_program
from adapters.postgres.ledger import check_now, paid_months
from adapters.postgres.payout_dates import planned_payouts
from adapters.postgres.runs import Action, record_run
from domain.cause import Cause
from domain.months import SettlementMonth
from flows.closing.cascade import plan_payouts
from flows.closing.evaluation import policy_of


@dataclass(frozen=True, slots=True)
class PlannedAnew:
    """A month's payout date as it was planned before, and now."""

    month: SettlementMonth
    before: date
    after: date

    @property
    def days(self) -> int:
        """By how many days it moved; 0 when it stays."""
        return (self.after - self.before).days


def reschedule_payouts(
    engine: Engine, cause: Cause, policies: Sequence[PolicyText], calendar: Calendar
) -> tuple[PlannedAnew, ...]:
    """Plan every closed month that is not paid anew, in one transaction; tell what moved.

    The history of each has it, also where the date stays.
    """
    with engine.begin() as connection:
        lock_program(connection)
        before = planned_payouts(connection)
        open_months = [month for month in before if month not in paid_months(connection)]
        after = plan_payouts(
            connection,
            {month: policy_of(connection, month, policies).policy for month in open_months},
            calendar,
        )
        planned = [
            PlannedAnew(month, before[month].due_on, after[month].due_on) for month in open_months
        ]
        for each in planned:
            record_run(
                connection,
                each.month,
                Action.RESCHEDULE,
                cause,
                changed=each.days != 0,
                difference={"days": each.days},
            )
        check_now(connection)
    return tuple(each for each in planned if each.days)
