"""Adjusting points and reporting it, for the form and the command line alike."""

from contextlib import AbstractContextManager, nullcontext

from adapters.postgres.runs import Action
from domain.many import many
from domain.sentence import Text, joined, sentence, sentences
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


def adjustment_summary(adjustment: Adjustment) -> Text:
    """Describe an adjustment, and what it changed in later months."""
    request = adjustment.request
    if not adjustment.posted.created:
        return _known(adjustment)
    facts = {
        "seller_id": request.seller_id,
        "points": many("point", abs(request.points)),
        "why": _why(request),
    }
    lines = [
        sentence("Seller {seller_id} is given {points}{why}.", **facts)
        if request.points > 0
        else sentence("Seller {seller_id} gives back {points}{why}.", **facts)
    ]
    lines += [
        sentences(
            "{month} was evaluated again: {count:,} result changed.",
            "{month} was evaluated again: {count:,} results changed.",
            count=len(each.changes),
            month=each.month,
        )
        for each in adjustment.months
        if each.changes
    ]
    return joined(lines, "\n")


def _known(adjustment: Adjustment) -> Text:
    request = adjustment.request
    known = sentence(
        "The ledger already has this adjustment of seller {seller_id}, as posting {posting_no}; "
        "nothing was written.",
        seller_id=request.seller_id,
        posting_no=adjustment.posted.posting_no,
    )
    again = sentence("To adjust once more on purpose, give a --request-id.")
    return joined((known, "" if request.month else again), " ")


def _why(request: AdjustmentRequest) -> Text:
    if request.month is None:
        return sentence(" (request {request_id})", request_id=request.request_id)
    if request.points > 0:
        return sentence(", which {month} lacked", month=request.month)
    return sentence(", which {month} gave too much", month=request.month)
