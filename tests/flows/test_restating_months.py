"""A month restated, before and after its payout, alone and with the months after it."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from adapters.postgres.corrections import binding_awards
from adapters.postgres.ledger import BalanceTooLow, entries, standing_awards
from adapters.postgres.revisions import SellerUnknown
from adapters.postgres.verification.verify import verify
from console.listings import decision_rows, history_rows, payout_rows
from domain.ledger import Award
from domain.months import SettlementMonth
from flows.closing.differences import change_rows
from flows.closing.report import closing_report
from flows.correcting.refusals import (
    AdjustmentInvalid,
    LaterMonthOutdated,
)
from flows.ingesting.record_delivery import DeliverySuperseded
from flows.paying.pay_out_month import PayoutOutdated
from flows.showing.explanation import explain_decision
from flows.verifying.replay import replay_decisions
from tests.adapters.ledger_world import as_owner
from tests.closings import FAR_AHEAD, Program, Sold, month

M10, M11 = month("2026-10"), month("2026-11")
TIER_1 = {"maru": Sold(7_000_000)}
NOTHING = {"maru": Sold(0)}


@pytest.fixture
def program(engine: Engine, tmp_path: Path) -> Iterator[Program]:
    """A program whose August and September were ingested, everybody selling nothing; whatever a
    test does with it, everything that can be derived again must agree in the end."""
    program = Program(engine, tmp_path)
    for name in ("2026-06", "2026-07", "2026-08", "2026-09"):
        program.ingest(name, NOTHING)
    yield program
    with engine.connect() as connection:
        assert [*verify(connection), *replay_decisions(connection)] == []


def standing(program: Program) -> set[Award]:
    with program.engine.connect() as connection:
        return set(standing_awards(connection))


def flow_of(program: Program) -> list[tuple[str, str, int]]:
    with program.engine.connect() as connection:
        return [
            (str(each.settlement_month), each.kind.value, each.points)
            for each in entries(connection)
        ]


def decisions(program: Program, of: SettlementMonth) -> list[tuple[object, ...]]:
    return [tuple(row) for row in decision_rows(program.engine, of, None)]


def award(of: SettlementMonth, tier: int = 1) -> Award:
    return Award(of, "maru", tier, {1: 150_000, 2: 300_000, 3: 1_000_000}[tier])


def test_a_preview_tells_what_a_closing_does_and_writes_nothing(program: Program) -> None:
    program.close("2026-10", TIER_1)
    program.close("2026-11", TIER_1)
    before = flow_of(program), list(history_rows(program.engine, M10))

    preview = program.close("2026-10", NOTHING, preview=True)
    assert (flow_of(program), list(history_rows(program.engine, M10))) == before
    closing = program.close("2026-10", NOTHING)

    assert list(change_rows(preview)) == list(change_rows(closing))
    assert list(change_rows(closing)) == [
        ("2026-10", "maru", "tier 1", "no award", "below_lowest_tier", -150_000, "tier 1 reversed"),
        (
            "2026-11",
            "maru",
            "no award",
            "tier 1",
            "tier_already_awarded",
            150_000,
            "tier 1 awarded",
        ),
    ]


def test_an_award_correction_binds_later_months_as_an_award_does(program: Program) -> None:
    program.close("2026-10", NOTHING)
    program.pay("2026-10")
    program.close("2026-10", TIER_1, acknowledge_paid=True)

    program.adjust("maru", 150_000, grants="2026-10")

    with program.engine.connect() as connection:
        assert binding_awards(connection) == {award(M10)}
    assert program.award_corrections() == {award(M10)}


@pytest.mark.parametrize("replaced", ["2026-09", "2026-11"])
def test_a_grant_brings_no_other_delivery_into_later_months(
    program: Program, replaced: str
) -> None:
    """Not even for other sellers: what a delivery changes is shown by a closing."""
    program.close("2026-10", NOTHING)
    program.pay("2026-10")
    program.close("2026-11", {"maru": Sold(-7_000_000), "sora": Sold(7_000_000)})
    program.close("2026-10", TIER_1, acknowledge_paid=True)
    other = {"maru": Sold(-7_000_000), "sora": Sold(-7_000_000)}
    program.ingest(replaced, other)
    before = flow_of(program), decisions(program, M11)

    with pytest.raises(LaterMonthOutdated, match="growth-points close 2026-11"):
        program.adjust("maru", 150_000, grants="2026-10")
    assert (flow_of(program), decisions(program, M11)) == before

    program.close("2026-11", other)
    assert program.adjust("maru", 150_000, grants="2026-10").posted.created


def test_closing_an_earlier_month_lists_what_another_delivery_changes_in_a_later_one(
    program: Program,
) -> None:
    program.close("2026-10", NOTHING)
    program.close("2026-11", {"maru": Sold(-7_000_000), "sora": Sold(7_000_000)})
    program.ingest("2026-11", {"maru": Sold(-7_000_000)})

    closing = program.close("2026-10", TIER_1)

    assert [row[:2] for row in change_rows(closing)] == [
        ("2026-10", "maru"),
        ("2026-11", "sora"),
    ]


def test_a_reinstatement_for_another_month_is_explained(program: Program) -> None:
    """November paid what October earns late, and November's was clawed back meanwhile."""
    program.close("2026-10", NOTHING)
    program.close("2026-11", TIER_1)
    for name in ("2026-10", "2026-11"):
        program.pay(name)
    program.close("2026-11", {"maru": Sold(-14_000_000)}, acknowledge_paid=True)
    program.adjust("maru", -150_000, grants="2026-11")
    program.close("2026-10", TIER_1, acknowledge_paid=True)

    with program.engine.connect() as connection:
        assert "adjust maru 150000 --for 2026-10" in explain_decision(connection, "maru", M10)


def test_what_a_month_was_decided_on_is_told_without_clocks_and_transaction_ids(
    program: Program, database_url: str
) -> None:
    """A restored database has ids of transactions that come again, and clocks can be set back."""
    program.close("2026-10", NOTHING)
    program.close("2026-11", {"maru": Sold(-7_000_000)})
    program.pay("2026-10")
    program.close("2026-10", TIER_1, acknowledge_paid=True)
    program.adjust("maru", 150_000, grants="2026-10")
    program.close("2026-11", TIER_1)
    program.close("2026-09", {"maru": Sold(24_000_000)}, acknowledge_paid=True)

    with as_owner(database_url) as owner, owner.connect() as connection:
        connection.execute(text("ALTER TABLE growth_points.evaluation DISABLE TRIGGER USER"))
        connection.execute(
            text("UPDATE growth_points.evaluation SET recorded_in = '1', evaluated_at = '2020-1-1'")
        )
        assert list(replay_decisions(connection)) == []
        connection.rollback()


def test_the_report_counts_what_was_posted_beside_what_was_earned(program: Program) -> None:
    program.ingest("2026-10", NOTHING)
    program.close("2026-11", TIER_1)
    program.pay("2026-11")

    report = closing_report(program.close("2026-10", TIER_1, acknowledge_paid=True))

    told = {str(each.name): each for each in report.figures}
    assert (told["awards"].value, told["points"].value) == ("1", "150,000")
    note = str(told["points"].note)
    assert note == "posted now: 1 tier not given again: another month gave it"


def test_a_delivery_superseded_while_it_was_looked_at_is_not_closed(program: Program) -> None:
    first = program.ingest("2026-10", TIER_1)
    program.ingest("2026-10", NOTHING)

    with pytest.raises(DeliverySuperseded, match="another delivery of 2026-10 was ingested"):
        program.close("2026-10", None, found=first.revision)


@pytest.mark.parametrize("replaced", ["2026-10", "2026-08"])
def test_a_month_whose_data_was_replaced_is_paid_only_after_it_is_closed_again(
    program: Program, replaced: str
) -> None:
    program.close("2026-10", TIER_1)
    program.ingest(replaced, {"maru": Sold(30_000_000)})

    with pytest.raises(PayoutOutdated, match="Close it again first"):
        program.pay("2026-10")
    program.close("2026-10", {"maru": Sold(30_000_000)})
    program.pay("2026-10")
    assert standing(program) == {award(M10, tier=2)}


def test_a_month_whose_data_was_replaced_and_replaced_back_is_paid(program: Program) -> None:
    program.close("2026-10", TIER_1)
    program.ingest("2026-10", NOTHING)
    program.ingest("2026-10", TIER_1)

    assert program.pay("2026-10").payout.points == 150_000


def test_an_older_delivery_does_not_undo_one_ingested_while_it_was_read(program: Program) -> None:
    first = program.ingest("2026-10", NOTHING)
    program.close("2026-10", TIER_1)

    with pytest.raises(DeliverySuperseded, match="another delivery of 2026-10 was ingested"):
        program.close("2026-10", {"maru": Sold(30_000_000)}, found=first.revision)
    assert standing(program) == {award(M10)}


def test_closing_again_does_not_move_the_payout_date_only_rescheduling_does(
    program: Program,
) -> None:
    program.holidays[date(2026, 11, 10)] = "Announced"
    program.close("2026-10", TIER_1)
    program.holidays.clear()

    again = program.close("2026-10", TIER_1)
    restated = program.close("2026-10", {"maru": Sold(30_000_000)})

    for closing in (again, restated):
        assert closing.payouts[M10].due_on == date(2026, 11, 11)


def test_closing_and_taking_in_again_are_runs_that_changed_nothing(program: Program) -> None:
    for _ in range(2):
        program.ingest("2026-10", TIER_1)
        program.close("2026-10", TIER_1)
    program.close("2026-09", {"maru": Sold(6_000_000)})

    told = [(row[2], row[3], row[11], row[12]) for row in history_rows(program.engine, M10)]
    assert told == [
        ("ingest", None, "changed", "lines=1"),
        ("close", None, "changed", "points=150000;awarded=1"),
        ("ingest", None, "no change", ""),
        ("close", None, "no change", ""),
        ("evaluate again", "2026-09", "changed", "points=-150000;reversed=1"),
    ]


@pytest.mark.parametrize("order", [(8, 9, 10, 11), (11, 10, 9, 8), (9, 11, 8, 10)])
@pytest.mark.parametrize("times", [1, 2])
def test_months_closed_in_any_order_and_twice_give_the_same_ledger(
    program: Program, order: tuple[int, ...], times: int
) -> None:
    """The whole of it, numbers and instants aside; out of order, also what was undone is aside."""
    delivered = {
        8: {"maru": Sold(7_000_000), "sora": Sold(0), "hana": Sold(30_000_000)},
        9: {"maru": Sold(17_000_000), "sora": Sold(6_000_000), "hana": Sold(-30_000_000)},
        10: {"maru": Sold(90_000_000), "sora": Sold(500_000), "hana": Sold(6_000_000)},
        11: {"maru": Sold(50_000_000), "sora": Sold(17_500_000), "hana": Sold(1)},
    }
    for number, sold in delivered.items():
        program.ingest(f"2026-{number:02}", sold)
    for number in order:
        for _ in range(times):
            program.close(f"2026-{number:02}", delivered[number])

    awards = [
        ("2026-08", "hana", 2, 300_000),
        ("2026-08", "maru", 1, 150_000),
        ("2026-09", "maru", 2, 300_000),
        ("2026-09", "sora", 1, 150_000),
        ("2026-11", "maru", 3, 1_000_000),
        ("2026-11", "sora", 2, 300_000),
    ]
    in_order = order == tuple(sorted(order))
    posted = [(*each, "award", "program_fund", "pending") for each in awards]
    assert ledger_of(program, with_what_was_undone=in_order) == posted
    assert [row[:4] for row in payout_rows(program.engine, FAR_AHEAD)] == [
        ("2026-08", month("2026-09").first_day.replace(day=10), "due", 2),
        ("2026-09", month("2026-10").first_day.replace(day=12), "due", 2),
        ("2026-10", month("2026-11").first_day.replace(day=10), "due", 0),
        ("2026-11", month("2026-12").first_day.replace(day=10), "due", 2),
    ]
    for number in order * times:
        program.pay(f"2026-{number:02}")
    paid = [(*each, "payout", "pending", "available") for each in awards]
    assert ledger_of(program, with_what_was_undone=in_order) == sorted(posted + paid)


def ledger_of(program: Program, *, with_what_was_undone: bool) -> list[tuple[object, ...]]:
    with program.engine.connect() as connection:
        found = list(entries(connection))
    undoing = {each.reverses_entry_no for each in found} if not with_what_was_undone else set()
    return sorted(
        (
            str(each.settlement_month),
            each.seller_id,
            each.tier,
            each.points,
            each.kind.value,
            each.debit_account.value,
            each.credit_account.value,
        )
        for each in found
        if each.entry_no not in undoing and (with_what_was_undone or not each.reverses_entry_no)
    )


def test_an_adjustment_asked_for_twice_on_whatever_day_is_one(program: Program) -> None:
    program.close("2026-10", {"maru": Sold(0)})
    assert program.adjust("maru", 1_000).posted.created
    assert not program.adjust("maru", 1_000).posted.created
    assert not program.adjust("maru", 1_000, on=date(2027, 1, 5)).posted.created
    assert program.adjust("maru", 1_000, reason="another reason").posted.created
    program.adjust("maru", -2_000)

    assert flow_of(program) == [("None", "adjustment", points) for points in (1_000, 1_000, 2_000)]


def test_an_adjustment_that_cannot_be_is_refused_in_a_sentence(program: Program) -> None:
    with pytest.raises(SellerUnknown, match="No seller 'nobody' is in any month's snapshot"):
        program.adjust("nobody", 1)
    program.close("2026-10", {"maru": Sold(0)})
    with pytest.raises(BalanceTooLow, match="Seller maru has fewer than 1 available points"):
        program.adjust("maru", -1)
    with pytest.raises(AdjustmentInvalid, match="needs a reason"):
        program.adjust("maru", 1, reason="  ")
    with pytest.raises(AdjustmentInvalid, match="by 0 points"):
        program.adjust("maru", 0)
    assert flow_of(program) == []
