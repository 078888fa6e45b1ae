"""Approvals: who agreed to pay what, and what makes it void."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from adapters.postgres.ledger import pay_out
from adapters.postgres.runs import Action, runs_of
from adapters.postgres.verification.verify import verify
from domain.approval import ApprovalRule
from flows.paying.approve_payout import (
    ApprovalOutOfDate,
    NothingToApprove,
    approve_if_it_waits,
    approve_payout,
)
from flows.paying.open_payouts import open_payouts
from flows.paying.pay_out_month import PayoutNotApproved, pay_out_month
from flows.settings import Settings
from tests.adapters.guards import without_guard
from tests.closings import FAR_AHEAD, Program, Sold, cause, month, paying
from tests.command_line import Marketplace
from tests.three_stores import NOVEMBER, OCTOBER

OCT = month("2026-10")
NOTHING, TIER_1 = {"maru": Sold()}, {"maru": Sold(7_000_000)}
REQUIRED = replace(paying(FAR_AHEAD), approval=ApprovalRule.parse("required"))


@pytest.fixture
def program(engine: Engine, tmp_path: Path) -> Program:
    """A program whose October awards 150,000 points and is not paid."""
    program = Program(engine, tmp_path)
    for name in ("2026-08", "2026-09"):
        program.ingest(name, NOTHING)
    program.close("2026-10", TIER_1)
    return program


def test_a_payout_waits_until_it_is_approved(program: Program) -> None:
    with pytest.raises(PayoutNotApproved):
        pay_out_month(program.engine, OCT, REQUIRED)

    approved = approve_payout(program.engine, OCT, 150_000, replace(cause("seen"), actor="Kim"))

    assert approved.created
    assert pay_out_month(program.engine, OCT, REQUIRED).payout.points == 150_000


def test_the_demo_approves_what_waits_and_nothing_else(
    program: Program, database_url: str, tmp_path: Path
) -> None:
    for rule, waits in (("200000", True), ("required", False)):
        settings = Settings(home=tmp_path, database_url=database_url, approval=rule)
        approve_if_it_waits(settings, OCT, cause("demo"))
        with program.engine.connect() as connection:
            assert (open_payouts(connection)[OCT].approval is None) is waits


def test_who_approved_what_and_why_is_recorded_and_the_first_one_stands(program: Program) -> None:
    for actor in ("Kim", "Lee"):
        approve_payout(program.engine, OCT, 150_000, replace(cause("seen"), actor=actor))

    with program.engine.connect() as connection:
        recorded = [run for run in runs_of(connection, OCT) if run.action == Action.APPROVE]
        approval = open_payouts(connection)[OCT].approval
    total = {"sellers": 1, "points": 150_000}
    assert [(run.actor, run.reason, run.changed, run.difference) for run in recorded] == [
        ("Kim", "seen", True, total),
        ("Lee", "seen", False, total),
    ]
    assert approval is not None
    assert approval.actor == "Kim"


def test_another_total_than_would_be_paid_is_not_approved(program: Program) -> None:
    with pytest.raises(ApprovalOutOfDate, match="150,000 points, not 300,000"):
        approve_payout(program.engine, OCT, 300_000, cause())
    with pytest.raises(PayoutNotApproved):
        pay_out_month(program.engine, OCT, REQUIRED)


def test_an_approval_is_void_once_the_month_is_closed_otherwise(program: Program) -> None:
    approve_payout(program.engine, OCT, 150_000, cause())

    program.close("2026-10", {"maru": Sold(), "sora": Sold(7_000_000)})  # the same total

    with program.engine.connect() as connection:
        assert open_payouts(connection)[OCT].approval is None
    with pytest.raises(PayoutNotApproved):
        pay_out_month(program.engine, OCT, REQUIRED)


def test_a_closing_without_change_keeps_the_approval(program: Program) -> None:
    approve_payout(program.engine, OCT, 150_000, cause())

    program.close("2026-10", None)

    assert pay_out_month(program.engine, OCT, REQUIRED).created


def test_only_what_is_to_be_paid_can_be_approved(program: Program) -> None:
    with pytest.raises(NothingToApprove, match="not closed"):
        approve_payout(program.engine, OCT + 1, 150_000, cause())
    program.ingest("2026-09", {"maru": Sold(1)})
    with pytest.raises(NothingToApprove, match="replaced"):
        approve_payout(program.engine, OCT, 150_000, cause())


def test_a_month_of_0_points_is_not_closed_for_good_unasked(program: Program) -> None:
    program.close("2026-10", NOTHING)
    with pytest.raises(PayoutNotApproved):
        pay_out_month(program.engine, OCT, REQUIRED)

    approve_payout(program.engine, OCT, 0, cause())

    assert pay_out_month(program.engine, OCT, REQUIRED).created


def test_a_paid_month_needs_no_approval(program: Program) -> None:
    program.pay("2026-10")

    assert not pay_out_month(program.engine, OCT, REQUIRED).created
    with pytest.raises(NothingToApprove, match="paid"):
        approve_payout(program.engine, OCT, 150_000, cause())


def test_a_rule_that_was_recorded_holds_whoever_closes_again_or_pays(program: Program) -> None:
    program.close("2026-10", None, approval=ApprovalRule(149_999))
    program.close("2026-10", None, approval=ApprovalRule(150_000))

    with pytest.raises(PayoutNotApproved):
        program.pay("2026-10")
    approve_payout(program.engine, OCT, 150_000, cause())

    assert program.pay("2026-10").created
    assert _paid_unasked(program) == []


def test_a_payout_past_its_recorded_rule_is_named(program: Program) -> None:
    program.close("2026-10", None, approval=ApprovalRule.parse("required"))
    approve_payout(program.engine, OCT, 150_000, cause())
    program.close("2026-10", {"maru": Sold(), "sora": Sold(7_000_000)})  # the approval is void

    engine = program.engine
    with without_guard(engine, "payout.is_approved"), engine.begin() as connection:
        pay_out(connection, month=OCT, paid_on=FAR_AHEAD, actor="whoever")

    (named,) = _paid_unasked(program)
    assert "2026-10 was paid 150000 points that nobody approved" in named


def test_a_rule_of_a_closing_after_the_payout_names_nothing(program: Program) -> None:
    program.pay("2026-10")
    program.close("2026-10", None, approval=ApprovalRule.parse("required"))

    assert _paid_unasked(program) == []


def _paid_unasked(program: Program) -> list[str]:
    with program.engine.connect() as connection:
        return [str(each) for each in verify(connection) if "approved" in str(each)]


def test_the_command_line_approves_lists_and_pays(closed_october: Marketplace) -> None:
    shop = replace(closed_october, variables={"GROWTH_POINTS_APPROVAL": "200000"})

    def state() -> list[str]:
        return [row["state"] for row in shop.done("payouts", "--output", "csv").rows()]

    assert state() == ["unapproved"]
    refused = shop.run("pay-out")
    assert refused.exit_code == 1
    assert f"approve-payout {OCTOBER} 300000" in refused.stderr
    assert shop.run("approve-payout", OCTOBER, "1", "--reason", "seen").exit_code == 1
    assert "2 sellers" in shop.done("approve-payout", OCTOBER, "300000", "--reason", "seen").stdout
    assert "before" in shop.done("approve-payout", OCTOBER, "300000", "--reason", "seen").stdout
    assert state() == ["due"]
    assert "300,000 points" in shop.done("pay-out").stdout
    assert state() == ["paid"]
    actions = [row["action"] for row in shop.done("history", OCTOBER, "--output", "csv").rows()]
    assert actions[-2:] == ["approve", "pay out"]


def test_a_month_that_is_refused_keeps_no_other_from_being_paid(
    closed_november: Marketplace,
) -> None:
    shop = replace(closed_november, variables={"GROWTH_POINTS_APPROVAL": "required"})
    listed = {
        row["settlement_month"]: row for row in shop.done("payouts", "--output", "csv").rows()
    }
    shop.done("approve-payout", NOVEMBER, listed[NOVEMBER]["points"], "--reason", "seen")

    refused = shop.run("pay-out")

    assert refused.exit_code == 1
    assert f"{OCTOBER} is not paid" in refused.stderr
    assert f"{NOVEMBER} is paid" in refused.stderr
    states = {
        row["settlement_month"]: row["state"]
        for row in shop.done("payouts", "--output", "csv").rows()
    }
    assert states == {OCTOBER: "unapproved", NOVEMBER: "paid"}


def test_a_setting_that_says_nothing_is_refused(closed_october: Marketplace) -> None:
    shop = replace(closed_october, variables={"GROWTH_POINTS_APPROVAL": "perhaps"})

    refused = shop.run("payouts")

    assert refused.exit_code == 2
    assert "GROWTH_POINTS_APPROVAL" in refused.stderr


def test_a_setting_that_is_gone_when_it_is_paid_was_recorded(closed_october: Marketplace) -> None:
    shop = replace(closed_october, variables={"GROWTH_POINTS_APPROVAL": "required"})
    shop.done("close", OCTOBER)

    refused = closed_october.run("pay-out")

    assert refused.exit_code == 1
    assert f"approve-payout {OCTOBER} 300000" in refused.stderr
