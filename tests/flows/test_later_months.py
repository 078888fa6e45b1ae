"""What becomes of later months that a restatement or an award correction changes."""

import re
from dataclasses import replace
from shutil import rmtree

import pytest

from tests.command_line import Line, Marketplace, midmonth
from tests.three_stores import (
    NOVEMBER,
    OCTOBER,
    OCTOBER_CORRECTED,
    OCTOBER_DUE_ON,
    STORES,
    deliver,
)


@pytest.fixture
def careful(closed_november: Marketplace) -> Marketplace:
    """Payouts wait for an approval; October and November are closed."""
    return replace(closed_november, variables={"GROWTH_POINTS_APPROVAL": "required"})


def restate_october(marketplace: Marketplace, *words: str) -> str:
    deliver(marketplace, OCTOBER, OCTOBER_CORRECTED)
    return marketplace.done("close", OCTOBER, *words).stdout


def report_of(marketplace: Marketplace, month: str, evaluation: int) -> str:
    file = marketplace.home / "reports" / month / f"closed-{evaluation}.md"
    return file.read_text(encoding="utf-8")


def points_of(marketplace: Marketplace, month: str) -> int:
    rows = marketplace.done("payouts", "--output", "csv").rows()
    return next(int(row["points"]) for row in rows if row["settlement_month"] == month)


def test_a_restatement_writes_a_report_of_every_month_that_it_changed(
    closed_november: Marketplace,
) -> None:
    said = restate_october(closed_november)

    text = report_of(closed_november, NOVEMBER, 2)
    assert f"# {NOVEMBER} was evaluated again, because {OCTOBER} changed" in text
    assert "tier was awarded before" in text
    assert "1 reversal, 300,000 points" in text
    assert f"report: {closed_november.home}/reports/{NOVEMBER}/closed-2.html" in said


def test_approving_after_a_restatement_leads_to_the_newest_total(careful: Marketplace) -> None:
    before = points_of(careful, NOVEMBER)
    careful.done("approve-payout", NOVEMBER, str(before), "--reason", "read it")

    restate_october(careful)

    asked = re.search(rf"approve-payout {NOVEMBER} (\d+) --reason", report_of(careful, NOVEMBER, 2))
    assert asked is not None
    assert int(asked[1]) == points_of(careful, NOVEMBER) != before
    careful.done("approve-payout", NOVEMBER, asked[1], "--reason", "read the new report")


def test_an_award_correction_writes_the_reports_of_the_months_that_it_changed(
    with_history: Marketplace,
) -> None:
    """October excluded *sora* from tier 2 by mistake; with it, November's tier 1 is too low."""
    careful = replace(with_history, variables={"GROWTH_POINTS_APPROVAL": "required"})
    _deliver_october(careful, frozenset({"uses_api"}))
    careful.deliver(NOVEMBER, [Line("sora", -5_000_000, midmonth(NOVEMBER))], STORES)
    for month in (OCTOBER, NOVEMBER):
        careful.done("close", month)
    careful.done("approve-payout", OCTOBER, "0", "--reason", "read it")
    careful.done("pay-out", "--on", OCTOBER_DUE_ON)
    _deliver_october(careful, frozenset())
    careful.done("close", OCTOBER, "--acknowledge-paid")
    assert points_of(careful, NOVEMBER) == 150_000

    key = f"award-correction/{OCTOBER}/2/sora"
    careful.done("approve-adjustment", key, "sora", "300000", "--reason", "read it")
    said = careful.done("adjust", "sora", "300000", "--for", OCTOBER, "--reason", "agreed")

    assert points_of(careful, NOVEMBER) == 0
    assert f"{NOVEMBER} was evaluated again: its 0 points wait for a new approval." in said.stdout
    text = report_of(careful, NOVEMBER, 3)
    assert f"growth-points approve-payout {NOVEMBER} 0 --reason" in text
    assert "1 reversal, 150,000 points" in text
    careful.done("verify")


def _deliver_october(marketplace: Marketplace, ways: frozenset[str]) -> None:
    stores = [replace(each, ways=ways) if each.seller_id == "sora" else each for each in STORES]
    marketplace.deliver(OCTOBER, [Line("sora", 22_000_000, midmonth(OCTOBER))], stores)


def test_reports_that_a_killed_run_did_not_keep_are_written_when_it_is_run_again(
    closed_november: Marketplace,
) -> None:
    restate_october(closed_november)
    rmtree(closed_november.home / "reports")

    closed_november.done("close", OCTOBER)

    assert f"{OCTOBER} changed" in report_of(closed_november, NOVEMBER, 2)
    closed_november.done("verify")
