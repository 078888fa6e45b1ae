"""A seller's question is answered from what was recorded, in both languages, and never wrongly."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from domain.approval import NO_APPROVAL, ApprovalRule
from flows.showing.explanation import explain_decision
from flows.showing.refusals import MonthNotClosed, NoDecision
from flows.verifying.replay import replay_decisions
from tests.closings import Program, Sold, month

NOTHING = {"maru": Sold(0)}
TIER_1 = {"maru": Sold(22_799_999)}


@pytest.fixture
def program(engine: Engine, tmp_path: Path) -> Program:
    """A program whose October can be closed, everybody selling nothing until then."""
    program = Program(engine, tmp_path)
    for name in ("2026-07", "2026-08", "2026-09"):
        program.ingest(name, NOTHING)
    return program


def explained(program: Program, name: str = "2026-10", seller: str = "maru") -> str:
    with program.engine.connect() as connection:
        korean = explain_decision(connection, seller, month(name), "ko")
        english = explain_decision(connection, seller, month(name))
    assert "{" not in korean + english
    assert korean.count("\n") == english.count("\n")
    return english


def told_to_the_store(program: Program) -> str:
    """Explain October to the store itself, which is told of no command and no file."""
    with program.engine.connect() as connection:
        told = explain_decision(connection, "maru", month("2026-10"), for_operators=False) + "\n"
    assert "growth-points" not in told
    assert "settlements.csv" not in told
    return told


def test_an_award_is_explained_with_its_numbers_its_basis_and_what_is_next(
    program: Program,
) -> None:
    program.close("2026-10", TIER_1, reason="monthly closing")

    told = explained(program)

    assert "Seller maru is awarded tier 1 for 2026-10: 150,000 points." in told
    assert "with 1,200,001 KRW more in 2026-10, tier 2 would follow: 300,000 points" in told
    assert "2025-11-02 to 2026-08-01" in told
    assert "pending; their payout date is 2026-11-10" in told
    assert "by tests (monthly closing), by policy d-commerce-2020" in told
    assert "2026-10 revision 1, accepted on" in told
    assert "tests (settlements.csv, sellers.csv)" in told
    assert "Computed again today, the result is the same." in told


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ("SLEEPING ", '"SLEEPING "'),
        ("SLEEPING\u200b", '"SLEEPING\\u200b"'),
        ("\u00a0SLEEPING", '"\\xa0SLEEPING"'),
        ("SLEEP\u3000ING", '"SLEEP\\u3000ING"'),
        ("FAST ASLEEP", "FAST ASLEEP"),
    ],
)
def test_what_nobody_sees_in_a_word_is_shown(program: Program, status: str, shown: str) -> None:
    program.close("2026-10", {"maru": Sold(22_799_999, status=status)})
    assert f"the store's status was {shown}, not NORMAL" in explained(program)


def test_amounts_of_an_unknown_line_type_are_named(program: Program) -> None:
    program.close("2026-10", {"maru": Sold(600_000, line_type="GIFT\u200b")})
    told = explained(program)
    assert "0 KRW   (not counted: 600,000)" in told
    assert '600,000 KRW   of it have the unknown line type "GIFT\\u200b"' in told


def test_korean_is_korean(program: Program) -> None:
    program.close("2026-10", {"maru": Sold(1_000_000, uses_api=True)})

    with program.engine.connect() as connection:
        told = explain_decision(connection, "maru", month("2026-10"), "ko")

    assert told.startswith("판매자 maru의 2026-10 정산월 평가 결과는 지급 대상이 아닙니다.")
    assert "  API를 이용합니다" in told
    assert "  합계가 1구간 기준(6,000,000원)보다 5,000,000원 적습니다" in told


def test_korean_names_holidays_in_korean(program: Program) -> None:
    program.holidays[date(2026, 11, 10)] = "Korean New Year"
    program.close("2026-10", TIER_1)

    with program.engine.connect() as connection:
        told = explain_decision(connection, "maru", month("2026-10"), "ko")

    assert "2026-11-11입니다 (2026-11-10 설날)" in told


def test_a_payout_is_claimed_only_where_there_was_one(program: Program) -> None:
    program.close("2026-10", TIER_1)
    program.pay("2026-10")

    assert "The points were due on 2026-11-10 and paid late, on 2030-01-01." in explained(program)
    program.close("2026-10", NOTHING, acknowledge_paid=True)
    told = explained(program)
    assert "Seller maru gets no award for 2026-10." in told
    assert "Tier 1, 150,000 points, was paid on 2030-01-01, before the month was restated" in told


def test_what_pending_points_wait_for_is_told(program: Program) -> None:
    program.close("2026-10", TIER_1)

    def told(rule: ApprovalRule, day: int) -> str:
        asked_on = date(2026, 11, day)
        with program.engine.connect() as connection:
            return explain_decision(connection, "maru", month("2026-10"), "en", rule, asked_on)

    assert "payout date is 2026-11-10." in told(NO_APPROVAL, 10)
    assert "due on 2026-11-10 and are not paid yet." in told(NO_APPROVAL, 11)
    assert "the payout still needs an approval." in told(ApprovalRule(0), 10)


def test_an_award_reversed_before_the_payout_is_explained_in_every_month(
    program: Program,
) -> None:
    program.close("2026-10", TIER_1)
    program.close("2026-11", TIER_1)
    program.close("2026-10", {"maru": Sold(24_000_000)}, reason="late data")

    assert "Before the month was restated it awarded tier 1, 150,000 points" in explained(program)
    later = explained(program, "2026-11")
    assert "2026-10 awarded it tier 1, 150,000 points; the award was reversed" in later
    assert "From 2026-10 it has tier 2: 300,000 points, pending." in later


def test_korean_bounds_of_tenure_leave_out_the_days_that_are_allowed(program: Program) -> None:
    program.close("2026-10", {"maru": Sold(0, approved_on=date(2026, 8, 2))})

    with program.engine.connect() as connection:
        told = explain_decision(connection, "maru", month("2026-10"), "ko")

    assert "2026-08-01보다 늦게 승인되어" in told


def test_points_that_a_paid_month_lacks_are_told_until_they_are_granted(program: Program) -> None:
    program.close("2026-10", NOTHING)
    program.pay("2026-10")
    program.close("2026-10", TIER_1, acknowledge_paid=True)

    told = explained(program)
    assert "2026-10 was paid on 2030-01-01 without these points" in told
    assert "awarded: growth-points adjust maru 150000 --for 2026-10 --reason TEXT" in told
    assert "without these points: its data was restated later.\n" in told_to_the_store(program)
    program.adjust("maru", 150_000, grants="2026-10")
    assert "the points were awarded later by a correction" in explained(program)


def test_a_tier_that_another_month_gave_is_not_told_as_paid(program: Program) -> None:
    program.ingest("2026-10", NOTHING)
    program.close("2026-11", TIER_1)
    program.pay("2026-11")
    program.close("2026-10", TIER_1, acknowledge_paid=True)

    assert "Nothing is paid for this month: 2026-11 already awarded tier 1" in explained(program)


def test_newer_deliveries_that_nobody_closed_are_named(program: Program) -> None:
    program.close("2026-10", TIER_1)

    program.ingest("2026-10", NOTHING)
    assert "it would be no award (below the lowest tier) for 0 KRW" in explained(program)
    program.ingest("2026-10", {"maru": Sold(24_000_000)})
    assert "it would be tier 2, 300,000 points, for 24,000,000 KRW" in explained(program)
    program.ingest("2026-10", {"sora": Sold(0)})
    assert "The newest delivery of 2026-10 does not include the seller." in explained(program)


def test_a_store_too_young_learns_when_its_months_are(program: Program) -> None:
    program.close("2026-10", {"maru": Sold(7_000_000, approved_on=month("2026-09").first_day)})

    told = explained(program)
    assert "its tenure is right from 2026-11 to 2027-07" in told


def test_nobody_is_told_about_what_was_never_decided(program: Program) -> None:
    with pytest.raises(MonthNotClosed):
        explained(program)
    program.close("2026-10", TIER_1)
    with pytest.raises(NoDecision):
        explained(program, seller="sora")


@pytest.mark.parametrize(
    ("tampering", "sentence"),
    [
        (
            "UPDATE growth_points.decision SET tier = 2, points = 300000",
            "maru was decided tier 2, 300,000 points for 22,799,999 KRW; replayed it is tier",
        ),
        (
            "UPDATE growth_points.seller_amount SET amount_krw = 1",
            "replayed it is below_lowest_tier for 1 KRW",
        ),
        ("DELETE FROM growth_points.decision", "seller maru was decided not at all"),
        (
            "UPDATE growth_points.revision SET content_hash = repeat('0', 64)",
            "2026-10: the recorded deliveries, policy and earlier awards are not what evaluation 1",
        ),
    ],
)
def test_replaying_names_what_was_not_decided_like_that(
    program: Program, database_url: str, tampering: str, sentence: str
) -> None:
    program.close("2026-10", TIER_1)
    found = replayed_after(program, database_url, tampering)
    assert any(sentence in each for each in found), found


def test_replaying_names_also_what_a_later_evaluation_replaced(
    program: Program, database_url: str
) -> None:
    for sold in (TIER_1, {"maru": Sold(0)}, TIER_1):
        program.close("2026-10", sold)
        program.close("2026-11", {"maru": Sold(0)})

    found = replayed_after(
        program, database_url, "UPDATE growth_points.decision SET window_amount_krw = 7"
    )

    evaluations = [(name, number) for name in ("2026-10", "2026-11") for number in (1, 2, 3)]
    assert [each[: each.index(" seller")] for each in found] == [
        f"replay: {name}: in evaluation {number}" for name, number in evaluations
    ]


def replayed_after(program: Program, database_url: str, tampering: str) -> list[str]:
    """Replay, which must agree, then tamper with what was recorded and replay again."""
    owner = create_engine(database_url.replace("postgresql:", "postgresql+psycopg:"))
    with owner.connect() as connection:
        assert list(replay_decisions(connection)) == []
        for table in ("decision", "seller_amount", "revision"):
            connection.execute(text(f"ALTER TABLE growth_points.{table} DISABLE TRIGGER ALL"))
        connection.execute(text(tampering))
        found = [str(each) for each in replay_decisions(connection)]
        connection.rollback()
    owner.dispose()
    return found


def test_stores_are_told_of_points_taken_back_without_commands(
    program: Program,
) -> None:
    program.close("2026-10", TIER_1)
    assert "payout date is 2026-11-10.\n" in told_to_the_store(program)
    program.pay("2026-10")
    program.close("2026-10", NOTHING, acknowledge_paid=True)
    program.adjust("maru", -150_000, grants="2026-10")
    program.close("2026-10", TIER_1, acknowledge_paid=True)

    assert "and clawed back later. They can be reinstated: growth-points adjust" in explained(
        program
    )
    assert "and clawed back later.\n" in told_to_the_store(program)
