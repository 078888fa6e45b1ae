"""Taking a delivery in without closing its month."""

from collections.abc import Sequence

from sqlalchemy import Engine

from adapters.intake.scan import StagedMonth
from adapters.postgres.database import lock_program
from adapters.postgres.runs import Action, record_run
from domain.cause import Cause
from domain.findings import Finding
from domain.months import SettlementMonth
from flows.closing.taking_in import TakenIn, take_in


def record_ingest(
    engine: Engine,
    month: SettlementMonth,
    staged: StagedMonth | None,
    findings: Sequence[Finding],
    cause: Cause,
    *,
    seen_no: int | None = None,
) -> TakenIn:
    """Take a staged delivery in, in one transaction; return the month's current revision.

    `staged` is None when this very delivery is the current revision already; `seen_no` numbers
    the revision that was current when it was found. Raises DeliverySuperseded.
    """
    with engine.begin() as connection:
        lock_program(connection)
        taken = take_in(connection, month, staged, findings, cause.actor, seen_no)
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
