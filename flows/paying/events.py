"""The events of payouts: month paid, payout late, payout that waits for its approval."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from adapters.languages.catalog import say
from adapters.postgres.ledger import PaidOut
from adapters.postgres.standing import Standing
from domain.months import SettlementMonth
from domain.sentence import sentence
from flows.paying.missing_approvals import MissingApproval, missing_approvals
from flows.paying.open_payouts import OpenPayout
from flows.prefect.events import LATE, PAID, UNAPPROVED, WAITING, emit
from flows.prefect.ui_links import form_address
from flows.settings import Settings


def emit_paid(paid: PaidOut, due_on: date) -> None:
    """Emit an event that a month was paid, unless it had been paid before."""
    payout = paid.payout
    if paid.created:
        payload = {
            "due_on": str(due_on),
            "paid_on": str(payout.paid_on),
            "days_late": (payout.paid_on - due_on).days,
            "sellers": payout.sellers,
            "points": payout.points,
        }
        emit(PAID, payout.settlement_month, payload)


def emit_waiting(settings: Settings, months: Iterable[SettlementMonth]) -> None:
    """Emit an event for each of these months whose payout waits for its approval."""
    changed = frozenset(months)
    for each in missing_approvals(settings):
        if each.payout.month in changed:
            emit(WAITING, each.payout.month, _waiting(each))


def emit_unapproved(missing: MissingApproval, today: date) -> None:
    """Emit an event that a payout is due soon and lacks its approval."""
    days_left = (missing.due_on - today).days
    emit(UNAPPROVED, missing.payout.month, {**_waiting(missing), "days_left": days_left})


def _waiting(missing: MissingApproval) -> dict[str, Any]:
    payout = missing.payout
    filled_in = {"month": str(payout.month), "points": payout.points, "mode": "commit"}
    return {
        "due_on": str(missing.due_on),
        "sellers": payout.sellers,
        "points": payout.points,
        "form": form_address("approve-payout/approve-payout", filled_in) or "",
    }


def emit_late(month: Standing, today: date, why: str = "") -> None:
    """Emit an event that a month is unpaid after its payout date, and why if that is known."""
    payload = {
        "due_on": str(month.due_on),
        "days_late": month.days_late(today),
        "sellers": month.pending_sellers,
        "points": month.pending_points,
        "why": why,
    }
    emit(LATE, month.settlement_month, payload)


def why_late(settings: Settings, payout: OpenPayout | None) -> str:
    """Say what a late payout waits for, as far as that is known."""
    if payout is None:
        return ""
    if payout.outdated:
        again = sentence("Data of its window was replaced: it has to be closed again.")
        return say(again, settings.language)
    waits = payout.waits(settings.approval_rule)
    return say(sentence("It waits for its approval."), settings.language) if waits else ""
