"""The program's state, gathered once per closing under the program's lock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from adapters.policy_files import PolicyText
from adapters.postgres.corrections import binding_awards, corrections
from adapters.postgres.evaluations import Evaluation, current_evaluations
from adapters.postgres.ledger import paid_months
from adapters.postgres.revisions import Revision, current_revisions
from domain.corrections import clawed_back
from domain.evaluation import AwardsByMonth, by_month
from domain.findings import WindowIncomplete
from domain.ledger import Award
from domain.months import SettlementMonth


@dataclass(frozen=True, slots=True)
class ProgramState:
    """The state of the program while months are evaluated in order.

    `evaluations` and `revisions` are the current ones of each month. `standing` are the awards that
    bind now, `bound_before` those that bound when the closed months were last decided,
    `clawed_back` the standing awards whose points were clawed back.
    """

    policies: tuple[PolicyText, ...]
    evaluations: Mapping[SettlementMonth, Evaluation]
    revisions: Mapping[SettlementMonth, Revision]
    paid: frozenset[SettlementMonth]
    clawed_back: frozenset[Award]
    standing: AwardsByMonth
    bound_before: AwardsByMonth

    def months_from(self, first: SettlementMonth) -> tuple[SettlementMonth, ...]:
        """List a month and every later one that is closed, oldest first."""
        return (first, *(month for month in self.evaluations if month > first))

    def window(self, month: SettlementMonth, months: int) -> tuple[Revision, ...]:
        """Find the revisions of a month's window, oldest first; raises WindowIncomplete."""
        window = month.window(months)
        missing = tuple(each for each in window if each not in self.revisions)
        if missing:
            raise WindowIncomplete(month, missing)
        return tuple(self.revisions[each] for each in window)

    def awards_of(self, month: SettlementMonth) -> frozenset[Award]:
        """Return a month's standing awards."""
        return self.standing.get(month, frozenset())

    def paid_elsewhere(self, month: SettlementMonth) -> frozenset[Award]:
        """Return the awards paid by other months, whose tiers this month cannot award again.

        An unpaid month cannot award a tier again even if it was clawed back.
        """
        paid = frozenset().union(*(self.awards_of(other) for other in self.paid - {month}))
        return paid - self.clawed_back if month in self.paid else paid

    def with_awards(self, month: SettlementMonth, awards: frozenset[Award]) -> "ProgramState":
        """Replace a month's standing awards."""
        return replace(self, standing={**self.standing, month: awards})

    def decided_without(self, award: Award) -> "ProgramState":
        """Return the state in which the closed months were decided before this award."""
        month = award.settlement_month
        before = {**self.bound_before, month: self.awards_of(month) - {award}}
        return replace(self, bound_before=before)


def gather_state(connection: Connection, policies: Sequence[PolicyText]) -> ProgramState:
    """Gather the program's state."""
    standing = by_month(binding_awards(connection))
    return ProgramState(
        policies=tuple(policies),
        evaluations={each.settlement_month: each for each in current_evaluations(connection)},
        revisions=current_revisions(connection),
        paid=paid_months(connection),
        clawed_back=clawed_back(corrections(connection)),
        standing=standing,
        bound_before=standing,
    )
