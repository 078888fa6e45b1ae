"""What would have to be different for a store to get another result, in the rules' own words.

Nothing here knows a rule: another store is imagined, and decided by the same predicates.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from domain.decision import Outcome, SellerFacts, decide
from domain.eligibility import Reason, Terms
from domain.months import SettlementMonth
from domain.policy import Exclusion, Tier

_CHOSEN_WAYS = (Reason.SELLER_NOT_ACTIVE, *(Reason(each) for each in Exclusion))
_LONGEST_WAIT_MONTHS = 24


@dataclass(frozen=True, slots=True)
class OtherResult:
    """A tier that would be awarded, were it not for `without`, with `amount_krw` more (below
    zero: less) in the window."""

    tier: Tier
    without: tuple[Reason, ...]
    amount_krw: int


def other_results(seller: SellerFacts, terms: Terms) -> tuple[OtherResult, ...]:
    """Find the nearest ways to a higher tier, or for a store that gets nothing to any.

    One way with more in the window at most, and one with less; both without every way of running
    the store that keeps it out. Tenure and earlier awards stay as they are.
    """
    reasons = decide(seller, terms).reasons
    imagined = _without_chosen_ways(seller, terms)
    without = tuple(reason for reason in reasons if reason in _CHOSEN_WAYS)
    found = [
        OtherResult(tier, without, amount)
        for tier, amount in _awarded_amounts(imagined, terms)
        if reasons or amount > 0
    ]
    unchanged = [each for each in found if each.amount_krw == 0]
    more = [each for each in found if each.amount_krw > 0]
    less = [each for each in found if each.amount_krw < 0]
    return (*unchanged, *more[:1], *(less[-1:] if not more and not unchanged else ()))


def months_of_right_tenure(
    seller: SellerFacts, terms: Terms
) -> tuple[SettlementMonth, SettlementMonth] | None:
    """Find the first and the last later month whose tenure is right for a store too young."""
    months = [terms.month + ahead for ahead in range(1, _LONGEST_WAIT_MONTHS)]
    right = [month for month in months if _tenure_is_right(seller, Terms.of(terms.policy, month))]
    return (right[0], right[-1]) if right else None


def _without_chosen_ways(seller: SellerFacts, terms: Terms) -> SellerFacts:
    return replace(
        seller,
        status=terms.policy.active_status,
        runs_department_store_window=False,
        runs_outlet_window=False,
        uses_fulfilment=False,
        uses_api=False,
    )


def _awarded_amounts(seller: SellerFacts, terms: Terms) -> Iterator[tuple[Tier, int]]:
    """Go through the tiers that would be awarded, lowest first, with the amount to get there."""
    for tier in terms.policy.tiers:
        nearest = min(
            max(seller.window_amount_krw, terms.lower_sum_krw(tier)), terms.upper_sum_krw(tier) - 1
        )
        decision = decide(replace(seller, window_amount_krw=nearest), terms)
        if decision.outcome is Outcome.AWARDED:
            yield tier, nearest - seller.window_amount_krw


def _tenure_is_right(seller: SellerFacts, terms: Terms) -> bool:
    return terms.first_approval_on <= seller.approved_on <= terms.last_approval_on
