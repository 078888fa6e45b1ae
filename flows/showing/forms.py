"""The forms that do what somebody has to do next, filled in; where they are is the server's.

What was looked at on the page already, such as the total to approve, is filled in to be done at
once; all others begin with the preview.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from domain.months import SettlementMonth
from domain.sentence import Sentence, sentence


@dataclass(frozen=True, slots=True)
class Form:
    """A deployment's form with parameters, and what it does."""

    does: Sentence
    deployment: str
    parameters: Mapping[str, object]


def ingest_form(month: SettlementMonth) -> Form:
    """Ingest a month's files."""
    return Form(sentence("Ingest {month}", month=month), "ingest-month", {"month": str(month)})


def closing_form(month: SettlementMonth) -> Form:
    """Preview the first closing of a month."""
    filled_in = {"month": str(month), "mode": "preview"}
    return Form(sentence("Preview the closing"), "close-month", filled_in)


def rerun_form(month: SettlementMonth) -> Form:
    """Preview closing a month again."""
    filled_in = {"month": str(month), "mode": "preview"}
    return Form(sentence("Preview closing it again"), "rerun-month", filled_in)


def approval_form(month: SettlementMonth, points: int) -> Form:
    """Approve a month's payout."""
    filled_in = {"month": str(month), "points": points, "mode": "commit"}
    return Form(sentence("Approve {points:,} P", points=points), "approve-payout", filled_in)


def payout_form(month: SettlementMonth) -> Form:
    """Pay a month out."""
    return Form(sentence("Pay it out"), "pay-out", {"month": str(month), "mode": "commit"})


def reschedule_form() -> Form:
    """Work the payout dates out again."""
    return Form(sentence("Recompute the payout dates"), "reschedule-payouts", {})


def delivery_form() -> Form:
    """Ask the ad system again for conversions that have not ended."""
    return Form(sentence("Ask the ad system again"), "deliver-conversions", {})


def rewards_form(day: date) -> Form:
    """Preview paying a day's rewards."""
    filled_in = {"day": str(day), "mode": "preview"}
    return Form(sentence("Preview the rewards of {day}", day=day), "pay-rewards", filled_in)


def correction_form(seller_id: str, points: int, month: SettlementMonth) -> Form:
    """Correct what a paid month paid to a store."""
    filled_in = {"seller_id": seller_id, "points": points, "month": str(month)}
    return Form(sentence("Correct by {points:+,} P", points=points), "adjust-points", filled_in)


def adjustment_form(seller_id: str) -> Form:
    """Give a store points, or take some."""
    return Form(sentence("Adjust its points"), "adjust-points", {"seller_id": seller_id})


def link_form(seller_id: str) -> Form:
    """Link a store's search-ad account."""
    return Form(sentence("Link a search-ad account"), "link-ad-account", {"seller_id": seller_id})


def conversion_form(seller_id: str) -> Form:
    """Convert a store's points."""
    return Form(sentence("Convert its points"), "convert-points", {"seller_id": seller_id})
