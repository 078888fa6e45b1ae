"""Corrections from the command line, at once and without Prefect, told in sentences."""

from domain.months import SettlementMonth
from flows.occasion import this_occasion
from flows.program import program_calendar, program_database, program_policies
from flows.settings import Settings
from flows.steps.adjust_points import Adjustment, AdjustmentRequest, adjust_points
from flows.steps.approve_payout import approve_payout
from flows.steps.reschedule_payouts import reschedule_payouts


def adjust_now(
    settings: Settings,
    seller_id: str,
    points: int,
    reason: str,
    month: SettlementMonth | None,
    request_id: str = "",
    acknowledge_paid: bool = False,
) -> str:
    """Adjust a seller's points today, and tell what was done."""
    occasion = this_occasion()
    request = AdjustmentRequest(
        seller_id,
        points,
        occasion.today,
        occasion.cause(reason),
        month,
        request_id,
        acknowledge_paid,
    )
    with program_database(settings) as engine:
        return sentence(
            adjust_points(engine, request, program_policies(settings), program_calendar(settings))
        )


def sentence(adjustment: Adjustment) -> str:
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


def approve_now(settings: Settings, month: SettlementMonth, points: int, reason: str) -> str:
    """Approve a month's payout, and tell what it pays."""
    with program_database(settings) as engine:
        approved = approve_payout(engine, month, points, this_occasion().cause(reason))
    if not approved.created:
        return f"The payout of {month} was approved before; nothing was written."
    return f"{month} may pay {points:,} points to {approved.payout.sellers:,} sellers."


def reschedule_now(settings: Settings) -> str:
    """Work out every planned payout date again, and tell which moved."""
    cause = this_occasion().cause("payout dates worked out again")
    with program_database(settings) as engine:
        moved = reschedule_payouts(
            engine, cause, program_policies(settings), program_calendar(settings)
        )
    lines = [f"{each.month} is due on {each.after}, no longer on {each.before}." for each in moved]
    return "\n".join(lines) or "Every planned payout keeps its date; nothing was written."
