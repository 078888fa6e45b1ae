"""Checking that a month can be closed before its files are read."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Engine

from adapters.korean_holidays import Calendar
from adapters.policy_files import PolicyText
from adapters.postgres.evaluations import current_evaluation
from adapters.postgres.revisions import current_revisions
from domain.findings import WindowIncomplete
from domain.months import SettlementMonth
from domain.refusal import Refused
from domain.sentence import sentence
from flows.closing.evaluation import ClosingRequest
from flows.policies import policy_of


class MonthNotOver(Refused):
    """The month's last day has not passed in Seoul."""

    def __init__(self, month: SettlementMonth) -> None:
        super().__init__(
            sentence(
                "{month} is not over: it can be closed from {first_day} on, when all "
                "its purchases are confirmed. Nothing was written; --preview shows it "
                "as it stands.",
                month=month,
                first_day=month.payout_month.first_day,
            )
        )
        self.month = month


def require_window(
    engine: Engine, request: ClosingRequest, policies: Sequence[PolicyText], calendar: Calendar
) -> None:
    """Raise MonthNotOver, HolidaysUnknown or WindowIncomplete if a month cannot be closed.

    HolidaysUnknown means that its payout date cannot be computed.
    """
    if not request.preview:
        _require_over(request.month, request.cause.started_at.date())
    calendar(request.month)
    with engine.connect() as connection:
        before = current_evaluation(connection, request.month)
        chosen = policy_of(connection, request.month, policies, before, request.policy_name)
        earlier = request.month.window(chosen.policy.window_months)[:-1]
        known = current_revisions(connection, earlier)
    missing = tuple(month for month in earlier if month not in known)
    if missing:
        raise WindowIncomplete(request.month, missing)


def _require_over(month: SettlementMonth, today: date) -> None:
    if today < month.payout_month.first_day:
        raise MonthNotOver(month)
