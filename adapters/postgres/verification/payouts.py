"""Payouts: due when their policy says, whole, and what they say they paid."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from adapters.korean_holidays import HolidaysUnknown, calendar_version, korean_holidays
from adapters.postgres.sequence import NOTED
from adapters.postgres.tables import Month
from adapters.postgres.verification.difference import Difference, QueryCheck
from adapters.postgres.verification.policies import readable_policies
from domain.payout_date import calendar_years, payout_date
from domain.policy import Policy
from domain.sentence import sentence

PAID = QueryCheck(
    "payouts",
    sentence(
        "{month} says that it paid {points} points to {sellers} sellers, "
        "but its posting paid {moved} to {paid}"
    ),
    """
    SELECT to_char(payout.settlement_month, 'YYYY-MM') AS month, payout.points, payout.sellers,
           coalesce(sum(transfer.points), 0) AS moved, count(DISTINCT transfer.seller_id) AS paid
    FROM growth_points.payout
    LEFT JOIN growth_points.posting ON posting.posting_no = payout.posting_no
      AND posting.kind = 'payout' AND posting.settlement_month = payout.settlement_month
    LEFT JOIN growth_points.transfer ON transfer.posting_no = posting.posting_no
    GROUP BY payout.settlement_month, payout.points, payout.sellers
    HAVING payout.points <> coalesce(sum(transfer.points), 0)
      OR payout.sellers <> count(DISTINCT transfer.seller_id)
    ORDER BY 1
    """,
)


PAID_WHOLE = QueryCheck(
    "payouts",
    sentence("{month} was paid, but {awards} of its awards are still pending"),
    """
    SELECT to_char(settlement_month, 'YYYY-MM') AS month, count(*) AS awards
    FROM growth_points.award JOIN growth_points.payout USING (settlement_month)
    WHERE state = 'pending' GROUP BY settlement_month ORDER BY 1
    """,
)


PAID_BY_A_RUN = QueryCheck(
    "payouts",
    sentence("{month} was paid, and no run in its history did that"),
    """
    SELECT to_char(settlement_month, 'YYYY-MM') AS month FROM growth_points.payout
    WHERE NOT EXISTS (
      SELECT FROM growth_points.run
      WHERE run.settlement_month = payout.settlement_month AND action = 'pay out' AND changed)
    ORDER BY 1
    """,
)


PAID_BY_A_PAYOUT = QueryCheck(
    "payouts",
    sentence("posting {key} pays a month that has no such payout"),
    """
    SELECT posting.key FROM growth_points.posting LEFT JOIN growth_points.payout
      ON payout.posting_no = posting.posting_no
      AND payout.settlement_month = posting.settlement_month
    WHERE kind = 'payout' AND payout.settlement_month IS NULL ORDER BY 1
    """,
)


# The date that held was planned before the payout was recorded, whatever the clocks showed.
PAID_WHEN_DUE = QueryCheck(
    "payouts",
    sentence("{month} was paid on {paid_on}; its payout date was {due_on}"),
    f"""
    WITH {NOTED}
    SELECT to_char(settlement_month, 'YYYY-MM') AS month, paid_on, due_on
    FROM growth_points.payout
    LEFT JOIN noted paid ON (paid.subject, paid.subject_key) = ('payout', settlement_month::text)
    LEFT JOIN LATERAL (
      SELECT due_on FROM growth_points.payout_date plan JOIN noted planned
        ON (planned.subject, planned.subject_key)
          = ('payout_date', concat_ws('/', plan.settlement_month, plan_no))
      WHERE plan.settlement_month = payout.settlement_month
        AND (planned.waits, planned.number) < (paid.waits, paid.number)
      ORDER BY plan_no DESC LIMIT 1
    ) plan ON true
    WHERE due_on IS NULL OR paid_on < due_on ORDER BY 1
    """,  # noqa: S608 a constant
)


# Whether a day had come is told by clocks alone: by the database's, or by that of the machine whose
# run paid. A run that began on the day paid in good faith, though one of them was wrong.
PAID_AHEAD_ON_PURPOSE = QueryCheck(
    "payouts",
    sentence(
        "{month} was paid on {paid_on}, but recorded on {recorded_on}, and no run asked to "
        "pay ahead"
    ),
    """
    SELECT to_char(settlement_month, 'YYYY-MM') AS month, paid_on,
           (paid_at AT TIME ZONE 'Asia/Seoul')::date AS recorded_on
    FROM growth_points.payout
    WHERE ((paid_at + interval '1 hour') AT TIME ZONE 'Asia/Seoul')::date < paid_on
      AND NOT EXISTS (
        SELECT FROM growth_points.run
        WHERE run.settlement_month = payout.settlement_month AND action = 'pay out' AND changed
          AND ((started_at AT TIME ZONE 'Asia/Seoul')::date >= paid_on
            OR difference ? 'days_ahead'))
    ORDER BY 1
    """,  # clocks may differ by an hour
)


# What the approval was of is the evaluation that was the month's newest when it was paid.
PAID_WITH_APPROVAL = QueryCheck(
    "payouts",
    sentence(
        "{month} was paid {points} points that nobody approved; a closing before asked for it"
    ),
    f"""
    WITH {NOTED}, paid AS (
      SELECT payout.settlement_month, points, waits, number FROM growth_points.payout
      JOIN noted ON (subject, subject_key) = ('payout', settlement_month::text)
    ), asked AS (
      SELECT settlement_month, min(above_points) AS above_points FROM growth_points.approval_rule
      JOIN noted ON (subject, subject_key)
        = ('approval_rule', concat_ws('/', settlement_month, above_points))
      JOIN paid USING (settlement_month)
      WHERE (noted.waits, noted.number) < (paid.waits, paid.number) GROUP BY settlement_month
    ), paid_for AS (
      SELECT DISTINCT ON (settlement_month) settlement_month, evaluation_id
      FROM growth_points.evaluation
      JOIN noted ON (subject, subject_key) = ('evaluation', evaluation_id::text)
      JOIN paid USING (settlement_month)
      WHERE (noted.waits, noted.number) < (paid.waits, paid.number)
      ORDER BY settlement_month, evaluation_no DESC
    )
    SELECT to_char(settlement_month, 'YYYY-MM') AS month, points
    FROM paid JOIN asked USING (settlement_month)
    WHERE points > above_points AND NOT EXISTS (
      SELECT FROM paid_for JOIN growth_points.approval USING (evaluation_id)
      JOIN noted ON (subject, subject_key) = ('approval', evaluation_id::text)
      WHERE paid_for.settlement_month = paid.settlement_month AND approval.points = paid.points
        AND (noted.waits, noted.number) < (paid.waits, paid.number)
    )
    ORDER BY 1
    """,  # noqa: S608 a constant
)


def payout_dates(connection: Connection) -> Iterator[Difference]:
    policies = readable_policies(connection)
    plans = connection.execute(
        text("SELECT * FROM growth_points.payout_date ORDER BY settlement_month, plan_no").columns(
            settlement_month=Month()
        )
    )
    for plan in plans:
        policy = policies.get(plan.policy_hash)
        if policy is None or not _follows(policy, plan):
            yield Difference(
                "payout dates",
                sentence(
                    "{settlement_month} (plan {plan_no}) is due on {due_on}, which does "
                    "not follow from its policy and the holidays",
                    settlement_month=plan.settlement_month,
                    plan_no=plan.plan_no,
                    due_on=plan.due_on,
                ),
            )


def _follows(policy: Policy, plan: Any) -> bool:
    """Work the date out again and compare it and the days that were passed over."""
    try:
        holidays = _holidays(plan)
    except (AttributeError, TypeError, ValueError, HolidaysUnknown):
        return False
    planned = payout_date(policy.payout, plan.settlement_month, holidays)
    passed_over = [[day.isoformat(), name] for day, name in planned.passed_over]
    return (planned.due_on, passed_over) == (plan.due_on, plan.passed_over)


def _holidays(plan: Any) -> Mapping[date, str]:
    """Find the holidays that a plan rests on: those of its calendar and the operator's own.

    Another release of the calendar may know other ones. Then there are only those that the plan
    says it passed over, which its seal holds fast.
    """
    if plan.calendar == calendar_version():
        extra = {date.fromisoformat(day): name for day, name in plan.extra_holidays.items()}
        return korean_holidays(calendar_years(plan.settlement_month), extra).holidays
    return {date.fromisoformat(day): name for day, name in plan.passed_over}
