"""The eligibility rules, each written once.

A rule is a reason and a predicate made only of comparisons. Python's operators work on one
seller's values and on database columns alike, so the same predicate explains one store's decision
and decides all stores in SQL. Everything else is computed beforehand (`Terms`): tenure becomes two
approval dates, a tier's average becomes two bounds on the window's sum.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import reduce
from typing import Any, Protocol

from domain.months import SettlementMonth, last_date_reaching
from domain.policy import Exclusion, Policy, Tier


class Reason(StrEnum):
    """Why a store is not awarded, in the order in which reasons are listed."""

    SELLER_NOT_ACTIVE = "seller_not_active"
    TENURE_TOO_SHORT = "tenure_too_short"
    TENURE_TOO_LONG = "tenure_too_long"
    RUNS_DEPARTMENT_STORE_WINDOW = "runs_department_store_window"
    RUNS_OUTLET_WINDOW = "runs_outlet_window"
    USES_FULFILMENT = "uses_fulfilment"
    USES_API = "uses_api"
    BELOW_LOWEST_TIER = "below_lowest_tier"
    ABOVE_HIGHEST_TIER = "above_highest_tier"
    TIER_ALREADY_AWARDED = "tier_already_awarded"
    BELOW_AWARDED_TIER = "below_awarded_tier"


class Seller(Protocol):
    """The facts that rules compare: one store's values, or columns, which must not be NULL."""

    @property
    def status(self) -> Any: ...
    @property
    def approved_on(self) -> Any: ...
    @property
    def runs_department_store_window(self) -> Any: ...
    @property
    def runs_outlet_window(self) -> Any: ...
    @property
    def uses_fulfilment(self) -> Any: ...
    @property
    def uses_api(self) -> Any: ...
    @property
    def window_amount_krw(self) -> Any: ...
    @property
    def awarded(self) -> Mapping[int, Any]:
        """For each tier, whether it was awarded from an earlier settlement month."""

    @property
    def highest_awarded_tier(self) -> Any:
        """The highest tier awarded from an earlier settlement month; 0 when there is none."""


@dataclass(frozen=True, slots=True)
class Terms:
    """A policy applied to one settlement month, reduced to values to compare with."""

    policy: Policy
    month: SettlementMonth
    first_approval_on: date
    last_approval_on: date

    @classmethod
    def of(cls, policy: Policy, month: SettlementMonth) -> "Terms":
        """Compute the range of approval dates with an eligible tenure (rule 6)."""
        tenure = policy.tenure
        day = tenure.day(month)
        strictly = timedelta(days=1) if tenure.min_is_strict else timedelta(0)
        return cls(
            policy=policy,
            month=month,
            first_approval_on=last_date_reaching(tenure.below_months, day) + timedelta(days=1),
            last_approval_on=last_date_reaching(tenure.min_months, day - strictly),
        )

    @property
    def lowest_sum_krw(self) -> int:
        """The lowest window sum that reaches the lowest tier."""
        return self.lower_sum_krw(self.policy.tiers[0])

    @property
    def highest_sum_krw(self) -> int:
        """The lowest window sum that exceeds the highest tier."""
        return self.upper_sum_krw(self.policy.tiers[-1])

    def lower_sum_krw(self, tier: Tier) -> int:
        """The tier's inclusive lower bound on the window sum; nothing is rounded (rule 5)."""
        return tier.lower_average_krw * self.policy.window_months

    def upper_sum_krw(self, tier: Tier) -> int:
        """The tier's exclusive upper bound on the window sum."""
        return tier.upper_average_krw * self.policy.window_months


@dataclass(frozen=True, slots=True)
class Rule:
    """A reason and the predicate that is true where it applies."""

    reason: Reason
    applies: Callable[[Seller, Terms], Any]


def falls_into(seller: Seller, tier: Tier, terms: Terms) -> Any:
    """Return whether the window's average lies in the tier: `3·lower ≤ sum < 3·upper` (rule 5)."""
    return (seller.window_amount_krw >= terms.lower_sum_krw(tier)) & (
        seller.window_amount_krw < terms.upper_sum_krw(tier)
    )


def _tier_was_awarded(seller: Seller, terms: Terms) -> Any:
    return _any(
        falls_into(seller, tier, terms) & seller.awarded[tier.number] for tier in terms.policy.tiers
    )


def _higher_tier_was_awarded(seller: Seller, terms: Terms) -> Any:
    return _any(
        falls_into(seller, tier, terms) & (seller.highest_awarded_tier > tier.number)
        for tier in terms.policy.tiers
    )


def _any(predicates: Any) -> Any:
    return reduce(operator.or_, predicates)


RULES: tuple[Rule, ...] = (
    Rule(Reason.SELLER_NOT_ACTIVE, lambda s, t: s.status != t.policy.active_status),
    Rule(Reason.TENURE_TOO_SHORT, lambda s, t: s.approved_on > t.last_approval_on),
    Rule(Reason.TENURE_TOO_LONG, lambda s, t: s.approved_on < t.first_approval_on),
    Rule(Reason.RUNS_DEPARTMENT_STORE_WINDOW, lambda s, _: s.runs_department_store_window),
    Rule(Reason.RUNS_OUTLET_WINDOW, lambda s, _: s.runs_outlet_window),
    Rule(Reason.USES_FULFILMENT, lambda s, _: s.uses_fulfilment),
    Rule(Reason.USES_API, lambda s, _: s.uses_api),
    Rule(Reason.BELOW_LOWEST_TIER, lambda s, t: s.window_amount_krw < t.lowest_sum_krw),
    Rule(Reason.ABOVE_HIGHEST_TIER, lambda s, t: s.window_amount_krw >= t.highest_sum_krw),
    Rule(Reason.TIER_ALREADY_AWARDED, _tier_was_awarded),
    Rule(Reason.BELOW_AWARDED_TIER, _higher_tier_was_awarded),
)


def rules_of(policy: Policy) -> tuple[Rule, ...]:
    """Return the rules that a policy applies: all except exclusions that it does not name."""
    left_out = {exclusion.value for exclusion in set(Exclusion) - set(policy.exclusions)}
    return tuple(rule for rule in RULES if rule.reason not in left_out)
