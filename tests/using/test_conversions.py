"""Conversions to search-ad credit: the worked examples of points in use, on a real database."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from adapters.policy_files import PolicyText
from adapters.postgres.ledger.converting import end
from adapters.postgres.ledger.expiring import expire
from adapters.postgres.ledger.posting import Posted
from adapters.postgres.ledger.refusals import AdjustmentAhead
from adapters.postgres.revisions import SellerUnknown
from adapters.postgres.statements import award_for_consulting, statement
from adapters.postgres.using import conversions, find_conversion, standing_of
from domain.using.use_rules import UseRules
from flows.converting.link_ad_account import link_account, unlink_account
from flows.converting.refusals import NotLinked, OtherConversion, PointsNotUsable
from flows.expiring.expire_points import expire_points
from tests.clocks import let_it_be
from tests.closings import POLICIES, Program, Sold
from tests.using.store_a import DAY_AFTER, LAST_DAY, SOME_DAY, convert, has


def ends(program: Program, held: Posted, *, delivered: bool) -> Posted:
    with program.engine.begin() as connection:
        conversion = find_conversion(connection, held.posting_no)
        return end(connection, conversion, "an answer", "tests", delivered=delivered)


def test_a_conversion_holds_its_points_and_is_delivered_once(program: Program) -> None:
    held = convert(program, 100_000)
    assert has(program) == (50_000, 100_000)
    assert [ends(program, held, delivered=True).created for _ in range(2)] == [True, False]
    assert has(program) == (50_000, 0)


def test_the_same_request_is_the_first_one_and_other_content_is_refused(program: Program) -> None:
    assert convert(program, 100_000).created
    assert not convert(program, 100_000).created
    with pytest.raises(OtherConversion, match="for another number of points"):
        convert(program, 50_000)
    assert has(program) == (50_000, 100_000)


@pytest.mark.parametrize(
    ("points", "on", "linked", "refusal", "told"),
    [
        (150_001, SOME_DAY, True, "insufficient_points", "has 150,000 available points"),
        (1, SOME_DAY, False, "no_ad_account", "link-ad-account A ACCOUNT"),
        (1, DAY_AFTER, True, "points_expired", "usable through 2027-11-10"),
    ],
)
def test_what_may_not_be_used_is_refused_and_uses_no_request_up(
    program: Program,
    database_url: str,
    points: int,
    on: date,
    linked: bool,
    refusal: str,
    told: str,
) -> None:
    if not linked:
        assert unlink_account(program.engine, "A", "a store") == "ads-1"
    let_it_be(database_url, on)
    with pytest.raises(PointsNotUsable, match=f"^{refusal}: .*{told}"):
        convert(program, points)
    assert has(program) == (150_000, 0)
    let_it_be(database_url, SOME_DAY)
    link_account(program.engine, "A", "ads-1", "a store")
    assert convert(program, 150_000).created


def by(**rules: Any) -> tuple[PolicyText, ...]:
    """The built-in policies, with other rules of use."""
    return tuple(
        replace(each, policy=replace(each.policy, use=UseRules(**rules))) for each in POLICIES
    )


@pytest.mark.parametrize(
    ("policies", "points", "refusal", "told"),
    [
        (by(conversion_min_points=1_000), 999, "below_minimum", "at least 1,000 points"),
        (by(conversion_unit_points=1_000), 1_500, "not_in_units", "in steps of 1,000"),
    ],
)
def test_the_policy_of_the_day_says_how_few_points_are_converted_and_in_which_steps(
    program: Program, policies: tuple[PolicyText, ...], points: int, refusal: str, told: str
) -> None:
    with pytest.raises(PointsNotUsable, match=f"^{refusal}: .*{told}"):
        convert(program, points, policies=policies)
    assert convert(program, 2_000, policies=policies).created
    assert convert(program, points, "r2").created


def test_a_closed_store_uses_its_points_unless_the_policy_forbids_it(
    program: Program,
) -> None:
    strict = by(closed_stores_may_convert=False)
    assert convert(program, 1, "while it is open", policies=strict).created
    program.ingest("2026-11", {"A": Sold(status="CLOSED")})
    with pytest.raises(PointsNotUsable, match=r"^seller_not_active: seller A is no longer in"):
        convert(program, 1, policies=strict)
    assert not convert(program, 1, "while it is open", policies=strict).created
    assert convert(program, 1).created


def test_the_last_usable_day_is_usable(program: Program, database_url: str) -> None:
    let_it_be(database_url, LAST_DAY)
    assert convert(program, 1).created


def test_what_the_ad_system_refuses_returns(program: Program) -> None:
    held = convert(program, 100_000)
    ends(program, held, delivered=False)
    assert has(program) == (150_000, 0)
    with program.engine.connect() as connection:
        (conversion,) = conversions(connection)
    assert (conversion.state, conversion.answer) == ("refused", "an answer")
    assert not convert(program, 100_000).created  # it is the first one, which has ended


def test_the_balance_expires_once_after_its_last_usable_day(
    program: Program, database_url: str
) -> None:
    let_it_be(database_url, LAST_DAY)
    assert expire_points(program.engine, "tests") is None
    let_it_be(database_url, DAY_AFTER)
    expired = expire_points(program.engine, "tests")
    assert expired is not None
    assert (expired.transfers, expired.points) == (1, 150_000)
    assert expire_points(program.engine, "tests") is None
    assert has(program) == (0, 0)


def test_held_points_do_not_expire_but_do_when_they_return(
    program: Program, database_url: str
) -> None:
    held = convert(program, 100_000)
    let_it_be(database_url, DAY_AFTER)
    expire_points(program.engine, "tests")
    assert has(program) == (0, 100_000)
    returned = ends(program, held, delivered=False)
    with program.engine.begin() as connection:
        expired = expire(connection, "tests", of_posting=returned.posting_no)
    assert expired is not None
    assert expired.points == 100_000
    assert has(program) == (0, 0)


@pytest.mark.parametrize(
    ("grant", "usable_through"),
    [
        (lambda program: program.adjust("A", 1, on=LAST_DAY), date(2028, 11, 10)),
        (lambda program: program.adjust("A", 1, on=date(2028, 2, 29)), date(2029, 2, 28)),
        (lambda program: program.adjust("A", -1, on=LAST_DAY), LAST_DAY),
        (lambda program: program.adjust("A", 1, on=date(2026, 11, 1)), LAST_DAY),
    ],
    ids=["a grant", "on a leap day", "what is taken is none", "an earlier one"],
)
def test_the_last_grant_decides_for_the_whole_balance(
    program: Program,
    database_url: str,
    grant: Callable[[Program], object],
    usable_through: date,
) -> None:
    let_it_be(database_url, date(2028, 3, 1))
    grant(program)
    with program.engine.connect() as connection:
        assert standing_of(connection, "A").last_usable_on == usable_through


def test_a_grant_is_not_dated_ahead(program: Program) -> None:
    with pytest.raises(AdjustmentAhead, match="by the database's clock that day has not come"):
        program.adjust("A", 1, on=SOME_DAY + timedelta(days=1))
    assert has(program) == (150_000, 0)


def test_a_late_payout_costs_no_older_points(program: Program, database_url: str) -> None:
    """November is due on the last usable day, and paid four days late."""
    program.holidays[date(2026, 12, 10)] = "Temporary holiday"
    program.adjust("A", 1, on=date(2025, 12, 11))
    better = {"A": Sold(40_000_000, approved_on=date(2026, 3, 16)), "B": Sold(7_000_000)}
    program.close("2026-11", better)
    let_it_be(database_url, date(2027, 11, 30))
    assert expire_points(program.engine, "tests") is None
    program.pay("2026-11", date(2026, 12, 15))
    with program.engine.connect() as connection:
        assert standing_of(connection, "A").last_usable_on == date(2027, 12, 11)
    assert has(program) == (450_001, 0)


def test_unknown_stores_are_refused(program: Program) -> None:
    with pytest.raises(SellerUnknown, match="No seller 'Z'"):
        convert(program, 1, seller_id="Z")
    with pytest.raises(SellerUnknown, match="No seller 'Z'"):
        link_account(program.engine, "Z", "ads-1", "a store")
    with pytest.raises(NotLinked, match="no linked search-ad account"):
        unlink_account(program.engine, "B", "a store")


def test_sixty_four_conversions_at_once_are_accepted_as_far_as_the_balance_goes(
    program: Program,
) -> None:
    def one(number: int) -> bool:
        try:
            return convert(program, 10_000, f"r{number}").created
        except PointsNotUsable:
            return False

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(one, range(64))) == 15
    assert has(program) == (0, 150_000)


def test_consulting_is_open_to_a_store_with_a_standing_award(program: Program) -> None:
    ends(program, convert(program, 150_000), delivered=True)
    with program.engine.connect() as connection:
        award = award_for_consulting(connection, "A")
        assert award is not None
        assert (str(award.settlement_month), award.tier, award.points) == ("2026-10", 1, 150_000)
        assert award_for_consulting(connection, "B") is None


def test_a_statement_has_every_change_with_the_balance_after_it(program: Program) -> None:
    ends(program, convert(program, 100_000), delivered=False)
    with program.engine.connect() as connection:
        lines = [
            (each.kind, each.points, each.reference, each.balance)
            for each in statement(connection, "A")
        ]
        later = [each.kind for each in statement(connection, "A", since=SOME_DAY)]
    assert lines == [
        ("payout", 150_000, "2026-10", 150_000),
        ("conversion", -100_000, "r1", 50_000),
        ("return", 100_000, "r1", 150_000),
    ]
    assert later == ["conversion", "return"]
