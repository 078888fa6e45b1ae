"""Taking a staged delivery in, inside the caller's transaction."""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection

from adapters.intake import StagedMonth
from adapters.postgres.revisions import Revision, current_revisions, record_revision
from domain.findings import Finding
from domain.months import SettlementMonth
from domain.refusal import Refused

log = logging.getLogger("growth_points.taking_in")


class DeliverySuperseded(Refused):
    """A delivery that was current when it was found is not any more."""

    def __init__(self, month: SettlementMonth) -> None:
        super().__init__(
            f"another delivery of {month} was taken in while this one was looked at; nothing was "
            "written. Run the command again to use the files as they are now."
        )
        self.month = month


@dataclass(frozen=True, slots=True)
class TakenIn:
    """A month's current revision, and whether it was recorded just now."""

    revision: Revision
    new: bool


def take_in(
    connection: Connection, staged: StagedMonth, findings: Sequence[Finding], actor: str
) -> TakenIn:
    """Record a staged delivery as its month's current revision, unless it is that already.

    The caller holds the program's lock: whoever took the same content in meanwhile is seen.
    """
    month = staged.settlement_month
    current = current_revisions(connection, [month]).get(month)
    if current is not None and current.content_hash == staged.content_hash:
        return TakenIn(current, new=False)
    profile = staged.profile
    log.info("taking in %s sellers, %s lines", f"{profile.sellers:,}", f"{profile.lines:,}")
    recorded = record_revision(
        connection,
        month=month,
        content_hash=staged.content_hash,
        source=staged.source,
        lines=profile.lines,
        amount_krw=profile.amount_krw,
        sellers=profile.sellers,
        profile=profile.as_data(),
        findings=[asdict(finding) for finding in findings],
        actor=actor,
        amounts_file=staged.totals,
        sellers_file=staged.sellers,
    )
    return TakenIn(recorded, new=True)


def require_current(
    connection: Connection, month: SettlementMonth, found: Revision | None
) -> TakenIn:
    """See that the revision that was found is the month's current one still.

    Without a revision to compare, whatever is current will do. Raises DeliverySuperseded.
    """
    current = current_revisions(connection, [month])[month]
    if found is not None and found.revision_id != current.revision_id:
        raise DeliverySuperseded(month)
    return TakenIn(current, new=False)
