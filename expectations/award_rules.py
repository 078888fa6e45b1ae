"""The rules for awards about to be posted; breaking any of them stops the posting."""

from dataclasses import dataclass

from domain.award_profile import AwardProfile
from domain.findings import Finding, Severity
from domain.sentence import Text, joined, sentence

_EXAMPLES = 3
_WHERE = sentence("the awards")


@dataclass(frozen=True, slots=True)
class AwardRule:
    """A rule for awards; `sentence` says what is wrong when it is broken."""

    name: str
    sentence: Text


OF_A_TIER = AwardRule(
    "award_of_no_tier", sentence("the points are not those of a tier of the month's policy")
)
ONE_PER_SELLER = AwardRule(
    "award_repeated", sentence("a seller would be awarded twice in one month")
)
WITHIN_BUDGET = AwardRule(
    "awards_beyond_budget", sentence("the points are more than the program's budget leaves")
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
    count, examples = _concerned(rule, profile)
    text = sentence(
        "{where}: {what}: {count:,} concerned{examples}.",
        where=_WHERE,
        what=rule.sentence,
        count=count,
        examples=joined((" (", joined(examples), ")"), "") if examples else "",
    )
    return Finding(
        rule.name, Severity.CRITICAL, text, count, str(_WHERE), tuple(map(str, examples))
    )


def _concerned(rule: AwardRule, profile: AwardProfile) -> tuple[int, tuple[Text, ...]]:
    """Return how many awards or sellers a broken rule concerns, and a few examples."""
    mismatched = tuple(f"{a.seller_id} {a.points:,}" for a in profile.mismatched[:_EXAMPLES])
    return {
        OF_A_TIER.name: (len(profile.mismatched), mismatched),
        ONE_PER_SELLER.name: (len(profile.repeated), profile.repeated[:_EXAMPLES]),
        WITHIN_BUDGET.name: (profile.awards, _beyond_budget(profile)),
    }[rule.name]


def _beyond_budget(profile: AwardProfile) -> tuple[Text, ...]:
    return (
        sentence("{points:,} points", points=profile.points),
        sentence("{points:,} left", points=profile.budget_left or 0),
    )
