"""What would have to be different for another result."""

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from domain.decision import Outcome, SellerFacts, decide
from domain.eligibility import Reason, Terms
from domain.months import SettlementMonth
from domain.what_if import eligible_tenure_months, other_results
from tests.d_commerce import D_COMMERCE_2020

AUGUST = SettlementMonth(2020, 8)
TERMS = Terms.of(D_COMMERCE_2020, AUGUST)
TIER = {tier.number: tier for tier in D_COMMERCE_2020.tiers}


def store(window_amount_krw: int, **others: object) -> SellerFacts:
    return replace(SellerFacts("maru", date(2020, 3, 16), window_amount_krw), **others)  # type: ignore[arg-type]


def told(seller: SellerFacts) -> list[tuple[int, tuple[Reason, ...], int]]:
    found = other_results(seller, TERMS)
    return [(each.tier.number, each.without, each.amount_krw) for each in found]


def test_below_the_lowest_tier_it_is_what_is_missing_to_it() -> None:
    assert told(store(5_999_999)) == [(1, (), 1)]


def test_in_a_tier_it_is_what_is_missing_to_the_next() -> None:
    assert told(store(22_799_999)) == [(2, (), 1_200_001)]


def test_above_the_highest_tier_it_is_what_is_too_much() -> None:
    assert told(store(240_000_000)) == [(3, (), -1)]


def test_after_a_tier_was_awarded_it_is_what_is_missing_to_a_higher_one() -> None:
    assert told(store(6_000_000, awarded_tiers=frozenset({1, 2}))) == [(3, (), 114_000_000)]


def test_a_way_of_running_the_store_is_named_with_the_amount_that_is_missing_besides() -> None:
    excluded = (Reason.SELLER_NOT_ACTIVE, Reason.USES_API)
    closed = store(1, status="CLOSED", uses_api=True)
    assert told(closed) == [(1, excluded, 5_999_999)]
    assert told(replace(closed, window_amount_krw=6_000_000))[0] == (1, excluded, 0)


def test_no_amount_helps_a_store_that_is_no_longer_new_or_has_every_tier() -> None:
    assert told(store(1, approved_on=date(2019, 1, 1))) == []
    assert told(store(1, awarded_tiers=frozenset({1, 2, 3}))) == []


def test_a_store_too_young_learns_when_its_nine_months_are() -> None:
    young = store(1, approved_on=date(2020, 6, 2))
    assert eligible_tenure_months(young, TERMS) == (
        SettlementMonth(2020, 9),
        SettlementMonth(2021, 5),
    )


@given(
    amount=st.integers(-(10**9), 10**9),
    tiers=st.frozensets(st.integers(1, 3)),
    uses_api=st.booleans(),
    approved_on=st.dates(date(2019, 8, 1), date(2020, 7, 1)),
)
def test_what_is_told_is_true_and_one_krw_less_is_not_enough(
    amount: int, tiers: frozenset[int], uses_api: bool, approved_on: date
) -> None:
    seller = store(amount, awarded_tiers=tiers, uses_api=uses_api, approved_on=approved_on)
    for other in other_results(seller, TERMS):
        imagined = replace(seller, uses_api=False, window_amount_krw=amount + other.amount_krw)
        short = imagined.window_amount_krw - (other.amount_krw > 0) + (other.amount_krw < 0)

        assert decide(imagined, TERMS).tier == other.tier.number
        if other.amount_krw:
            nearly = decide(replace(imagined, window_amount_krw=short), TERMS)
            assert (nearly.outcome, nearly.tier) != (Outcome.AWARDED, other.tier.number)
