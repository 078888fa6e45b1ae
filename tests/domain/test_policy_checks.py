"""A policy cannot contradict itself, and each month has one."""

from dataclasses import replace
from typing import Any

import pytest

from domain.months import SettlementMonth
from domain.policy import Exclusion, PayoutRule, PolicyInvalid, Tier, policy_in_force
from domain.using.use_rules import UseRules
from tests.d_commerce import D_COMMERCE_2020, D_COMMERCE_2024

_TIER_1, _TIER_2, _TIER_3 = D_COMMERCE_2020.tiers
_TENURE = D_COMMERCE_2020.tenure


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"name": ""}, "it has no name"),
        ({"name": " "}, "it has no name"),
        ({"name": "two\nlines"}, "its name must be one line of text"),
        ({"counted_line_types": ()}, "no line type is counted"),
        ({"window_months": 0}, "the window must be of 1 to 12 months"),
        ({"window_months": 13}, "the window must be of 1 to 12 months"),
        ({"tenure": replace(_TENURE, min_months=12)}, "no tenure is from 12 to below 12 months"),
        ({"tenure": replace(_TENURE, min_months=-1)}, "no tenure is from -1 to below 12 months"),
        ({"tenure": replace(_TENURE, below_months=1201)}, "no tenure is from 3 to below 1201"),
        ({"active_status": ""}, "no status counts as active"),
        ({"tiers": ()}, "it has no tier"),
        ({"tiers": (_TIER_1, _TIER_3)}, "tiers must be numbered 1, 2, 3"),
        ({"tiers": (_TIER_2, _TIER_1, _TIER_3)}, "tiers must be numbered 1, 2, 3"),
        (
            {"tiers": (replace(_TIER_1, lower_average_krw=8_000_000), _TIER_2, _TIER_3)},
            "a tier's lower bound must be below its upper bound",
        ),
        (
            {"tiers": (replace(_TIER_1, upper_average_krw=7_999_999), _TIER_2, _TIER_3)},
            "each tier must begin where the one below it ends",
        ),
        (
            {"tiers": (replace(_TIER_1, upper_average_krw=8_000_001), _TIER_2, _TIER_3)},
            "each tier must begin where the one below it ends",
        ),
        ({"tiers": (replace(_TIER_1, points=0),)}, "a tier must pay at least one point"),
        ({"tiers": (replace(_TIER_1, lower_average_krw=-1), _TIER_2, _TIER_3)}, "between 0 and"),
        (
            {"tiers": (replace(_TIER_1, points=10**16),)},
            "must lie between 0 and 1,000,",
        ),
        (
            {"tiers": (replace(_TIER_1, points=10**12 + 1),)},
            "a tier must pay 1,000,000,000,000 points at most",
        ),
        ({"lifetime_maximum_points": 1_450_001}, "the lifetime maximum is not the tiers' sum"),
        ({"payout": PayoutRule(0, roll_forward=True)}, "the payout day must lie between 1 and 28"),
        ({"payout": PayoutRule(29, roll_forward=True)}, "the payout day must lie between 1 and 28"),
        (
            {"use": UseRules(conversion_min_points=0)},
            "the least points of a conversion must lie between 1 and",
        ),
        ({"use": UseRules(conversion_unit_points=0)}, "the unit of conversions must lie between 1"),
        (
            {"use": UseRules(reward_entry_limit_points=10**12 + 1)},
            "the most points of a reward must lie between 1 and 1,000,000,000,000",
        ),
        ({"use": UseRules(reward_retry_days=-1)}, "rewards must be retried for 0 to 365 days"),
        ({"use": UseRules(reward_retry_days=366)}, "rewards must be retried for 0 to 365 days"),
        ({"use": UseRules(notice_days=(365, 7))}, "stores must be told 1 to 364 days before"),
        ({"use": UseRules(notice_days=(7, 0))}, "stores must be told 1 to 364 days before"),
        ({"use": UseRules(notice_days=(7, 30))}, "must be listed from the earliest to the last"),
        ({"use": UseRules(notice_days=(7, 7))}, "must be listed from the earliest to the last"),
    ],
)
def test_a_policy_that_contradicts_itself_cannot_be_made(
    changed: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(PolicyInvalid, match=sentence):
        replace(D_COMMERCE_2020, **changed)


@pytest.mark.parametrize(
    "changed",
    [
        {"window_months": 1},
        {"window_months": 12},
        {"tenure": replace(_TENURE, min_months=0, below_months=1)},
        {"tenure": replace(_TENURE, below_months=1200)},
        {"tiers": (replace(_TIER_1, lower_average_krw=0), _TIER_2, _TIER_3)},
        {"tiers": (_TIER_1, _TIER_2, replace(_TIER_3, upper_average_krw=10**15))},
        {"payout": PayoutRule(1, roll_forward=True)},
        {"payout": PayoutRule(28, roll_forward=True)},
        {"use": UseRules(reward_retry_days=0, notice_days=())},
        {"use": UseRules(reward_retry_days=365, notice_days=(364, 1))},
    ],
)
def test_a_policy_may_go_to_the_ends_of_what_is_allowed(changed: dict[str, Any]) -> None:
    assert replace(D_COMMERCE_2020, **changed).name == "d-commerce-2020"


def test_a_policy_has_at_most_fifteen_tiers() -> None:
    tiers = tuple(Tier(number, number, number + 1, 1) for number in range(1, 17))

    assert replace(D_COMMERCE_2020, tiers=tiers[:15], lifetime_maximum_points=15).tiers
    with pytest.raises(PolicyInvalid, match="more than 15 tiers"):
        replace(D_COMMERCE_2020, tiers=tiers, lifetime_maximum_points=16)


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "another"},
        {"in_force_from": SettlementMonth(2020, 2)},
        {"counted_line_types": ("PROD_ORDER", "DELIVERY")},
        {"window_months": 4},
        {"tenure": replace(_TENURE, min_is_strict=True)},
        {"active_status": "OPEN"},
        {"exclusions": (Exclusion.USES_API,)},
        {"tiers": (replace(_TIER_1, lower_average_krw=2_000_001), _TIER_2, _TIER_3)},
        {"payout": PayoutRule(11, roll_forward=True)},
        {"use": UseRules(conversion_min_points=2)},
        {"use": UseRules(conversion_unit_points=2)},
        {"use": UseRules(reward_entry_limit_points=2)},
        {"use": UseRules(reward_retry_days=2)},
        {"use": UseRules(notice_days=(30,))},
        {"use": UseRules(closed_stores_may_convert=False)},
    ],
)
def test_the_hash_changes_with_every_value_of_the_policy(changed: dict[str, Any]) -> None:
    assert replace(D_COMMERCE_2020, **changed).content_hash != D_COMMERCE_2020.content_hash


def test_the_hash_is_the_same_next_year() -> None:
    assert D_COMMERCE_2020.content_hash == (
        "64d054ca2091cec9ac7ef930782a094b606c5a228f859895407faf18d3fce97d"
    )


def test_a_month_takes_the_policy_that_came_into_force_last() -> None:
    from_2024 = replace(D_COMMERCE_2024, in_force_from=SettlementMonth(2024, 6))
    policies = (from_2024, D_COMMERCE_2020)

    assert policy_in_force(policies, SettlementMonth(2024, 5)) == D_COMMERCE_2020
    assert policy_in_force(policies, SettlementMonth(2024, 6)) == from_2024
    assert policy_in_force(policies, SettlementMonth(2030, 1)) == from_2024


def test_a_policy_without_a_first_month_is_never_in_force_by_itself() -> None:
    policies = (D_COMMERCE_2020, D_COMMERCE_2024)

    assert policy_in_force(policies, SettlementMonth(2026, 10)) == D_COMMERCE_2020


def test_a_month_before_every_policy_has_none() -> None:
    with pytest.raises(PolicyInvalid, match="no policy is in force in 2019-12"):
        policy_in_force((D_COMMERCE_2020, D_COMMERCE_2024), SettlementMonth(2019, 12))


def test_two_policies_cannot_come_into_force_in_one_month() -> None:
    rival = replace(D_COMMERCE_2020, name="rival")

    with pytest.raises(PolicyInvalid, match="d-commerce-2020 and rival both come into force"):
        policy_in_force((rival, D_COMMERCE_2020), SettlementMonth(2026, 10))
