"""The rules for awards about to be posted; breaking any of them stops the posting."""

from dataclasses import dataclass

from domain.award_profile import AwardProfile
from domain.findings import Finding, Severity

_EXAMPLES = 3
_WHERE = "the awards"


@dataclass(frozen=True, slots=True)
class AwardRule:
    """A rule for awards; `sentence` says what is wrong when it is broken."""

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
    """Return the number that each rule checks."""
    return {
        OF_A_TIER.name: len(profile.mismatched),
        ONE_PER_SELLER.name: len(profile.repeated),
        WITHIN_BUDGET.name: profile.points,
    }


def most(rule: AwardRule, profile: AwardProfile) -> int | None:
    """Return the maximum that a rule allows, None without one."""
    return profile.budget_left if rule is WITHIN_BUDGET else 0


def broken_award_rule(rule: AwardRule, profile: AwardProfile) -> Finding:
    """Return the finding for a broken award rule."""
    count, examples = {
        OF_A_TIER.name: (
            len(profile.mismatched),
            tuple(f"{a.seller_id} {a.points:,}" for a in profile.mismatched[:_EXAMPLES]),
        ),
        ONE_PER_SELLER.name: (len(profile.repeated), profile.repeated[:_EXAMPLES]),
        WITHIN_BUDGET.name: (
            profile.awards,
            (f"{profile.points:,} points", f"{profile.budget_left or 0:,} left"),
        ),
    }[rule.name]
    shown = f" ({'; '.join(examples)})" if examples else ""
    sentence = f"{_WHERE}: {rule.sentence}: {count:,} concerned{shown}."
    return Finding(rule.name, Severity.CRITICAL, sentence, count, _WHERE, examples)
