"""Adjusting points and reporting it, for the form and the command line alike."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from adapters.postgres.runs import Action
from domain.many import many
from domain.sentence import Sentence, sentence
from flows.clocks import warn_about_clocks
from flows.correcting.adjust_points import Adjustment, AdjustmentRequest, adjust_points
from flows.program import program_calendar, program_database, program_policies
from flows.refused_runs import recording_refusals
from flows.settings import Settings

if TYPE_CHECKING:  # it imports Prefect
    from flows.closing.later_months import LaterMonth


@dataclass(frozen=True, slots=True)
class ReportedAdjustment:
    """An adjustment, and the later months that it changed, with their reports."""

    adjustment: Adjustment
    later: "tuple[LaterMonth, ...]" = ()


def adjust(settings: Settings, request: AdjustmentRequest) -> ReportedAdjustment:
    """Adjust a seller's points; a correction is recorded in its month's history.

    A refused request is recorded as a clawback or award correction by the sign of its points, a
    refused preview is not.
    """
    database = program_database(settings, preview=request.preview)
    with database as engine, _recording_refusals(settings, request):
        warn_about_clocks(engine)
        adjustment = adjust_points(
            engine, request, program_policies(settings), program_calendar(settings)
        )
    return ReportedAdjustment(adjustment, _later_months(settings, adjustment))


def _recording_refusals(
    settings: Settings, request: AdjustmentRequest
) -> AbstractContextManager[None]:
    if request.month is None or request.preview:
        return nullcontext()
    action = Action.CLAWBACK if request.points < 0 else Action.AWARD_CORRECTION
    return recording_refusals(settings, request.month, action, request.cause)


def _later_months(settings: Settings, adjustment: Adjustment) -> "tuple[LaterMonth, ...]":
    request = adjustment.request
    if request.preview or request.month is None or not adjustment.months:
        return ()
    from flows.closing.later_months import report_later_months

    return report_later_months(settings, adjustment.months, request.cause, request.month)


def adjustment_told(reported: ReportedAdjustment) -> Iterator[Sentence]:
    """Say what an adjustment did or would do, and what it changed in later months."""
    adjustment, request = reported.adjustment, reported.adjustment.request
    if not adjustment.posted.created:
        yield from _known_before(adjustment)
        return
    if request.preview:
        yield sentence("Nothing was written: this is a preview.")
    done = _DONE[request.month is not None, request.points > 0, request.preview]
    yield sentence(
        done.template,
        seller_id=request.seller_id,
        points=many("point", abs(request.points)),
        month=request.month,
        request_id=request.request_id,
        available=f"{adjustment.available:,}",
    )
    if request.preview:
        for each in adjustment.months:
            yield sentence("{month} would be evaluated again.", month=each.month)
    yield from (each.told() for each in reported.later)


def _known_before(adjustment: Adjustment) -> Iterator[Sentence]:
    yield sentence(
        "The ledger already has this adjustment of seller {seller_id}, as posting {posting_no}; "
        "nothing was written. The store has {available} points available.",
        seller_id=adjustment.request.seller_id,
        posting_no=adjustment.posted.posting_no,
        available=f"{adjustment.available:,}",
    )
    if adjustment.request.month is None:
        yield sentence("To adjust once more on purpose, give it a request id of its own.")


# By whether it corrects a month, gives points, is a preview.
_DONE: Final = {
    (False, True, False): sentence(
        "Seller {seller_id} is given {points} (request {request_id}) and has {available} available."
    ),
    (False, True, True): sentence(
        "Seller {seller_id} would be given {points} (request {request_id}) and have "
        "{available} available."
    ),
    (False, False, False): sentence(
        "Seller {seller_id} gives back {points} (request {request_id}) and has {available} "
        "available."
    ),
    (False, False, True): sentence(
        "Seller {seller_id} would give back {points} (request {request_id}) and have "
        "{available} available."
    ),
    (True, True, False): sentence(
        "Seller {seller_id} is given {points}, which {month} lacked, and has {available} available."
    ),
    (True, True, True): sentence(
        "Seller {seller_id} would be given {points}, which {month} lacked, and have "
        "{available} available."
    ),
    (True, False, False): sentence(
        "Seller {seller_id} gives back {points}, which {month} gave too much, and has "
        "{available} available."
    ),
    (True, False, True): sentence(
        "Seller {seller_id} would give back {points}, which {month} gave too much, and have "
        "{available} available."
    ),
}
