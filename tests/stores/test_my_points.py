"""What a store sees of its points: U19, on a real database."""

from datetime import date

import pytest

from adapters.postgres.revisions import SellerUnknown
from flows.showing.my_points import MyPoints, PendingAward, my_points
from tests.closings import POLICIES, Program, Sold, month
from tests.using.store_a import LAST_DAY, SOME_DAY, convert

M = 1_000_000


def shown(program: Program, seller_id: str = "A", today: date = SOME_DAY) -> MyPoints:
    with program.engine.connect() as connection:
        return my_points(connection, seller_id, today, POLICIES)


def test_a_store_sees_what_it_has_holds_and_until_when(program: Program) -> None:
    convert(program, 100_000)

    points = shown(program)

    assert (points.available, points.held) == (50_000, 100_000)
    assert (points.last_usable_on, points.account_id) == (LAST_DAY, "ads-1")
    assert points.pending == ()
    assert not points.has_expired


def test_what_is_available_has_expired_after_its_last_day(program: Program) -> None:
    assert shown(program, today=date(2027, 11, 11)).has_expired
    assert not shown(program, today=LAST_DAY).has_expired


def test_an_award_comes_on_its_payout_date(program: Program) -> None:
    program.close("2026-11", {"A": Sold(7 * M), "B": Sold(20 * M)})

    assert shown(program, "B").pending == (
        PendingAward(month("2026-11"), 1, 150_000, date(2026, 12, 10)),
    )


def test_months_stand_beside_the_tiers_and_missing_ones_are_told(program: Program) -> None:
    months = shown(program).months

    assert [str(each.month) for each in months] == [
        *("2025-11", "2025-12", "2026-01", "2026-02", "2026-03", "2026-04", "2026-05"),
        *("2026-06", "2026-07", "2026-08", "2026-09", "2026-10"),
    ]
    assert [each.amount_krw for each in months] == [*([None] * 9), 0, 0, 7 * M]
    assert [each.window_amount_krw for each in months] == [*([None] * 11), 7 * M]
    assert [each.tier for each in months] == [*([None] * 11), 1]


def test_the_next_month_is_the_one_after_the_newest_and_says_what_it_needs(
    program: Program,
) -> None:
    points = shown(program)

    assert (points.next_month, points.window_months) == (month("2026-11"), 3)
    assert points.next_tier is not None
    assert points.next_tier.tier.number == 2
    assert points.next_tier.least_krw == 24 * M - 7 * M
    assert points.next_tier.obstacles == ()


def test_only_product_orders_and_the_newest_revision_count(program: Program) -> None:
    program.ingest("2026-10", {"A": Sold(8 * M), "B": Sold(9 * M, line_type="DELIVERY")})

    assert shown(program).months[-1].amount_krw == 8 * M
    assert shown(program, "B").months[-1].amount_krw == 0


def test_what_stands_in_the_way_is_told_from_the_newest_snapshot(program: Program) -> None:
    program.ingest("2026-11", {"A": Sold(M, status="SLEEPING", uses_api=True)})

    coming = shown(program).next_tier

    assert coming is not None
    assert coming.obstacles == ("seller_not_active", "uses_api")


def test_an_unknown_store_has_nothing_to_see(program: Program) -> None:
    with pytest.raises(SellerUnknown):
        shown(program, "nobody")
