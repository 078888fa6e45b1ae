"""What stores reward their customers for, and what an entry of that says (points in use: U9)."""

from enum import StrEnum
from typing import Final

from domain.columns import Column, Kind


class RewardKind(StrEnum):
    """What a reward is for; a cancellation takes back an earlier one."""

    PURCHASE = "purchase"
    REPEAT_PURCHASE = "repeat_purchase"
    REVIEW = "review"
    BEST_REVIEW = "best_review"
    CANCELLATION = "cancellation"


ENTRY_COLUMNS: Final = (
    Column("event_id", Kind.ID),
    Column("position", Kind.WHOLE),
    Column("seller_id", Kind.ID),
    Column("kind", Kind.WORD),
    Column("points", Kind.WHOLE),
    Column("customer_ref", Kind.ID),
    Column("occurred_on", Kind.DATE),
    Column("cancels_event_id", Kind.ID),
    Column("cancels_position", Kind.WHOLE),
)

# An entry is known by these, for ever.
ENTRY_KEY: Final = ("event_id", "position")

MOST_POINTS_OF_AN_ENTRY: Final = 1_000_000
MOST_POSITIONS: Final = 1_000_000
