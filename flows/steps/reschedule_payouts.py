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
class MovedPayout:
    """A month whose payout date is another than before."""

    month: SettlementMonth
    before: date
    after: date


def reschedule_payouts(
    engine: Engine, cause: Cause, policies: Sequence[PolicyText], calendar: Calendar
) -> tuple[MovedPayout, ...]:
    """Plan every closed month that is not paid anew, in one transaction; tell what moved."""
    with engine.begin() as connection:
        lock_program(connection)
        before = planned_payouts(connection)
        open_months = [month for month in before if month not in paid_months(connection)]
        after = plan_payouts(
            connection,
            {month: policy_of(connection, month, policies).policy for month in open_months},
            calendar,
        )
        moved = [
            MovedPayout(month, before[month].due_on, after[month].due_on)
            for month in open_months
            if before[month].due_on != after[month].due_on
        ]
        for each in moved:
            days = (each.after - each.before).days
            record_run(
                connection,
                each.month,
                Action.RESCHEDULE,
                cause,
                changed=True,
                difference={"days": days},
            )
        check_now(connection)
    return tuple(moved)
