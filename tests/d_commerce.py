"""The two versions of the program's rules as values, for tests that want no files."""

from dataclasses import replace
from typing import Final

from domain.months import SettlementMonth
from domain.policy import Exclusion, PayoutRule, Policy, Tenure, TenureDay, Tier

D_COMMERCE_2020: Final = Policy(
    name="d-commerce-2020",
    in_force_from=SettlementMonth(2020, 1),
    counted_line_types=("PROD_ORDER",),
    window_months=3,
    tenure=Tenure(
        min_months=3,
        min_is_strict=False,
        below_months=12,
        measured_on=TenureDay.FIRST_DAY_OF_PAYOUT_MONTH,
    ),
    active_status="NORMAL",
    exclusions=(
        Exclusion.RUNS_DEPARTMENT_STORE_WINDOW,
        Exclusion.RUNS_OUTLET_WINDOW,
        Exclusion.USES_FULFILMENT,
        Exclusion.USES_API,
    ),
    tiers=(
        Tier(1, 2_000_000, 8_000_000, 150_000),
        Tier(2, 8_000_000, 40_000_000, 300_000),
        Tier(3, 40_000_000, 80_000_000, 1_000_000),
    ),
    payout=PayoutRule(day_of_month=10, roll_forward=True),
    lifetime_maximum_points=1_450_000,
)

D_COMMERCE_2024: Final = replace(
    D_COMMERCE_2020,
    name="d-commerce-2024",
    in_force_from=None,
    tenure=replace(D_COMMERCE_2020.tenure, min_is_strict=True),
    payout=replace(D_COMMERCE_2020.payout, roll_forward=False),
)
