"""What people read of how months stand, what runs count, what lists of a store are called.

All other words that programs know are said by the catalogs of words.
"""

from collections.abc import Mapping
from typing import Any, Final

from domain.sentence import Sentence, sentence

STATES: Final[Mapping[str, Sentence]] = {
    "missing": sentence("awaited"),
    "arrived": sentence("delivered, not ingested"),
    "under_way": sentence("not over yet"),
    "ingested": sentence("ingested"),
    "closed": sentence("closed, to be paid"),
    "paid": sentence("paid"),
    "unapproved": sentence("unapproved"),
    "restated": sentence("newer files"),
    "blocked": sentence("refused"),
    "late": sentence("late"),
    "differs": sentence("open differences"),
    "accepted": sentence("accepted"),
    "holds": sentence("holds"),
}
"""How a month, its delivery, or a rule of it stands."""

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
        facts |= {f"name{number}": COUNTS.get(name, name), f"count{number}": count}
    places = (f"{{name{number}}} {{count{number}:,}}" for number in range(len(counts)))
    return Sentence(" · ".join(places), facts) if counts else None
