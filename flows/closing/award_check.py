"""The data-quality check of awards before they are posted."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from adapters.postgres.ledger.tables import program_balance
from domain.award_profile import profile_awards
from domain.findings import MonthBlocked
from domain.ledger import Account
from expectations.gate_process import start_gate
from flows.closing.evaluation import EvaluatedMonth


def require_sound_awards(connection: Connection, months: Sequence[EvaluatedMonth]) -> None:
    """Raise MonthBlocked if the gate finds anything wrong with the awards to be posted.

    All months belong to one transaction, which holds the program's lock.
    """
    posted = {each.month: each.restatement.post for each in months if each.restatement.post}
    if not posted:
        return
    profile = profile_awards(
        posted,
        {each.month: each.policy for each in months},
        [award for each in months for award in each.restatement.reverse],
        _fund_left(connection),
    )
    findings = start_gate().judge_awards(profile)
    if findings:
        raise MonthBlocked(months[0].month, findings)


def _fund_left(connection: Connection) -> int | None:
    """Return the points left in the budget, or None if there is no budget."""
    fund = select(program_balance.c.points, program_balance.c.floor).where(
        program_balance.c.account == Account.PROGRAM_FUND
    )
    row = connection.execute(fund).one()
    return None if row.floor is None else int(row.points) - row.floor
