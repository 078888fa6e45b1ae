"""Planning payout dates: the 10th of the payout month, or the next business day (rule 14)."""

from collections.abc import Mapping

from sqlalchemy import Connection

from adapters.korean_holidays import Calendar
from adapters.postgres.ledger import paid_months
from adapters.postgres.payout_dates import PlannedPayout, plan_payout, planned_payouts
from domain.months import SettlementMonth
from domain.payout_date import payout_date
from domain.policy import Policy


def plan_payouts(
    connection: Connection, policies: Mapping[SettlementMonth, Policy], calendar: Calendar
) -> Mapping[SettlementMonth, PlannedPayout]:
    """Record the payout date of each unpaid month if it is new or changed; return all dates."""
    before = planned_payouts(connection)
    paid = paid_months(connection)
    for month, policy in policies.items():
        if month not in paid:
            known = calendar(month)
            plan_payout(
                connection,
                month=month,
                planned=payout_date(policy.payout, month, known.holidays),
                calendar=known.version,
                extra_holidays=known.extra,
                policy_hash=policy.content_hash,
                before=before.get(month),
            )
    return planned_payouts(connection)
