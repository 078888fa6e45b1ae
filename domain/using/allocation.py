"""Which reward entries a store's points pay (points in use: U10, U11, U13)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Outcome(StrEnum):
    """What became of a reward entry, or of a cancellation (the last two)."""

    PAID = "paid"
    INSUFFICIENT_POINTS = "insufficient_points"
    AFTER_REFUSED_ENTRY = "after_refused_entry"
    POINTS_EXPIRED = "points_expired"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    NOT_PAID = "not_paid"


@dataclass(frozen=True, slots=True, order=True)
class Offered:
    """An entry that may be paid now; entries are in the order in which a store pays them.

    `after_closed` says that an earlier entry of its event stays refused.
    """

    occurred_on: date
    event_id: str
    position: int
    points: int
    after_closed: bool = False


@dataclass(frozen=True, slots=True)
class Usable:
    """What a store may give: its available points, until when, and whether they expired before.

    `last_usable_on` is None for a store that never had a grant.
    """

    points: int
    last_usable_on: date | None
    expired: bool = False

    def expired_for(self, day: date) -> bool:
        """Whether what a store had is of no use to an entry of a day (U13)."""
        return self.last_usable_on is not None and (self.expired or day > self.last_usable_on)


def allocate(offered: Iterable[Offered], usable: Usable) -> Iterator[tuple[Offered, Outcome]]:
    """Pay a store's entries by day, event and position, as far as its points reach.

    An entry that does not fit in full holds up the rest of its event, and no other event.
    """
    left, held_up = usable.points, None
    for entry in sorted(offered):
        outcome = Outcome.PAID
        if usable.expired_for(entry.occurred_on):
            outcome = Outcome.POINTS_EXPIRED
        elif entry.after_closed or entry.event_id == held_up:
            outcome = Outcome.AFTER_REFUSED_ENTRY
        elif entry.points > left:
            outcome, held_up = Outcome.INSUFFICIENT_POINTS, entry.event_id
        else:
            left -= entry.points
        yield entry, outcome
