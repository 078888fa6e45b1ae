"""Corrections, the same for a form and the command line: posted, in the history, and told."""

from contextlib import nullcontext

from sqlalchemy import Engine

from adapters.postgres.ledger import paid_months
from adapters.postgres.payout_dates import planned_payouts
from adapters.postgres.runs import Action
from domain.cause import Cause
from domain.months import SettlementMonth
from domain.refusal import Refused
from flows.occasion import Occasion
from flows.operations.clocks import tell_clocks
from flows.operations.refusals import refusals_in_the_history
from flows.program import program_calendar, program_database, program_policies
from flows.settings import Settings
from flows.steps.adjust_points import Adjustment, AdjustmentRequest, adjust_points
from flows.steps.approve_payout import ApprovedPayout, approve_payout
from flows.steps.reschedule_payouts import PlannedAnew, reschedule_payouts


class HolidaysMissing(Refused):
    """A payout date was planned with a holiday that nothing announces any more."""

    def __init__(self, month: SettlementMonth, day: str, name: str) -> None:
        super().__init__(
            f"The payout of {month} was planned with the announced holiday {day} ({name}), and "
            "GROWTH_POINTS_HOLIDAYS names no file now. Set it to that file, or to one without the "
            "day if the holiday was taken back. Nothing was moved."
        )
        self.month = month


def adjust(
    settings: Settings,
    occasion: Occasion,
    seller_id: str,
    points: int,
    reason: str,
    month: SettlementMonth | None,
    request_id: str,
    acknowledge_paid: bool,
) -> Adjustment:
    """Adjust a seller's points today; without a month it stands in no month's history."""
    cause = occasion.cause(reason)
    request = AdjustmentRequest(
        seller_id, points, occasion.today, cause, month, request_id, acknowledge_paid
    )
    history = (
        nullcontext()
        if month is None
        else refusals_in_the_history(settings, month, Action.GRANT, cause)
    )
    with program_database(settings) as engine, history:
        tell_clocks(engine)
        return adjust_points(
            engine, request, program_policies(settings), program_calendar(settings)
        )


def tell_adjustment(adjustment: Adjustment) -> str:
    """Tell an adjustment, and what a grant changed in later months."""
    request = adjustment.request
    if not adjustment.posted.created:
        again = "" if request.month else " To adjust once more on purpose, give a --request-id."
        return (
            f"The ledger has this adjustment of seller {request.seller_id} already, as posting "
            f"{adjustment.posted.posting_no}; nothing was written.{again}"
        )
    verb = "is given" if request.points > 0 else "gives back"
    why = f" (request {request.request_id})"
    if request.month is not None:
        why = f", which {request.month} gave too much"
        if request.points > 0:
            why = f", which grants what {request.month} lacked"
    lines = [f"Seller {request.seller_id} {verb} {abs(request.points):,} points{why}."]
    lines += [
        f"{each.month} was evaluated again: {len(each.changes):,} results changed."
        for each in adjustment.months
        if each.changes
    ]
    return "\n".join(lines)


def approve(
    settings: Settings, month: SettlementMonth, points: int, cause: Cause
) -> ApprovedPayout:
    """Approve a month's payout."""
    history = refusals_in_the_history(settings, month, Action.APPROVE, cause)
    with program_database(settings) as engine, history:
        tell_clocks(engine)
        return approve_payout(engine, month, points, cause)


def tell_approval(approved: ApprovedPayout) -> str:
    """Tell what the approved payout pays."""
    payout = approved.payout
    if not approved.created:
        return f"The payout of {payout.month} was approved before; that approval stays."
    return f"{payout.month} may pay {payout.points:,} points to {payout.sellers:,} sellers."


def reschedule(settings: Settings, cause: Cause) -> tuple[PlannedAnew, ...]:
    """Work out every planned payout date again; give those that moved.

    Raises HolidaysMissing.
    """
    with program_database(settings) as engine:
        tell_clocks(engine)
        if settings.holidays is None:
            _require_no_extra_holidays(engine)
        return reschedule_payouts(
            engine, cause, program_policies(settings), program_calendar(settings)
        )


def tell_moves(moved: tuple[PlannedAnew, ...]) -> str:
    """Tell which payout dates moved."""
    lines = [f"{each.month} is due on {each.after}, no longer on {each.before}." for each in moved]
    return "\n".join(lines) or "Every planned payout keeps its date."


def _require_no_extra_holidays(engine: Engine) -> None:
    with engine.connect() as connection:
        paid = paid_months(connection)
        for month, planned in planned_payouts(connection).items():
            announced = [each for each in planned.passed_over if each[0] in planned.extra_holidays]
            if month not in paid and announced:
                raise HolidaysMissing(month, *announced[0])
