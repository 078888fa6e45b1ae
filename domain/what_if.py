"""What would have to differ for a store to get another result.

Contains no rules: changed facts are decided by the same predicates.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from domain.decision import Outcome, SellerFacts, decide
from domain.eligibility import Reason, Terms
from domain.months import SettlementMonth
from domain.policy import Exclusion, Tier

_CHANGEABLE_REASONS = (Reason.SELLER_NOT_ACTIVE, *(Reason(each) for each in Exclusion))
_LONGEST_WAIT_MONTHS = 24


@dataclass(frozen=True, slots=True)
class OtherResult:
    """A tier that would be awarded if the reasons `without` did not apply and the window held
    `amount_krw` more (negative: less)."""

    tier: Tier
    without: tuple[Reason, ...]
    amount_krw: int


def other_results(seller: SellerFacts, terms: Terms) -> tuple[OtherResult, ...]:
    """Return the nearest results with a higher tier, or any tier for a store that gets none.

    At most one needs a higher amount and one a lower one; all assume that no exclusion applies.
    Tenure and earlier awards stay as they are.
    """
    reasons = decide(seller, terms).reasons
    imagined = _without_exclusions(seller, terms)
    without = tuple(reason for reason in reasons if reason in _CHANGEABLE_REASONS)
    found = [
        OtherResult(tier, without, amount)
        for tier, amount in _awarded_amounts(imagined, terms)
        if reasons or amount > 0
    ]
    unchanged = [each for each in found if each.amount_krw == 0]
    more = [each for each in found if each.amount_krw > 0]
    less = [each for each in found if each.amount_krw < 0]
    return (*unchanged, *more[:1], *(less[-1:] if not more and not unchanged else ()))


def eligible_tenure_months(
    seller: SellerFacts, terms: Terms
) -> tuple[SettlementMonth, SettlementMonth] | None:
    """Return the first and the last later month in which the store's tenure is eligible."""
    months = [terms.month + ahead for ahead in range(1, _LONGEST_WAIT_MONTHS)]
    found = [each for each in months if _has_eligible_tenure(seller, Terms.of(terms.policy, each))]
    return (found[0], found[-1]) if found else None


def _without_exclusions(seller: SellerFacts, terms: Terms) -> SellerFacts:
    return replace(
        seller,
        status=terms.policy.active_status,
        runs_department_store_window=False,
        runs_outlet_window=False,
        uses_fulfilment=False,
        uses_api=False,
    )


def _awarded_amounts(seller: SellerFacts, terms: Terms) -> Iterator[tuple[Tier, int]]:
    """Yield the tiers that would be awarded, lowest first, each with the amount needed."""
    for tier in terms.policy.tiers:
        nearest = min(
            max(seller.window_amount_krw, terms.lower_sum_krw(tier)), terms.upper_sum_krw(tier) - 1
        )
        decision = decide(replace(seller, window_amount_krw=nearest), terms)
        if decision.outcome is Outcome.AWARDED:
            yield tier, nearest - seller.window_amount_krw


def _has_eligible_tenure(seller: SellerFacts, terms: Terms) -> bool:
    return terms.first_approval_on <= seller.approved_on <= terms.last_approval_on
