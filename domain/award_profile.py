"""What there is to check of awards before they are posted, counted once."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from domain.ledger import Award
from domain.months import SettlementMonth
from domain.policy import Policy


@dataclass(frozen=True, slots=True)
class AwardProfile:
    """Awards about to be posted: how many, how many are not as they must be, how many points.

    `untrue` are awards whose points are not those of their month's tier; `repeated` are sellers
    awarded more than once in a month. `points` is what the posting adds to what is out, and
    `within` what the budget leaves for it, None without a budget.
    """

    awards: int
    untrue: tuple[Award, ...]
    repeated: tuple[str, ...]
    points: int
    within: int | None


def profile_awards(
    posted: Mapping[SettlementMonth, Sequence[Award]],
    policies: Mapping[SettlementMonth, Policy],
    reversed_awards: Iterable[Award],
    fund_left: int | None,
) -> AwardProfile:
    """Count what must hold of the awards of one or more months, each by its own policy.

    `fund_left` is how much further the program fund may go down before anything is reversed.
    """
    awards = [award for month in posted for award in posted[month]]
    tiers = {
        month: {(tier.number, tier.points) for tier in policy.tiers}
        for month, policy in policies.items()
    }
    untrue = tuple(
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
        untrue=untrue,
        repeated=repeated,
        points=sum(award.points for award in awards),
        within=None if fund_left is None else fund_left + freed,
    )
