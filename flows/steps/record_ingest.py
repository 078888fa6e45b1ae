"""Taking a delivery in without closing its month."""

from collections.abc import Sequence

from sqlalchemy import Engine

from adapters.intake import StagedMonth
from adapters.postgres.database import lock_program
from adapters.postgres.revisions import Revision
from adapters.postgres.runs import Action, record_run
from domain.cause import Cause
from domain.findings import Finding
from domain.months import SettlementMonth
from flows.taking_in import TakenIn, require_current, take_in


def record_ingest(
    engine: Engine,
    month: SettlementMonth,
    staged: StagedMonth | None,
    findings: Sequence[Finding],
    cause: Cause,
    *,
    taken_in_as: Revision | None = None,
) -> TakenIn:
    """Take a staged delivery in, in one transaction; return the month's current revision.

    `staged` is None when this very delivery is the current revision already, `taken_in_as`.
    Raises DeliverySuperseded.
    """
    with engine.begin() as connection:
        lock_program(connection)
        if staged is None:
            taken = require_current(connection, month, taken_in_as)
        else:
            taken = take_in(connection, staged, findings, cause.actor)
        record_run(
            connection,
            month,
            Action.INGEST,
            cause,
            changed=taken.new,
            difference={"lines": taken.revision.lines if taken.new else 0},
            revision_id=taken.revision.revision_id,
        )
    return taken
