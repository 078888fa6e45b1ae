"""The rows of the listing commands; their columns are an interface."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from sqlalchemy import Engine

from adapters.postgres.decisions import decisions
from adapters.postgres.evaluations import current_evaluation
from adapters.postgres.ledger import entries, payouts
from adapters.postgres.payout_dates import planned_payouts
from adapters.postgres.revisions import require_seller
from adapters.postgres.runs import runs_of
from console.output import Row
from domain.approval import NO_APPROVAL, ApprovalRule
from domain.ledger import SELLER_ACCOUNTS
from domain.months import SettlementMonth
from domain.refusal import Refused
from domain.sentence import Word, sentence
from flows.paying.open_payouts import open_payouts
from flows.showing.month_records import decision_row, history_row
from flows.showing.refusals import MonthNotClosed, NoDecision

LEDGER: Final = (
    "entry_no",
    "recorded_at",
    "effective_on",
    "kind",
    "seller_id",
    "tier",
    "settlement_month",
    "debit_account",
    "credit_account",
    "points",
    "reverses_entry_no",
)
BALANCES: Final = ("seller_id", *SELLER_ACCOUNTS)
PAYOUTS: Final = ("settlement_month", "due_on", "state", "sellers", "points", "paid_at")


class MonthUnknown(Refused):
    """No run of the month is recorded."""

    def __init__(self, month: SettlementMonth) -> None:
        super().__init__(
            sentence(
                "{month} was never ingested or closed. Ingest it with: growth-points "
                "ingest {month}",
                month=month,
            )
        )
        self.month = month


def decision_rows(engine: Engine, month: SettlementMonth, seller_id: str | None) -> Iterator[Row]:
    """Stream a month's current decisions; raises MonthNotClosed, NoDecision."""
    with engine.connect() as connection:
        evaluation = current_evaluation(connection, month)
        if evaluation is None:
            raise MonthNotClosed(month)
        found = False
        for each in decisions(connection, evaluation.evaluation_id, seller_id=seller_id):
            found = True
            yield decision_row(each)
        if seller_id is not None and not found:
            raise NoDecision(seller_id, month)


def require_known_seller(engine: Engine, seller_id: str | None) -> None:
    """Refuse an unknown seller, for whom an empty list would be misleading."""
    if seller_id is not None:
        with engine.connect() as connection:
            require_seller(connection, seller_id)


def ledger_rows(
    engine: Engine,
    seller_id: str | None,
    month: SettlementMonth | None,
    seal_no: int | None = None,
) -> Iterator[Row]:
    """Stream the ledger's entries in order, up to a seal if one is given."""
    with engine.connect() as connection:
        for each in entries(connection, seller_id=seller_id, month=month, seal_no=seal_no):
            yield (
                each.entry_no,
                each.recorded_at.isoformat(),
                each.effective_on,
                Word("kind", each.kind),
                each.seller_id,
                each.tier,
                each.settlement_month and str(each.settlement_month),
                Word("account", each.debit_account),
                Word("account", each.credit_account),
                each.points,
                each.reverses_entry_no,
            )


def payout_rows(engine: Engine, today: date, rule: ApprovalRule = NO_APPROVAL) -> Iterator[Row]:
    """List every closed month with its payout.

    Its state is `paid`, `unapproved` (it lacks an approval), `planned`, or `due` (its date has
    come).
    """
    with engine.connect() as connection:
        planned = planned_payouts(connection)
        paid = {each.settlement_month: each for each in payouts(connection)}
        waiting = open_payouts(connection)
    for month, plan in planned.items():
        if month in paid:
            done = paid[month]
            yield (
                str(month),
                plan.due_on,
                Word("month state", "paid"),
                done.sellers,
                done.points,
                done.paid_at,
            )
        else:
            each = waiting[month]
            state = "due" if plan.due_on <= today else "planned"
            state = "unapproved" if each.waits(rule) else state
            yield (
                str(month),
                plan.due_on,
                Word("month state", state),
                each.sellers,
                each.points,
                None,
            )


def history_rows(engine: Engine, month: SettlementMonth) -> Iterator[Row]:
    """List the runs of a month in order; raises MonthUnknown."""
    with engine.connect() as connection:
        found = list(runs_of(connection, month))
    if not found:
        raise MonthUnknown(month)
    yield from map(history_row, found)
