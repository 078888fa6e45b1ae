"""What people read for the words that programs know: states, kinds, reasons, accounts."""

from collections.abc import Mapping
from typing import Any, Final

from adapters.postgres.runs import Action
from domain.corrections import CorrectionKind
from domain.eligibility import Reason
from domain.ledger import TransferKind
from domain.sentence import Sentence, sentence

LABELS: Final[Mapping[str, Sentence]] = {
    "missing": sentence("awaited"),
    "under_way": sentence("not over yet"),
    "ingested": sentence("ingested"),
    "closed": sentence("closed, to be paid"),
    "paid": sentence("paid"),
    "unapproved": sentence("unapproved"),
    "restated": sentence("newer files"),
    "blocked": sentence("refused"),
    "late": sentence("late"),
    "differs": sentence("open differences"),
    "pending": sentence("pending"),
    "reversed": sentence("reversed"),
    "corrected": sentence("by a correction"),
    "clawed_back": sentence("clawed back"),
    "held": sentence("held"),
    "delivered": sentence("delivered"),
    "refused": sentence("refused"),
    "awarded": sentence("awarded"),
    "purchase": sentence("purchase"),
    "repeat_purchase": sentence("repeat purchase"),
    "review": sentence("review"),
    "best_review": sentence("best review"),
    "cancellation": sentence("cancellation"),
    "returned": sentence("returned"),
    "not_paid": sentence("was not paid"),
    "cancelled": sentence("cancelled"),
    "insufficient_points": sentence("not enough points"),
    "after_refused_entry": sentence("after a refused entry"),
    "points_expired": sentence("points expired"),
    "accepted": sentence("accepted"),
    "holds": sentence("holds"),
    "changed": sentence("changed"),
    "unchanged": sentence("no change"),
    "not_eligible": sentence("no award"),
    "critical": sentence("critical"),
    "warning": sentence("warning"),
    "info": sentence("info"),
}
"""The states of months, awards, conversions and rewards, and the weights of findings."""

REASONS: Final[Mapping[Reason, Sentence]] = {
    Reason.SELLER_NOT_ACTIVE: sentence("Not in normal operation"),
    Reason.TENURE_TOO_SHORT: sentence("Approved too recently"),
    Reason.TENURE_TOO_LONG: sentence("Approved too long ago"),
    Reason.RUNS_DEPARTMENT_STORE_WINDOW: sentence("Runs a department-store window"),
    Reason.RUNS_OUTLET_WINDOW: sentence("Runs an outlet window"),
    Reason.USES_FULFILMENT: sentence("Uses fulfilment"),
    Reason.USES_API: sentence("Uses the API"),
    Reason.BELOW_LOWEST_TIER: sentence("Sales below the lowest tier"),
    Reason.ABOVE_HIGHEST_TIER: sentence("Sales above the highest tier"),
    Reason.TIER_ALREADY_AWARDED: sentence("Tier awarded before"),
    Reason.BELOW_AWARDED_TIER: sentence("Below an awarded tier"),
}
ACCOUNTS: Final[Mapping[str, Sentence]] = {
    "program_fund": sentence("Program fund"),
    "search_ad_credit": sentence("Search-ad credit"),
    "customer_reward": sentence("Customer rewards"),
    "expired": sentence("Points expired"),
    "pending": sentence("Pending"),
    "available": sentence("Available"),
    "held": sentence("In conversion"),
    "all": sentence("All accounts of stores"),
}

MOVEMENTS: Final[Mapping[str, Sentence]] = {
    "awarded": sentence("Awarded"),
    "reversed": sentence("Reversed"),
    "paid": sentence("Paid"),
    "corrected": sentence("Corrected"),
    "converted": sentence("Converted"),
    "delivered": sentence("Delivered"),
    "rewarded": sentence("Rewarded"),
    "returned": sentence("Returned"),
    "expired": sentence("Points expired"),
}

KINDS: Final[Mapping[TransferKind, Sentence]] = {
    TransferKind.AWARD: sentence("Award"),
    TransferKind.PAYOUT: sentence("Payout"),
    TransferKind.REVERSAL: sentence("Reversal"),
    TransferKind.ADJUSTMENT: sentence("Adjustment"),
    TransferKind.CONVERSION: sentence("Conversion"),
    TransferKind.DELIVERY: sentence("Conversion delivered"),
    TransferKind.RETURN: sentence("Conversion returned"),
    TransferKind.EXPIRY: sentence("Expiry"),
    TransferKind.REWARD: sentence("Customer reward"),
    TransferKind.CANCELLATION: sentence("Cancelled reward"),
}

CORRECTIONS: Final[Mapping[CorrectionKind, Sentence]] = {
    CorrectionKind.AWARD: sentence("Award correction"),
    CorrectionKind.CLAWBACK: sentence("Clawback"),
    CorrectionKind.REINSTATEMENT: sentence("Reinstatement"),
}
ACTIONS: Final[Mapping[Action, Sentence]] = {
    Action.INGEST: sentence("Ingested"),
    Action.CLOSE: sentence("Closed"),
    Action.EVALUATE_AGAIN: sentence("Evaluated again"),
    Action.APPROVE: sentence("Approved"),
    Action.PAY_OUT: sentence("Paid out"),
    Action.AWARD_CORRECTION: sentence("Award correction"),
    Action.CLAWBACK: sentence("Clawback"),
    Action.REINSTATEMENT: sentence("Reinstatement"),
    Action.RESCHEDULE: sentence("Payout date moved"),
}
COUNTS: Final[Mapping[str, Sentence]] = {
    "lines": sentence("Lines"),
    "awarded": sentence("Awarded"),
    "reversed": sentence("Reversed"),
    "over_awarded": sentence("Paid, not earned"),
    "under_awarded": sentence("Earned, not paid"),
    "points": sentence("Points"),
    "sellers": sentence("Stores"),
    "days": sentence("Days"),
    "days_ahead": sentence("Days ahead"),
}
"""What a run counts of what it did."""

TITLES: Final[Mapping[str, Sentence]] = {
    "months": sentence("Months and decisions"),
    "ledger": sentence("Ledger"),
    "corrections": sentence("Corrections"),
    "conversions": sentence("Conversions"),
    "rewards": sentence("Customer rewards"),
}
"""What the lists of a store are called."""


def counted(counts: Mapping[str, Any]) -> Sentence | None:
    """Say what a run did, by name and count; None if that was nothing."""
    facts: dict[str, object] = {}
    for number, (name, count) in enumerate(counts.items()):
        facts |= {f"name{number}": COUNTS.get(name) or label(name), f"count{number}": count}
    places = (f"{{name{number}}} {{count{number}:,}}" for number in range(len(counts)))
    return Sentence(" · ".join(places), facts) if counts else None


def label(word: str) -> Sentence:
    """Return what people read for a word; one that is not known says itself."""
    return LABELS.get(word) or sentence("{word}", word=word)
