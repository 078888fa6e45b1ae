"""The labels of states, kinds and reasons: what they say, and how they look."""

from collections.abc import Mapping
from typing import Final

from domain.corrections import CorrectionKind
from domain.eligibility import Reason
from domain.ledger import TransferKind
from domain.sentence import Sentence, sentence

GOOD: Final = "good"
WARN: Final = "warn"
BAD: Final = "bad"
SOFT: Final = "soft"

STATES: Final[Mapping[str, tuple[Sentence, str]]] = {
    "missing": (sentence("awaited"), SOFT),
    "under_way": (sentence("not over yet"), SOFT),
    "ingested": (sentence("ingested"), SOFT),
    "closed": (sentence("closed, to be paid"), GOOD),
    "paid": (sentence("paid"), GOOD),
    "unapproved": (sentence("unapproved"), WARN),
    "restated": (sentence("newer files"), WARN),
    "blocked": (sentence("refused"), BAD),
    "late": (sentence("late"), BAD),
    "differs": (sentence("open differences"), WARN),
    "pending": (sentence("pending"), SOFT),
    "reversed": (sentence("reversed"), SOFT),
    "corrected": (sentence("by a correction"), SOFT),
    "clawed_back": (sentence("clawed back"), WARN),
    "held": (sentence("held"), WARN),
    "delivered": (sentence("delivered"), GOOD),
    "refused": (sentence("refused"), BAD),
    "awarded": (sentence("awarded"), GOOD),
    "purchase": (sentence("purchase"), SOFT),
    "repeat_purchase": (sentence("repeat purchase"), SOFT),
    "review": (sentence("review"), SOFT),
    "best_review": (sentence("best review"), SOFT),
    "cancellation": (sentence("cancellation"), SOFT),
    "returned": (sentence("returned"), SOFT),
    "not_paid": (sentence("was not paid"), SOFT),
    "cancelled": (sentence("cancelled"), SOFT),
    "insufficient_points": (sentence("not enough points"), WARN),
    "after_refused_entry": (sentence("after a refused entry"), WARN),
    "points_expired": (sentence("points expired"), WARN),
    "changed": (sentence("changed"), GOOD),
    "unchanged": (sentence("no change"), SOFT),
    "not_eligible": (sentence("no award"), SOFT),
}
SEVERITIES: Final[Mapping[str, tuple[Sentence, str]]] = {
    "critical": (sentence("critical"), BAD),
    "warning": (sentence("warning"), WARN),
    "info": (sentence("info"), SOFT),
}
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


def look_of(word: str) -> tuple[Sentence, str]:
    """Return what a label says for a word that programs read, and how it looks."""
    return STATES.get(word) or SEVERITIES.get(word) or (sentence("{word}", word=word), SOFT)
