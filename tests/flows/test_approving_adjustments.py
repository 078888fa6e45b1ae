"""Adjustments beyond the policy's limit: refused until somebody approves exactly them."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from adapters.policy_files import PolicyText, read_policies
from adapters.postgres.verification.verify import verify
from domain.approval import ApprovalRule
from flows.correcting.approve_adjustment import AdjustmentApproval, approve_adjustment
from flows.correcting.refusals import AdjustmentInvalid
from tests.closings import Program, Sold, cause
from tests.command_line import Marketplace

NOTHING, TIER_3 = {"maru": Sold(0)}, {"maru": Sold(150_000_000)}
MUCH, REASON = "1450001", ("--reason", "goodwill")


@pytest.fixture
def program(engine: Engine, tmp_path: Path) -> Program:
    """A program whose October was closed by a policy that names no limit."""
    program = Program(engine, tmp_path)
    for name in ("2026-08", "2026-09"):
        program.ingest(name, NOTHING)
    program.close("2026-10", NOTHING)
    return program


@pytest.fixture
def shop(program: Program, tmp_path: Path, database_url: str) -> Marketplace:
    """The command line on that program."""
    return Marketplace(tmp_path / "settlements", tmp_path / "home", database_url)


def approval_of(refused: str) -> list[str]:
    """Read the command that a refusal names, without its reason."""
    command = refused.partition("growth-points approve-adjustment ")[2]
    return ["approve-adjustment", *command.partition(" --reason")[0].split()]


def test_an_adjustment_up_to_what_a_store_can_earn_needs_no_approval(shop: Marketplace) -> None:
    shop.done("adjust", "maru", "1450000", *REASON)


def test_an_adjustment_beyond_the_limit_is_made_once_it_is_approved(
    shop: Marketplace, engine: Engine
) -> None:
    refused = shop.run("adjust", "maru", MUCH, *REASON)
    assert refused.exit_code == 1
    assert "An adjustment of more than 1,450,000 points needs an approval" in refused.stderr
    assert shop.done("ledger", "--output", "csv").rows() == []

    approve = (*approval_of(refused.stderr), "--reason", "seen")
    assert "may be given 1,450,001 points by request" in shop.done(*approve).stdout
    assert "was approved before" in shop.done(*approve).stdout
    shop.done("adjust", "maru", MUCH, *REASON)
    assert "already has" in shop.done("adjust", "maru", MUCH, *REASON).stdout
    with engine.connect() as connection:
        assert [str(each) for each in verify(connection)] == []


def test_points_beyond_the_limit_are_not_taken_without_approval_either(shop: Marketplace) -> None:
    for number in ("1", "2"):
        shop.done("adjust", "maru", "1450000", "--request-id", number, *REASON)
    refused = shop.run("adjust", "maru", f"-{MUCH}", *REASON)
    assert refused.exit_code == 1
    assert "may lose 1,450,001" in shop.done(*approval_of(refused.stderr), *REASON).stdout
    shop.done("adjust", "maru", f"-{MUCH}", *REASON)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (("1", "maru", "1450000"), "needs no approval: only one of more than 1,450,000 does"),
        (("1", "nobody", MUCH), "No seller 'nobody'"),
        (("twice", "maru", "1450002"), "Request twice is approved for 1,450,001 points of seller"),
    ],
)
def test_an_approval_of_anything_else_is_refused(
    shop: Marketplace, asked: tuple[str, ...], why: str
) -> None:
    shop.done("approve-adjustment", "twice", "maru", MUCH, *REASON)
    refused = shop.run("approve-adjustment", *asked, *REASON)
    assert refused.exit_code == 1
    assert why in refused.stderr


@pytest.mark.parametrize(("request_id", "points"), [("1", 0), ("1", 10**12 + 1), ("r" * 65, 1)])
def test_an_approval_that_no_adjustment_can_have_is_wrong_usage(
    request_id: str, points: int
) -> None:
    with pytest.raises(AdjustmentInvalid):
        AdjustmentApproval(request_id, "maru", points, cause())


def test_before_a_month_is_closed_every_adjustment_needs_an_approval(
    engine: Engine, tmp_path: Path, database_url: str
) -> None:
    Program(engine, tmp_path).ingest("2026-08", NOTHING)
    shop = Marketplace(tmp_path / "settlements", tmp_path / "home", database_url)
    refused = shop.run("adjust", "maru", "1", *REASON)
    assert refused.exit_code == 1
    shop.done(*approval_of(refused.stderr), "--reason", "seen")
    shop.done("adjust", "maru", "1", *REASON)


def limited(folder: Path, limit: int) -> tuple[PolicyText, ...]:
    """Read the policies, with one of a limit of its own that takes effect in November."""
    (built_in,) = (each for each in read_policies(None) if each.policy.name == "d-commerce-2020")
    named = built_in.text.replace('name = "d-commerce-2020"', 'name = "limited"')
    stated = f'[adjustment_limit_points]\nvalue = {limit}\nsource = "a test"\n'
    folder.joinpath("limited.toml").write_text(f"{named.replace('2020-01', '2026-11')}\n{stated}")
    return read_policies(folder)


def test_the_limit_is_that_of_the_newest_closed_months_policy(
    program: Program, shop: Marketplace, tmp_path: Path
) -> None:
    shop.done("adjust", "maru", "11", *REASON)
    program.policies = limited(tmp_path, 10)
    program.close("2026-11", NOTHING)
    assert "more than 10 points" in shop.run("adjust", "maru", "12", *REASON).stderr
    shop.done("adjust", "maru", "10", *REASON)
    shop.done("verify")


def test_the_correction_of_a_paid_month_needs_no_approval(
    program: Program, shop: Marketplace, tmp_path: Path
) -> None:
    program.policies = limited(tmp_path, 0)
    program.pay("2026-10")
    program.close("2026-10", TIER_3, policy="limited", acknowledge_paid=True)
    shop.done("adjust", "maru", "1000000", "--for", "2026-10", "--reason", "late data")
    shop.done("verify", "--replay")


def test_a_correction_beyond_its_months_approval_rule_needs_an_approval(
    program: Program, shop: Marketplace
) -> None:
    program.close("2026-10", None, approval=ApprovalRule(999_999))
    program.pay("2026-10")
    program.close("2026-10", TIER_3, acknowledge_paid=True)
    correct = ("adjust", "maru", "1000000", "--for", "2026-10", "--reason", "late data")
    refused = shop.run(*correct)
    assert refused.exit_code == 1
    assert "This correction brings 2026-10 to 1,000,000 points in all" in refused.stderr
    assert shop.done("ledger", "--output", "csv").rows() == []

    asked = approval_of(refused.stderr)
    assert asked[1:] == ["award-correction/2026-10/3/maru", "maru", "1000000"]
    shop.done(*asked, "--reason", "seen")
    shop.done(*correct)
    shop.done("adjust", "maru", "5", "--request-id", "free", *REASON)
    shop.done("verify", "--replay")


def test_no_request_id_looks_like_a_correction(shop: Marketplace) -> None:
    key = "award-correction/2026-10/3/maru"
    refused = shop.run("adjust", "maru", "5", "--request-id", key, *REASON)
    assert refused.exit_code == 2
    assert f"{key} is the key of a correction" in refused.stderr


def test_an_approval_is_recorded_once(engine: Engine, program: Program) -> None:
    approval = AdjustmentApproval("1", "maru", int(MUCH), cause())
    assert [approve_adjustment(program.engine, approval) for _ in range(2)] == [True, False]
    with engine.connect() as connection:
        count = connection.scalar(text("SELECT count(*) FROM growth_points.adjustment_approval"))
    assert count == 1
