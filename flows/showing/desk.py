"""How things stand: what is awaited, what is paid next, and what needs somebody."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Connection

from adapters.data_docs import CheckedDelivery, last_checks
from adapters.ingest.root import is_folder, source_of
from adapters.postgres.month_points import MonthPoints, points_by_month
from adapters.postgres.rewards import RewardsStanding, rewards_standing
from adapters.postgres.using import unanswered_conversions
from domain.findings import Finding, blocking
from domain.months import SettlementMonth
from domain.policy import Policy, policy_in_force
from domain.sentence import Text
from flows.closing.due_months import expected_payout, unclosed_months
from flows.program import program_policies
from flows.settings import Settings
from flows.showing.month_states import MonthState, month_states
from flows.showing.open_corrections import OpenCorrections, open_corrections


@dataclass(frozen=True, slots=True)
class AwaitedMonth:
    """A month that is not closed: when it is to be paid, and what is there of its files.

    `due_on` is None if it is not known, for the reason in `why_not_known`. `source` is where files
    are looked for, None if no setting says so; `delivered` whether they are there, None if that is
    not known. `missing` are the months of its window that were not ingested.
    """

    month: SettlementMonth
    is_over: bool
    due_on: date | None
    why_not_known: Text | None
    source: str | None
    delivered: bool | None
    missing: tuple[SettlementMonth, ...]

    def days_late(self, today: date) -> int:
        """How many days its payout date is over; 0 if it is not, or not known."""
        return max((today - self.due_on).days, 0) if self.due_on else 0


@dataclass(frozen=True, slots=True)
class Desk:
    """How things stand on a day. Months come oldest first, `refused` are their last deliveries.

    `closes_by_itself` says whether months do: without history and a first one there is none yet.
    `unanswered` are the conversions that the ad system does not answer for, and their points.
    """

    today: date
    months: Mapping[SettlementMonth, MonthState]
    closes_by_itself: bool
    awaited: tuple[AwaitedMonth, ...]
    refused: Mapping[SettlementMonth, tuple[Finding, ...]]
    corrections: tuple[OpenCorrections, ...]
    points: Mapping[SettlementMonth, MonthPoints]
    unanswered: tuple[int, int]
    rewards: RewardsStanding

    @property
    def next_payout(self) -> MonthState | None:
        """The closed month that is to be paid first; None if none is."""
        unpaid = [each for each in self.months.values() if each.to_pay is not None]
        return min(unpaid, key=lambda each: each.due_on or date.max, default=None)


def gather_desk(connection: Connection, settings: Settings, today: date) -> Desk:
    """Gather how things stand on a day; raises CheckDamaged."""
    months = month_states(connection, settings.approval_rule)
    unclosed = unclosed_months(connection, settings.first_to_close, today)
    return Desk(
        today=today,
        months=months,
        closes_by_itself=unclosed is not None,
        awaited=awaited_months(settings, months, unclosed or (), today),
        refused=refused_deliveries(last_checks(settings.docs).values()),
        corrections=open_corrections(connection),
        points=points_by_month(connection),
        unanswered=unanswered_conversions(connection),
        rewards=rewards_standing(connection),
    )


def refused_deliveries(
    checks: Iterable[CheckedDelivery],
) -> Mapping[SettlementMonth, tuple[Finding, ...]]:
    """Return the months whose last delivery was refused, with what blocks it."""
    return {each.settlement_month: blocking(each.findings) for each in checks if each.blocked}


def awaited_months(
    settings: Settings,
    months: Mapping[SettlementMonth, MonthState],
    unclosed: tuple[SettlementMonth, ...],
    today: date,
) -> tuple[AwaitedMonth, ...]:
    """Describe the months that are over and not closed, and the one that is not over."""
    now = SettlementMonth.of(today)
    is_closed = now in months and months[now].evaluation is not None
    awaited = unclosed if is_closed else (*unclosed, now)
    policies = tuple(each.policy for each in program_policies(settings))
    return tuple(_awaited(settings, months, month, now, policies) for month in awaited)


def _awaited(
    settings: Settings,
    months: Mapping[SettlementMonth, MonthState],
    month: SettlementMonth,
    now: SettlementMonth,
    policies: tuple[Policy, ...],
) -> AwaitedMonth:
    policy: Policy = policy_in_force(policies, month)
    due_on, why_not_known = expected_payout(settings, policy, month)
    window = month.window(policy.window_months)[:-1]
    source = source_of(settings.settlements, month) if settings.settlements else None
    known = settings.settlements is not None and is_folder(settings.settlements)
    return AwaitedMonth(
        month=month,
        is_over=month < now,
        due_on=due_on,
        why_not_known=why_not_known,
        source=source,
        delivered=_has_files(Path(source)) if source and known else None,
        missing=tuple(each for each in window if each not in months),
    )


def _has_files(folder: Path) -> bool | None:
    """Whether there is anything in a month's folder; None if its root is not seen from here."""
    if not folder.parent.is_dir():
        return None
    try:
        return any(folder.iterdir())
    except OSError:
        return False
