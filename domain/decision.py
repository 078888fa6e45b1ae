"""The decision for one store in one settlement month, with every reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from domain.eligibility import Reason, Terms, falls_into, rules_of
from domain.months import SettlementMonth
from domain.policy import Tier


class Outcome(StrEnum):
    """Whether a store is awarded."""

    AWARDED = "awarded"
    NOT_ELIGIBLE = "not_eligible"


@dataclass(frozen=True, slots=True)
class SellerFacts:
    """The facts about one store that a decision is based on.

    `window_amount_krw` is the sum of counted lines over the window, in whole KRW; `awarded_tiers`
    are the tiers of standing awards from earlier settlement months.
    """

    seller_id: str
    approved_on: date
    window_amount_krw: int
    status: str = "NORMAL"
    runs_department_store_window: bool = False
    runs_outlet_window: bool = False
    uses_fulfilment: bool = False
    uses_api: bool = False
    awarded_tiers: frozenset[int] = field(default_factory=frozenset)

    @property
    def awarded(self) -> Mapping[int, bool]:
        """For each tier, whether it was awarded before."""
        return _Awarded(self.awarded_tiers)

    @property
    def highest_awarded_tier(self) -> int:
        """The highest tier awarded before; 0 when there is none."""
        return max(self.awarded_tiers, default=0)


class _Awarded(dict[int, bool]):
    def __init__(self, tiers: frozenset[int]) -> None:
        super().__init__(dict.fromkeys(tiers, True))

    def __missing__(self, tier: int) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Decision:
    """What one store gets for one settlement month, or every reason why it gets nothing."""

    settlement_month: SettlementMonth
    seller_id: str
    outcome: Outcome
    tier: int | None
    points: int
    window_amount_krw: int
    reasons: tuple[Reason, ...]
    policy: str


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a decision: a tier and its points, or the reasons for none."""

    tier: int | None
    points: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class ChangedResult:
    """A store whose award changed; None on the side where the store has no decision."""

    seller_id: str
    before: Result | None
    after: Result | None

    @property
    def points(self) -> int:
        """The change in points."""
        was, now = (each.points if each else 0 for each in (self.before, self.after))
        return now - was


def decide(seller: SellerFacts, terms: Terms) -> Decision:
    """Decide one store: the tier that its average falls into, or every reason against it."""
    policy = terms.policy
    reasons = tuple(rule.reason for rule in rules_of(policy) if rule.applies(seller, terms))
    tier = None if reasons else _tier_of(seller, terms)
    return Decision(
        settlement_month=terms.month,
        seller_id=seller.seller_id,
        outcome=Outcome.AWARDED if tier else Outcome.NOT_ELIGIBLE,
        tier=tier.number if tier else None,
        points=tier.points if tier else 0,
        window_amount_krw=seller.window_amount_krw,
        reasons=reasons,
        policy=policy.name,
    )


def _tier_of(seller: SellerFacts, terms: Terms) -> Tier:
    return next(tier for tier in terms.policy.tiers if falls_into(seller, tier, terms))
