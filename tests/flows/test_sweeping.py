"""The sweep pays whatever is due, on any day, and says what it cannot pay without an alarm."""

from typing import Any

import pytest

from flows.settings import Settings
from tests.command_line import Marketplace
from tests.three_stores import NOVEMBER, OCTOBER, SEPTEMBER, deliver


@pytest.fixture
def sweep(closed_november: Marketplace, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The flow, on two months that are due for long."""
    for name, value in closed_november.environment().items():
        monkeypatch.setenv(name, value)

    def swept() -> Any:
        from flows.paying.flow import pay_out_sweep

        return pay_out_sweep(return_state=True)

    return swept


def test_everything_due_is_paid_once_on_whatever_day(
    sweep: Any, closed_november: Marketplace
) -> None:
    assert [sweep().message for _ in range(2)] == [
        "Paid: 2024-10, 2024-11.",
        "Everything that is due is paid.",
    ]
    assert len(_paid(closed_november)) == 2


def test_what_waits_for_an_approval_is_no_failure_and_keeps_nothing_else_from_being_paid(
    sweep: Any, closed_november: Marketplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROWTH_POINTS_APPROVAL", "required")
    closed_november.done("approve-payout", "2024-11", "300000", "--reason", "seen")

    state = sweep()

    assert (state.name, state.is_failed()) == ("Refused", True)
    assert "2024-10 is not paid: its 300,000 points wait for an approval" in state.message
    assert _paid(closed_november) == ["2024-11"]


def test_a_month_to_be_closed_again_is_planned_by_nobody_and_told_with_its_reason(
    sweep: Any, closed_november: Marketplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.paying import flow
    from flows.paying.due_payouts import due_payouts

    deliver(closed_november, SEPTEMBER, {"dana": 9_000_000, "maru": 5, "sora": 5})
    closed_november.done("ingest", SEPTEMBER)
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(
        flow, "emit_late", lambda each, _, why: told.append((str(each.settlement_month), why))
    )

    state = sweep()
    flow.tell_late_payouts()

    assert state.name == "Refused"
    assert "2024-10 is not paid: settlement data in its window was replaced" in state.message
    assert [(str(due.month), due.waiting) for due in due_payouts(Settings.read())] == [
        (OCTOBER, True),
        (NOVEMBER, True),
    ]
    again = "Data of its window was replaced: it has to be closed again."
    assert told == [(OCTOBER, again), (NOVEMBER, again)]


def _paid(marketplace: Marketplace) -> list[str]:
    rows = marketplace.done("payouts", "--output", "csv").rows()
    return [row["settlement_month"] for row in rows if row["state"] == "paid"]
