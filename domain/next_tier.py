"""What a store would have to sell in a month for the next tier (points in use: U19)."""

from dataclasses import dataclass, replace
from typing import Final

from domain.decision import SellerFacts, decide
from domain.eligibility import Reason, Terms
from domain.policy import Tier

_OF_THE_AMOUNT: Final = frozenset({Reason.BELOW_LOWEST_TIER, Reason.ABOVE_HIGHEST_TIER})


@dataclass(frozen=True, slots=True)
class NextTier:
    """The lowest tier that a store can still get, and the month's amounts that give it.

    `least_krw` or more and less than `below_krw`; `obstacles` are the reasons against it that no
    amount removes.
    """

    tier: Tier
    least_krw: int
    below_krw: int
    obstacles: tuple[Reason, ...]


def next_tier(seller: SellerFacts, terms: Terms) -> NextTier | None:
    """Return what a month must bring for a tier above those awarded; None if there is no such tier.

    `seller.window_amount_krw` is the sum of the window without that month, `terms` are the month's.
    """
    known_krw = seller.window_amount_krw
    for tier in terms.policy.tiers:
        if tier.number > seller.highest_awarded_tier and known_krw < terms.upper_sum_krw(tier):
            least_krw = max(terms.lower_sum_krw(tier) - known_krw, 0)
            reached = replace(seller, window_amount_krw=known_krw + least_krw)
            reasons = decide(reached, terms).reasons
            return NextTier(
                tier,
                least_krw,
                terms.upper_sum_krw(tier) - known_krw,
                tuple(each for each in reasons if each not in _OF_THE_AMOUNT),
            )
    return None
