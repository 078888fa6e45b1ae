"""Adjusting points and reporting it, for the form and the command line alike."""

from contextlib import AbstractContextManager, nullcontext

from adapters.postgres.runs import Action
from flows.clocks import warn_about_clocks
from flows.correcting.adjust_points import Adjustment, AdjustmentRequest, adjust_points
from flows.program import program_calendar, program_database, program_policies
from flows.refused_runs import recording_refusals
from flows.settings import Settings


def adjust(settings: Settings, request: AdjustmentRequest) -> Adjustment:
    """Adjust a seller's points; a correction is recorded in its month's history.

    A refused request is recorded as a clawback or award correction by the sign of its points.
    """
    history: AbstractContextManager[None] = nullcontext()
    if request.month is not None:
        action = Action.CLAWBACK if request.points < 0 else Action.AWARD_CORRECTION
        history = recording_refusals(settings, request.month, action, request.cause)
    with program_database(settings) as engine, history:
        warn_about_clocks(engine)
        return adjust_points(
            engine, request, program_policies(settings), program_calendar(settings)
        )


def adjustment_summary(adjustment: Adjustment) -> str:
    """Describe an adjustment, and what it changed in later months."""
    request = adjustment.request
    if not adjustment.posted.created:
        again = "" if request.month else " To adjust once more on purpose, give a --request-id."
        return (
            f"The ledger already has this adjustment of seller {request.seller_id}, as posting "
            f"{adjustment.posted.posting_no}; nothing was written.{again}"
        )
    verb = "is given" if request.points > 0 else "gives back"
    why = f" (request {request.request_id})"
    if request.month is not None:
        why = ", which {} lacked" if request.points > 0 else ", which {} gave too much"
        why = why.format(request.month)
    lines = [f"Seller {request.seller_id} {verb} {abs(request.points):,} points{why}."]
    lines += [
        f"{each.month} was evaluated again: {len(each.changes):,} results changed."
        for each in adjustment.months
        if each.changes
    ]
    return "\n".join(lines)
