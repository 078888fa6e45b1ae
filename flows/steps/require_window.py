"""Seeing early whether a month can be closed at all, before its files are read."""

from collections.abc import Sequence

from sqlalchemy import Engine

from adapters.policy_files import PolicyText
from adapters.postgres.revisions import current_revisions
from domain.findings import WindowIncomplete
from flows.closing.cascade import Calendar
from flows.closing.evaluation import ClosingRequest, policy_of


def require_window(
    engine: Engine, request: ClosingRequest, policies: Sequence[PolicyText], calendar: Calendar
) -> None:
    """Raise WindowIncomplete unless the months before the request's were taken in.

    Raises HolidaysUnknown for a month whose payout date cannot be worked out.
    """
    calendar(request.month)
    with engine.connect() as connection:
        chosen = policy_of(connection, request.month, policies, request.policy_name)
        earlier = request.month.window(chosen.policy.window_months)[:-1]
        known = current_revisions(connection, earlier)
    missing = tuple(month for month in earlier if month not in known)
    if missing:
        raise WindowIncomplete(request.month, missing)
