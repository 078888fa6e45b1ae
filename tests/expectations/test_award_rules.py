"""Awards are looked at once more before they are posted; each rule has its mutation."""

from dataclasses import replace

import pytest

from domain.award_profile import AwardProfile, profile_awards
from domain.ledger import Award
from expectations.award_rules import AWARD_RULES, AwardRule
from expectations.gate import judge_awards
from tests.d_commerce import D_COMMERCE_2020
from tests.deliveries import MONTH

FIRST = Award(MONTH, "store-a", 1, 150_000)
SECOND = Award(MONTH, "store-b", 2, 300_000)


def profile(
    *awards: Award, reverse: tuple[Award, ...] = (), left: int | None = None
) -> AwardProfile:
    return profile_awards({MONTH: awards}, {MONTH: D_COMMERCE_2020}, reverse, left)


MUTATIONS = {
    "award_of_no_tier": profile(FIRST, replace(SECOND, points=150_000)),
    "award_repeated": profile(FIRST, replace(SECOND, seller_id="store-a")),
    "awards_beyond_budget": profile(FIRST, SECOND, left=449_999),
}


def test_sound_awards_have_no_finding() -> None:
    assert judge_awards(profile(FIRST, SECOND)) == ()
    assert judge_awards(profile(FIRST, SECOND, left=450_000)) == ()


def test_what_is_reversed_may_be_awarded_again() -> None:
    assert judge_awards(profile(SECOND, reverse=(FIRST,), left=150_000)) == ()


def test_an_award_of_another_month_is_none_of_this_one() -> None:
    (finding,) = judge_awards(profile(replace(FIRST, settlement_month=MONTH + 1)))
    assert finding.rule == "award_of_no_tier"


def test_every_award_rule_has_a_mutation() -> None:
    assert MUTATIONS.keys() == {rule.name for rule in AWARD_RULES}


@pytest.mark.parametrize("rule", AWARD_RULES, ids=lambda rule: rule.name)
def test_a_mutation_breaks_exactly_its_award_rule(rule: AwardRule) -> None:
    (finding,) = judge_awards(MUTATIONS[rule.name])
    assert finding.rule == rule.name
    assert str(rule.sentence) in finding.sentence
