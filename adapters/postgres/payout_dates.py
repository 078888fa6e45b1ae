"""Payout dates of closed months, and the calendars they were computed with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from adapters.postgres.tables import payout_date
from domain.months import SettlementMonth
from domain.payout_date import PayoutDate


@dataclass(frozen=True, slots=True)
class PlannedPayout:
    """The current payout date of a settlement month (rule 14) and its calendar."""

    settlement_month: SettlementMonth
    plan_no: int
    due_on: date
    passed_over: list[list[str]]
    calendar: str
    extra_holidays: dict[str, str]
    policy_hash: str


_FACTS = tuple(payout_date.c[name] for name in PlannedPayout.__dataclass_fields__)


def planned_payouts(connection: Connection) -> Mapping[SettlementMonth, PlannedPayout]:
    """Return the current payout date of every closed month, oldest month first."""
    current = (
        select(*_FACTS)
        .ext(distinct_on(payout_date.c.settlement_month))
        .order_by(payout_date.c.settlement_month, payout_date.c.plan_no.desc())
    )
    found = (PlannedPayout(*row) for row in connection.execute(current))
    return {each.settlement_month: each for each in found}


def plan_payout(
    connection: Connection,
    *,
    month: SettlementMonth,
    planned: PayoutDate,
    calendar: str,
    extra_holidays: Mapping[date, str],
    policy_hash: str,
    before: PlannedPayout | None,
) -> None:
    """Record a month's payout date, unless it equals `before`."""
    if before is not None and (before.due_on, before.policy_hash) == (planned.due_on, policy_hash):
        return
    connection.execute(
        insert(payout_date).values(
            settlement_month=month,
            plan_no=1 if before is None else before.plan_no + 1,
            due_on=planned.due_on,
            passed_over=[[day.isoformat(), why] for day, why in planned.passed_over],
            calendar=calendar,
            extra_holidays={day.isoformat(): name for day, name in extra_holidays.items()},
            policy_hash=policy_hash,
        )
    )
