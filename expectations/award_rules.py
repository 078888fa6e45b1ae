"""The rules for awards that are about to be posted; each of them stops the posting."""

from dataclasses import dataclass

from domain.award_profile import AwardProfile
from domain.findings import Finding, Severity

_EXAMPLES = 3
_WHERE = "the awards"


@dataclass(frozen=True, slots=True)
class AwardRule:
    """Something that must hold of awards; `sentence` says what is wrong where it does not."""

    name: str
    sentence: str


OF_A_TIER = AwardRule(
    "award_of_no_tier", "the points are not those of a tier of the month's policy"
)
ONE_PER_SELLER = AwardRule("award_repeated", "a seller would be awarded twice in one month")
WITHIN_BUDGET = AwardRule(
    "awards_beyond_budget", "the points are more than the program's budget leaves"
)
AWARD_RULES: tuple[AwardRule, ...] = (OF_A_TIER, ONE_PER_SELLER, WITHIN_BUDGET)


def counts(profile: AwardProfile) -> dict[str, int]:
    """Give the number that each rule looks at."""
    return {
        OF_A_TIER.name: len(profile.untrue),
        ONE_PER_SELLER.name: len(profile.repeated),
        WITHIN_BUDGET.name: profile.points,
    }


def most(rule: AwardRule, profile: AwardProfile) -> int | None:
    """Give the most that a rule allows of that number; None without a bound."""
    return profile.within if rule is WITHIN_BUDGET else 0


def broken_award_rule(rule: AwardRule, profile: AwardProfile) -> Finding:
    """Word the finding of a rule that awards about to be posted break."""
    count, examples = {
        OF_A_TIER.name: (
            len(profile.untrue),
            tuple(f"{a.seller_id} {a.points:,}" for a in profile.untrue[:_EXAMPLES]),
        ),
        ONE_PER_SELLER.name: (len(profile.repeated), profile.repeated[:_EXAMPLES]),
        WITHIN_BUDGET.name: (
            profile.awards,
            (f"{profile.points:,} points", f"{profile.within or 0:,} left"),
        ),
    }[rule.name]
    shown = f" ({'; '.join(examples)})" if examples else ""
    sentence = f"{_WHERE}: {rule.sentence}: {count:,} concerned{shown}."
    return Finding(rule.name, Severity.CRITICAL, sentence, count, _WHERE, examples)
