"""What a store may use today, and why not (points in use: U4, U6, U14, U16)."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Standing:
    """A store's points, the last day on which the available ones may be used, its ad account.

    `last_usable_on` is None for a store that never had a grant, `account_id` for one without a
    linked search-ad account.
    """

    seller_id: str
    available: int
    held: int
    last_usable_on: date | None
    account_id: str | None

    def expired_on(self, day: date) -> bool:
        """Whether the last usable day lies before a day."""
        return self.last_usable_on is not None and day > self.last_usable_on


class UseRefusal(StrEnum):
    """Why points may not be used."""

    NO_AD_ACCOUNT = "no_ad_account"
    POINTS_EXPIRED = "points_expired"
    INSUFFICIENT_POINTS = "insufficient_points"


def decide_conversion(points: int, standing: Standing, day: date) -> UseRefusal | None:
    """Say why a store may not convert so many points on a day; None if it may."""
    if standing.account_id is None:
        return UseRefusal.NO_AD_ACCOUNT
    if standing.expired_on(day):
        return UseRefusal.POINTS_EXPIRED
    if points > standing.available:
        return UseRefusal.INSUFFICIENT_POINTS
    return None
