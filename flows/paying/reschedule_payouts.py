"""Recomputing planned payout dates after a holiday was announced (rule 14)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Engine

from adapters.korean_holidays import Calendar
from adapters.policy_files import PolicyText
from adapters.postgres.database import lock_program
from adapters.postgres.evaluations import current_evaluations
from adapters.postgres.ledger import check_now, paid_months
from adapters.postgres.payout_dates import planned_payouts
from adapters.postgres.runs import Action, record_run
from domain.cause import Cause
from domain.months import SettlementMonth
from domain.refusal import Refused
from domain.sentence import Sentence, sentence
from flows.clocks import warn_about_clocks
from flows.paying.plan_payouts import plan_payouts
from flows.policies import policy_of
from flows.program import program_calendar, program_database, program_policies
from flows.settings import Settings


@dataclass(frozen=True, slots=True)
class RescheduledPayout:
    """A month's payout date before and after rescheduling."""

    month: SettlementMonth
    before: date
    after: date

    @property
    def days(self) -> int:
        """By how many days it moved."""
        return (self.after - self.before).days


class HolidaysMissing(Refused):
    """A payout date rests on an extra holiday, and no file of holidays is configured."""

    def __init__(self, month: SettlementMonth, day: str, name: str) -> None:
        super().__init__(
            sentence(
                "The payout of {month} was planned with the announced holiday {day} "
                "({name}), but GROWTH_POINTS_HOLIDAYS names no file now. Set it to "
                "that file, or to one without the day if the holiday was cancelled. "
                "Nothing was moved.",
                month=month,
                day=day,
                name=name,
            )
        )
        self.month = month


def reschedule(
    settings: Settings, cause: Cause, *, preview: bool = False
) -> tuple[RescheduledPayout, ...]:
    """Recompute every planned payout date; return those that moved. Raises HolidaysMissing.

    A preview is rolled back.
    """
    with program_database(settings, preview=preview) as engine:
        warn_about_clocks(engine)
        if settings.holidays is None:
            _require_no_extra_holidays(engine)
        return reschedule_payouts(
            engine, cause, program_policies(settings), program_calendar(settings)
        )


def reschedule_told(
    moved: Sequence[RescheduledPayout], *, preview: bool = False
) -> Iterator[Sentence]:
    """Say which payout dates moved, or would move."""
    if preview:
        yield sentence("Nothing was written: this is a preview.")
    for each in moved:
        facts = {"month": each.month, "after": each.after, "before": each.before}
        if preview:
            yield sentence("{month} would be due on {after}, no longer on {before}.", **facts)
        else:
            yield sentence("{month} is due on {after}, no longer on {before}.", **facts)
    if not moved:
        yield sentence("Every planned payout keeps its date.")


def _require_no_extra_holidays(engine: Engine) -> None:
    with engine.connect() as connection:
        paid = paid_months(connection)
        for month, planned in planned_payouts(connection).items():
            announced = [each for each in planned.passed_over if each[0] in planned.extra_holidays]
            if month not in paid and announced:
                raise HolidaysMissing(month, *announced[0])


def reschedule_payouts(
    engine: Engine, cause: Cause, policies: Sequence[PolicyText], calendar: Calendar
) -> tuple[RescheduledPayout, ...]:
    """Recompute the payout date of every unpaid month in one transaction; return those that moved.

    A run is recorded for each month, even if its date does not move.
    """
    with engine.begin() as connection:
        lock_program(connection)
        before = planned_payouts(connection)
        paid = paid_months(connection)
        open_months = [month for month in before if month not in paid]
        closed = {each.settlement_month: each for each in current_evaluations(connection)}
        after = plan_payouts(
            connection,
            {
                month: policy_of(connection, month, policies, closed.get(month)).policy
                for month in open_months
            },
            calendar,
        )
        planned = [
            RescheduledPayout(month, before[month].due_on, after[month].due_on)
            for month in open_months
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
