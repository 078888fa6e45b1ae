"""The open payouts, and their approvals."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from adapters.postgres.approvals import approvals, strictest_rules
from adapters.postgres.evaluations import current_evaluations, outdated_months
from adapters.postgres.ledger import paid_months, pending_totals
from domain.approval import NO_APPROVAL, Approval, ApprovalRule
from domain.months import SettlementMonth


@dataclass(frozen=True, slots=True)
class OpenPayout:
    """A closed, unpaid month: what it would pay now, and the approval of that total, if any.

    `rule` is the strictest approval rule that its closings recorded; `outdated` whether data of its
    window was replaced since, so that it has to be closed again first.
    """

    month: SettlementMonth
    evaluation_id: int
    sellers: int
    points: int
    approval: Approval | None
    rule: ApprovalRule
    outdated: bool

    def waits(self, rule: ApprovalRule) -> bool:
        """Whether it lacks an approval that this rule or its own demands."""
        return self.approval is None and any(
            each.demands(self.points) for each in (rule, self.rule)
        )


def open_payouts(connection: Connection) -> Mapping[SettlementMonth, OpenPayout]:
    """Return every closed month that is not paid."""
    paid, pending = paid_months(connection), pending_totals(connection)
    given, rules = approvals(connection), strictest_rules(connection)
    outdated = outdated_months(connection)
    found = {}
    for each in current_evaluations(connection):
        month = each.settlement_month
        if month not in paid:
            sellers, points = pending.get(month, (0, 0))
            approval = given.get(each.evaluation_id)
            if approval is not None and not approval.covers(each.evaluation_id, points):
                approval = None
            rule = rules.get(month, NO_APPROVAL)
            found[month] = OpenPayout(
                month, each.evaluation_id, sellers, points, approval, rule, month in outdated
            )
    return found
