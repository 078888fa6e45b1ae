"""Counts over awards about to be posted, for the gate to check."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from domain.ledger import Award
from domain.months import SettlementMonth
from domain.policy import Policy


@dataclass(frozen=True, slots=True)
class AwardProfile:
    """Counts over awards about to be posted.

    `mismatched` are awards whose points are not those of their tier in that month; `repeated` are
    sellers with more than one award in a month. `points` is the total to be posted, and
    `budget_left` what the budget leaves for it, None without a budget.
    """

    awards: int
    mismatched: tuple[Award, ...]
    repeated: tuple[str, ...]
    points: int
    budget_left: int | None


def profile_awards(
    posted: Mapping[SettlementMonth, Sequence[Award]],
    policies: Mapping[SettlementMonth, Policy],
    reversed_awards: Iterable[Award],
    fund_left: int | None,
) -> AwardProfile:
    """Profile the awards of one or more months, each against its own policy.

    `fund_left` is how far the program fund may still fall, before any reversal.
    """
    awards = [award for month in posted for award in posted[month]]
    tiers = {
        month: {(tier.number, tier.points) for tier in policy.tiers}
        for month, policy in policies.items()
    }
    mismatched = tuple(
        award
        for month in posted
        for award in posted[month]
        if (award.tier, award.points) not in tiers[month] or award.settlement_month != month
    )
    times = Counter((award.settlement_month, award.seller_id) for award in awards)
    repeated = tuple(sorted(seller for (_, seller), count in times.items() if count > 1))
    freed = sum(award.points for award in reversed_awards)
    return AwardProfile(
        awards=len(awards),
        mismatched=mismatched,
        repeated=repeated,
        points=sum(award.points for award in awards),
        budget_left=None if fund_left is None else fund_left + freed,
    )
