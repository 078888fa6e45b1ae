"""What a store has, what comes and when it ends, and what its next month would need (U19)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from sqlalchemy import Connection

from adapters.policy_files import PolicyText
from adapters.postgres.own_months import (
    OwnAward,
    newest_facts,
    own_amounts,
    own_awards,
)
from adapters.postgres.revisions import SellerUnknown
from adapters.postgres.using import standing_of
from domain.eligibility import Terms
from domain.months import SettlementMonth
from domain.next_tier import NextTier, next_tier
from domain.policy import LONGEST_WINDOW_MONTHS, Tier
from flows.policies import policy_on

_MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class PendingAward:
    """An award that is to be paid; `due_on` is None until its payout is planned."""

    settlement_month: SettlementMonth
    tier: int
    points: int
    due_on: date | None


@dataclass(frozen=True, slots=True)
class MonthSold:
    """A settlement month's transaction amount, and the window that ends with it.

    An amount is None if data of it was not delivered. `tier` is the number of the tier that the
    window's average falls into, whether it was awarded or not.
    """

    month: SettlementMonth
    amount_krw: int | None
    window_amount_krw: int | None
    tier: int | None


@dataclass(frozen=True, slots=True)
class MyPoints:
    """A store's growth points on a day.

    All that is `available` expires after `last_usable_on`, unless a grant comes before; the day is
    None before the first grant. `months` are the last twelve, oldest first, by the terms of
    `next_month`; `next_tier` is None if no tier is left.
    """

    seller_id: str
    today: date
    available: int
    held: int
    last_usable_on: date | None
    account_id: str | None
    pending: tuple[PendingAward, ...]
    months: tuple[MonthSold, ...]
    tiers: tuple[Tier, ...]
    window_months: int
    next_month: SettlementMonth
    next_tier: NextTier | None

    @property
    def has_expired(self) -> bool:
        """Whether what is available may no longer be used."""
        return self.last_usable_on is not None and self.today > self.last_usable_on


def my_points(
    connection: Connection, seller_id: str, today: date, policies: Sequence[PolicyText]
) -> MyPoints:
    """Return what a store has and may expect on a day; raises SellerUnknown."""
    if (facts := newest_facts(connection, seller_id)) is None:
        raise SellerUnknown(seller_id)
    amounts = own_amounts(connection, seller_id, _MONTHS + LONGEST_WINDOW_MONTHS)
    next_month = max(amounts) + 1
    terms = Terms.of(policy_on(policies, next_month.first_day), next_month)
    counted, window = terms.policy.counted_line_types, terms.policy.window_months
    sold = {
        month: sum(krw for kind, krw in by_type.items() if kind in counted)
        for month, by_type in amounts.items()
    }
    awards = own_awards(connection, seller_id)
    known = sum(sold.get(each, 0) for each in next_month.window(window)[:-1])
    tiers = frozenset(each.award.tier for each in awards)
    standing = standing_of(connection, seller_id)
    return MyPoints(
        seller_id=seller_id,
        today=today,
        available=standing.available,
        held=standing.held,
        last_usable_on=standing.last_usable_on,
        account_id=standing.account_id,
        pending=tuple(_pending(each) for each in awards if each.state == "pending"),
        months=tuple(_month_sold(each, sold, terms) for each in max(sold).window(_MONTHS)),
        tiers=terms.policy.tiers,
        window_months=window,
        next_month=next_month,
        next_tier=next_tier(replace(facts, window_amount_krw=known, awarded_tiers=tiers), terms),
    )


def _pending(own: OwnAward) -> PendingAward:
    award = own.award
    return PendingAward(award.settlement_month, award.tier, award.points, own.due_on)


def _month_sold(
    month: SettlementMonth, sold: Mapping[SettlementMonth, int], terms: Terms
) -> MonthSold:
    amounts = [sold.get(each) for each in month.window(terms.policy.window_months)]
    known = [each for each in amounts if each is not None]
    window_krw = sum(known) if len(known) == len(amounts) else None
    tier = None if window_krw is None else _tier_of(window_krw, terms)
    return MonthSold(month, sold.get(month), window_krw, tier)


def _tier_of(window_krw: int, terms: Terms) -> int | None:
    for tier in terms.policy.tiers:
        if terms.lower_sum_krw(tier) <= window_krw < terms.upper_sum_krw(tier):
            return tier.number
    return None
