"""What a month must bring for the next tier, beside the decision on what it would bring."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.decision import SellerFacts, decide
from domain.eligibility import Terms
from domain.months import SettlementMonth
from domain.next_tier import next_tier
from tests.d_commerce import D_COMMERCE_2020

TERMS = Terms.of(D_COMMERCE_2020, SettlementMonth(2020, 8))
STORE = SellerFacts("maru", date(2020, 3, 16), 0)
M = 1_000_000


@pytest.mark.parametrize(
    ("known", "awarded", "tier", "least", "below"),
    [
        (0, {}, 1, 6 * M, 24 * M),
        (4 * M, {}, 1, 2 * M, 20 * M),
        (7 * M, {}, 1, 0, 17 * M),
        (-M, {}, 1, 7 * M, 25 * M),
        (24 * M - 1, {}, 1, 0, 1),
        (24 * M, {}, 2, 0, 96 * M),
        (4 * M, {1}, 2, 20 * M, 116 * M),
        (4 * M, {2}, 3, 116 * M, 236 * M),
    ],
)
def test_the_next_tier_is_the_lowest_that_is_not_awarded_and_not_exceeded(
    known: int, awarded: set[int], tier: int, least: int, below: int
) -> None:
    facts = replace(STORE, window_amount_krw=known, awarded_tiers=frozenset(awarded))

    found = next_tier(facts, TERMS)

    assert found is not None
    assert (found.tier.number, found.least_krw, found.below_krw) == (tier, least, below)
    assert found.obstacles == ()


@pytest.mark.parametrize(("known", "awarded"), [(0, {3}), (240 * M, {})])
def test_nothing_is_next_above_the_highest_tier(known: int, awarded: set[int]) -> None:
    facts = replace(STORE, window_amount_krw=known, awarded_tiers=frozenset(awarded))

    assert next_tier(facts, TERMS) is None


def test_what_no_amount_removes_is_an_obstacle() -> None:
    found = next_tier(replace(STORE, uses_api=True, approved_on=date(2019, 1, 1)), TERMS)

    assert found is not None
    assert found.obstacles == ("tenure_too_long", "uses_api")


@given(st.integers(-10 * M, 240 * M - 1), st.frozensets(st.sampled_from([1, 2])))
def test_what_it_says_is_what_would_be_decided(known: int, awarded: frozenset[int]) -> None:
    facts = replace(STORE, window_amount_krw=known, awarded_tiers=awarded)
    found = next_tier(facts, TERMS)

    def decided(amount: int) -> int | None:
        return decide(replace(facts, window_amount_krw=known + amount), TERMS).tier

    assert found is not None
    assert decided(found.least_krw) == found.tier.number
    assert decided(found.below_krw - 1) == found.tier.number
    assert decided(found.below_krw) != found.tier.number
    assert found.least_krw == 0 or decided(found.least_krw - 1) != found.tier.number
