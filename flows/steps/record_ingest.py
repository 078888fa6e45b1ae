"""Taking a delivery in without closing its month."""

from collections.abc import Sequence

from sqlalchemy import Engine

from adapters.intake import StagedMonth
from adapters.postgres.database import lock_program
from adapters.postgres.revisions import Revision, current_revisions
from domain.findings import Finding
from domain.months import SettlementMonth
from flows.taking_in import take_in


def record_ingest(
    engine: Engine,
    month: SettlementMonth,
    staged: StagedMonth | None,
    findings: Sequence[Finding],
    actor: str,
) -> Revision:
    """Take a staged delivery in, in one transaction; return the month's current revision."""
    with engine.begin() as connection:
        lock_program(connection)
        if staged is not None:
            return take_in(connection, staged, findings, actor)
        return current_revisions(connection, [month])[month]
