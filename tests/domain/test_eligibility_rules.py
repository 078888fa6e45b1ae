"""Every bound of every eligibility rule: the last value on one side, the first on the other."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.decision import Outcome, SellerFacts, decide
from domain.eligibility import RULES, Reason, Terms
from domain.months import SettlementMonth, add_months
from domain.policy import Exclusion, Policy, Tenure, TenureDay
from tests.d_commerce import D_COMMERCE_2020, D_COMMERCE_2024

AUGUST = Terms.of(D_COMMERCE_2020, SettlementMonth(2020, 8))
SELLER = SellerFacts("store", approved_on=date(2020, 3, 16), window_amount_krw=6_000_000)


@pytest.mark.parametrize(
    ("window_amount_krw", "tier", "points", "reasons"),
    [
        (-1, None, 0, ["below_lowest_tier"]),
        (0, None, 0, ["below_lowest_tier"]),
        (5_999_999, None, 0, ["below_lowest_tier"]),
        (6_000_000, 1, 150_000, []),
        (23_999_999, 1, 150_000, []),
        (24_000_000, 2, 300_000, []),
        (119_999_999, 2, 300_000, []),
        (120_000_000, 3, 1_000_000, []),
        (239_999_999, 3, 1_000_000, []),
        (240_000_000, None, 0, ["above_highest_tier"]),
        (10**15, None, 0, ["above_highest_tier"]),
    ],
)
def test_the_sum_of_three_months_falls_into_a_tier_to_the_last_won(
    window_amount_krw: int, tier: int | None, points: int, reasons: list[str]
) -> None:
    decision = decide(replace(SELLER, window_amount_krw=window_amount_krw), AUGUST)

    assert (decision.tier, decision.points, [*decision.reasons]) == (tier, points, reasons)


@pytest.mark.parametrize(
    ("approved_on", "reasons_2020", "reasons_2024"),
    [
        ("2019-08-31", ["tenure_too_long"], ["tenure_too_long"]),
        ("2019-09-01", ["tenure_too_long"], ["tenure_too_long"]),
        ("2019-09-02", [], []),
        ("2020-05-31", [], []),
        ("2020-06-01", [], ["tenure_too_short"]),
        ("2020-06-02", ["tenure_too_short"], ["tenure_too_short"]),
        ("2020-09-02", ["tenure_too_short"], ["tenure_too_short"]),
    ],
)
def test_tenure_is_counted_to_the_day(
    approved_on: str, reasons_2020: list[str], reasons_2024: list[str]
) -> None:
    seller = replace(SELLER, approved_on=date.fromisoformat(approved_on))
    strict = Terms.of(D_COMMERCE_2024, SettlementMonth(2020, 8))

    assert [*decide(seller, AUGUST).reasons] == reasons_2020
    assert [*decide(seller, strict).reasons] == reasons_2024


@pytest.mark.parametrize(
    ("approved_on", "first", "last"),
    [
        ("2019-11-30", "2020-03", "2020-11"),  # three months on is 29 February
        ("2020-02-29", "2020-06", "2021-02"),  # twelve months on is 28 February
        ("2020-08-31", "2020-12", "2021-08"),  # three months on is 30 November
        ("2020-06-01", "2020-09", "2021-05"),  # reaches three months on a first
    ],
)
def test_month_ends_clamp(approved_on: str, first: str, last: str) -> None:
    payout_months = _evaluated(date.fromisoformat(approved_on), D_COMMERCE_2020)

    assert (str(payout_months[0]), str(payout_months[-1])) == (first, last)


def test_every_store_is_evaluated_exactly_nine_times_in_a_row() -> None:
    for approved_on in _every_date(2019, 2025):
        payout_months = _evaluated(approved_on, D_COMMERCE_2020)

        assert payout_months == [payout_months[0] + number for number in range(9)], approved_on


def test_the_strict_policy_evaluates_once_less_whom_it_approved_on_a_first() -> None:
    for approved_on in _every_date(2023, 2025):
        times = len(_evaluated(approved_on, D_COMMERCE_2024))

        assert times == (8 if approved_on.day == 1 else 9), approved_on


@given(
    approved_on=st.dates(date(2018, 1, 1), date(2026, 12, 31)),
    month=st.builds(SettlementMonth, st.integers(2019, 2026), st.integers(1, 12)),
    min_months=st.integers(0, 6),
    months_until_below=st.integers(1, 12),
    is_strict=st.booleans(),
    measured_on=st.sampled_from(TenureDay),
)
def test_two_approval_dates_say_what_tenure_in_months_says(
    approved_on: date,
    month: SettlementMonth,
    min_months: int,
    months_until_below: int,
    is_strict: bool,
    measured_on: TenureDay,
) -> None:
    below_months = min_months + months_until_below
    tenure = Tenure(min_months, is_strict, below_months, measured_on)
    reasons = decide(
        replace(SELLER, approved_on=approved_on),
        Terms.of(replace(D_COMMERCE_2020, tenure=tenure), month),
    ).reasons

    day = tenure.day(month)
    reached = add_months(approved_on, min_months)
    too_short = reached >= day if is_strict else reached > day
    too_long = add_months(approved_on, below_months) <= day
    assert (Reason.TENURE_TOO_SHORT in reasons, Reason.TENURE_TOO_LONG in reasons) == (
        too_short,
        too_long,
    )


EXCLUDED = {
    Exclusion.RUNS_DEPARTMENT_STORE_WINDOW: replace(SELLER, runs_department_store_window=True),
    Exclusion.RUNS_OUTLET_WINDOW: replace(SELLER, runs_outlet_window=True),
    Exclusion.USES_FULFILMENT: replace(SELLER, uses_fulfilment=True),
    Exclusion.USES_API: replace(SELLER, uses_api=True),
}


@pytest.mark.parametrize("exclusion", Exclusion)
def test_each_exclusion_keeps_a_store_out_unless_the_policy_does_not_name_it(
    exclusion: Exclusion,
) -> None:
    seller = EXCLUDED[exclusion]
    others = tuple(each for each in Exclusion if each is not exclusion)
    without = Terms.of(replace(D_COMMERCE_2020, exclusions=others), AUGUST.month)

    assert [*decide(seller, AUGUST).reasons] == [exclusion.value]
    assert decide(seller, without).outcome is Outcome.AWARDED


@pytest.mark.parametrize("status", ["PAUSED", "CLOSED", "normal", "NORMAL ", ""])
def test_any_status_but_the_active_one_keeps_a_store_out(status: str) -> None:
    assert [*decide(replace(SELLER, status=status), AUGUST).reasons] == ["seller_not_active"]


_TIER_1, _TIER_2, _TIER_3 = 6_000_000, 24_000_000, 120_000_000


@pytest.mark.parametrize(
    ("awarded_before", "window_amount_krw", "reasons"),
    [
        ([1], _TIER_1, ["tier_already_awarded"]),
        ([1], _TIER_2, []),
        ([1], _TIER_3, []),
        ([2], _TIER_1, ["below_awarded_tier"]),
        ([2], _TIER_2, ["tier_already_awarded"]),
        ([2], _TIER_3, []),
        ([1, 2], _TIER_1, ["tier_already_awarded", "below_awarded_tier"]),
        ([3], _TIER_1, ["below_awarded_tier"]),
        ([3], _TIER_2, ["below_awarded_tier"]),
        ([1, 3], _TIER_2, ["below_awarded_tier"]),
        ([1, 3], _TIER_1, ["tier_already_awarded", "below_awarded_tier"]),
        ([1, 2, 3], _TIER_3, ["tier_already_awarded"]),
        ([1, 2, 3], 240_000_000, ["above_highest_tier"]),
        ([1, 2, 3], 0, ["below_lowest_tier"]),
    ],
)
def test_a_tier_is_awarded_once_and_never_downwards(
    awarded_before: list[int], window_amount_krw: int, reasons: list[str]
) -> None:
    seller = replace(
        SELLER, window_amount_krw=window_amount_krw, awarded_tiers=frozenset(awarded_before)
    )

    assert [*decide(seller, AUGUST).reasons] == reasons


def test_a_store_that_exceeds_every_tier_keeps_what_it_may_still_earn() -> None:
    above = replace(SELLER, window_amount_krw=240_000_000)
    afterwards = replace(SELLER, window_amount_krw=_TIER_1)

    assert [*decide(above, AUGUST).reasons] == ["above_highest_tier"]
    assert decide(afterwards, AUGUST).tier == 1


def test_a_store_gets_every_reason_that_applies_in_the_declared_order() -> None:
    seller = SellerFacts(
        seller_id="hopeless",
        approved_on=date(2015, 1, 1),
        window_amount_krw=_TIER_1,
        status="CLOSED",
        runs_department_store_window=True,
        runs_outlet_window=True,
        uses_fulfilment=True,
        uses_api=True,
        awarded_tiers=frozenset({1, 3}),
    )

    assert [*decide(seller, AUGUST).reasons] == [
        "seller_not_active",
        "tenure_too_long",
        "runs_department_store_window",
        "runs_outlet_window",
        "uses_fulfilment",
        "uses_api",
        "tier_already_awarded",
        "below_awarded_tier",
    ]


def test_there_is_one_rule_for_each_reason_in_the_declared_order() -> None:
    assert [rule.reason for rule in RULES] == list(Reason)


@given(
    approved_on=st.dates(date(2019, 1, 1), date(2020, 1, 1)),
    window_amounts_krw=st.lists(st.integers(0, 260_000_000), min_size=24, max_size=24),
)
def test_no_store_ever_gets_more_than_the_lifetime_maximum_nor_a_lower_tier(
    approved_on: date, window_amounts_krw: list[int]
) -> None:
    tiers: list[int] = []
    points = 0
    for number, window_amount_krw in enumerate(window_amounts_krw):
        facts = SellerFacts("store", approved_on, window_amount_krw, awarded_tiers=frozenset(tiers))
        decision = decide(facts, Terms.of(D_COMMERCE_2020, SettlementMonth(2019, 1) + number))
        tiers += [decision.tier] if decision.tier else []
        points += decision.points

    assert tiers == sorted(set(tiers))
    assert points <= D_COMMERCE_2020.lifetime_maximum_points


@given(
    approved_on=st.dates(date(2019, 6, 1), date(2020, 9, 1)),
    window_amount_krw=st.integers(-(10**9), 10**9),
    status=st.sampled_from(["NORMAL", "PAUSED"]),
    uses_api=st.booleans(),
    awarded_tiers=st.frozensets(st.integers(1, 3)),
)
def test_a_store_is_awarded_exactly_when_no_reason_speaks_against_it(
    approved_on: date,
    window_amount_krw: int,
    status: str,
    uses_api: bool,
    awarded_tiers: frozenset[int],
) -> None:
    seller = SellerFacts(
        "store",
        approved_on,
        window_amount_krw,
        status=status,
        uses_api=uses_api,
        awarded_tiers=awarded_tiers,
    )
    decision = decide(seller, AUGUST)

    awarded = decision.outcome is Outcome.AWARDED
    assert awarded == (not decision.reasons) == (decision.tier is not None)
    assert awarded == (decision.points > 0)


def test_a_decision_names_store_month_amount_and_policy() -> None:
    decision = decide(SELLER, AUGUST)

    assert decision.seller_id == "store"
    assert decision.settlement_month == SettlementMonth(2020, 8)
    assert decision.window_amount_krw == 6_000_000
    assert decision.policy == "d-commerce-2020"


def _evaluated(approved_on: date, policy: Policy) -> list[SettlementMonth]:
    """List the payout months for which the store's tenure is right."""
    months = SettlementMonth.of(approved_on).until(SettlementMonth.of(approved_on) + 14)
    return [month.payout_month for month in months if _tenure_is_right(approved_on, policy, month)]


def _tenure_is_right(approved_on: date, policy: Policy, month: SettlementMonth) -> bool:
    terms = Terms.of(policy, month)
    return terms.first_approval_on <= approved_on <= terms.last_approval_on


def _every_date(first_year: int, until_year: int) -> list[date]:
    days = (date(until_year, 1, 1) - date(first_year, 1, 1)).days
    return [date(first_year, 1, 1) + timedelta(days=day) for day in range(days)]
