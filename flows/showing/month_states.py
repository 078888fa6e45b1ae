"""How each month stands: ingested, closed, approved, paid, restated."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from adapters.postgres.evaluations import Evaluation, current_evaluations, outdated_months
from adapters.postgres.ledger import Payout, payouts
from adapters.postgres.payout_dates import PlannedPayout, planned_payouts
from adapters.postgres.revisions import Revision, current_revisions
from domain.approval import ApprovalRule
from domain.months import SettlementMonth
from flows.paying.open_payouts import OpenPayout, open_payouts


@dataclass(frozen=True, slots=True)
class MonthState:
    """A month as it stands; what has not come yet is None.

    `waits` says whether its payout lacks an approval, `outdated` whether data of its window was
    replaced since it was closed.
    """

    month: SettlementMonth
    revision: Revision | None
    evaluation: Evaluation | None
    planned: PlannedPayout | None
    to_pay: OpenPayout | None
    paid: Payout | None
    waits: bool
    outdated: bool

    @property
    def words(self) -> tuple[str, ...]:
        """The words for its state, the main one first."""
        if self.paid is not None:
            main = "paid"
        elif self.evaluation is not None:
            main = "closed"
        else:
            main = "ingested" if self.revision else "missing"
        more = {"unapproved": self.waits, "restated": self.outdated}
        return (main, *(word for word, holds in more.items() if holds))

    @property
    def points(self) -> int | None:
        """What it paid, or is to pay; None before it is closed."""
        if self.paid is not None:
            return self.paid.points
        return self.to_pay.points if self.to_pay is not None else None

    @property
    def sellers(self) -> int | None:
        """How many stores it paid, or is to pay; None before it is closed."""
        if self.paid is not None:
            return self.paid.sellers
        return self.to_pay.sellers if self.to_pay is not None else None

    @property
    def due_on(self) -> date | None:
        """When it is, or was, to be paid; None before it is closed."""
        return self.planned.due_on if self.planned else None

    def is_late(self, today: date) -> bool:
        """Whether its payout date is over and it is not paid."""
        return self.paid is None and self.due_on is not None and self.due_on < today


def month_states(
    connection: Connection, rule: ApprovalRule
) -> Mapping[SettlementMonth, MonthState]:
    """Return every month that was ingested, oldest first; `rule` is the approval rule in force."""
    revisions, to_pay = current_revisions(connection), open_payouts(connection)
    evaluations = {each.settlement_month: each for each in current_evaluations(connection)}
    planned, outdated = planned_payouts(connection), outdated_months(connection)
    paid = {each.settlement_month: each for each in payouts(connection)}
    return {
        month: MonthState(
            month=month,
            revision=revisions.get(month),
            evaluation=evaluations.get(month),
            planned=planned.get(month),
            to_pay=to_pay.get(month),
            paid=paid.get(month),
            waits=month in to_pay and to_pay[month].waits(rule),
            outdated=month in outdated,
        )
        for month in sorted({*revisions, *evaluations})
    }
