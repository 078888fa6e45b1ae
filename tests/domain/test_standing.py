"""What a store may convert, and the first reason why it may not."""

from dataclasses import replace
from datetime import date

import pytest

from domain.using.standing import Standing, UseRefusal, decide_conversion
from domain.using.use_rules import UseRules

LAST = date(2027, 6, 10)
AFTER = date(2027, 6, 11)
HAS = Standing("A", available=450_000, held=0, last_usable_on=LAST, account_id="ads-1")
BARE = replace(HAS, account_id=None)
RULES = UseRules(conversion_min_points=1_000, conversion_unit_points=500)
STRICT = replace(RULES, closed_stores_may_convert=False)


@pytest.mark.parametrize(
    ("points", "standing", "on", "rules", "active", "refusal"),
    [
        (450_000, HAS, LAST, RULES, True, None),
        (450_500, HAS, LAST, RULES, True, "insufficient_points"),
        (1_000, HAS, LAST, RULES, True, None),
        (999, HAS, LAST, RULES, True, "below_minimum"),
        (1_001, HAS, LAST, RULES, True, "not_in_units"),
        (1_000, HAS, AFTER, RULES, True, "points_expired"),
        (1_000, BARE, LAST, RULES, True, "no_ad_account"),
        (1_000, HAS, LAST, RULES, False, None),
        (1_000, HAS, LAST, STRICT, False, "seller_not_active"),
        (1_000, HAS, LAST, STRICT, True, None),
        (999_999, BARE, AFTER, RULES, True, "no_ad_account"),
        (999_999, HAS, AFTER, RULES, True, "points_expired"),
        (999_999, BARE, AFTER, STRICT, False, "seller_not_active"),
    ],
)
def test_a_store_is_told_the_first_reason(
    points: int,
    standing: Standing,
    on: date,
    rules: UseRules,
    active: bool,
    refusal: str | None,
) -> None:
    told = decide_conversion(points, standing, on, rules, active=active)

    assert told == (None if refusal is None else UseRefusal(refusal))


def test_a_store_that_never_had_a_grant_has_nothing_that_expired() -> None:
    never = replace(HAS, available=0, last_usable_on=None)

    assert decide_conversion(1_000, never, AFTER, RULES, active=True) == "insufficient_points"
