"""What a store may use today, and why not (points in use: U3 to U6, U14, U16)."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from domain.using.use_rules import UseRules


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

    SELLER_NOT_ACTIVE = "seller_not_active"
    NO_AD_ACCOUNT = "no_ad_account"
    POINTS_EXPIRED = "points_expired"
    BELOW_MINIMUM = "below_minimum"
    NOT_IN_UNITS = "not_in_units"
    INSUFFICIENT_POINTS = "insufficient_points"


def decide_conversion(
    points: int, standing: Standing, day: date, rules: UseRules, *, active: bool
) -> UseRefusal | None:
    """Say why a store may not convert so many points on a day; None if it may.

    `active` says whether the store is in normal operation, by its newest snapshot.
    """
    reasons = (
        (UseRefusal.SELLER_NOT_ACTIVE, not active and not rules.closed_stores_may_convert),
        (UseRefusal.NO_AD_ACCOUNT, standing.account_id is None),
        (UseRefusal.POINTS_EXPIRED, standing.expired_on(day)),
        (UseRefusal.BELOW_MINIMUM, points < rules.conversion_min_points),
        (UseRefusal.NOT_IN_UNITS, points % rules.conversion_unit_points != 0),
        (UseRefusal.INSUFFICIENT_POINTS, points > standing.available),
    )
    return next((refusal for refusal, applies in reasons if applies), None)
