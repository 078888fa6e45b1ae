"""The events of payouts: month paid, payout late."""

from datetime import date

from adapters.postgres.ledger import PaidOut
from adapters.postgres.standing import Standing
from flows.prefect.events import LATE, PAID, emit


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


def emit_late(month: Standing, today: date) -> None:
    """Emit an event that a month is unpaid after its payout date."""
    payload = {
        "due_on": str(month.due_on),
        "days_late": month.days_late(today),
        "sellers": month.pending_sellers,
        "points": month.pending_points,
    }
    emit(LATE, month.settlement_month, payload)
