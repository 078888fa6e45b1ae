"""Taking a staged delivery in, inside the caller's transaction."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from adapters.ingest.scan import StagedMonth
from adapters.postgres.revisions import Revision, current_revisions, record_revision
from domain.findings import Finding, WindowIncomplete
from domain.months import SettlementMonth
from domain.refusal import Refused

log = logging.getLogger("growth_points.taking_in")


class DeliverySuperseded(Refused):
    """Another delivery of the month was taken in since this one was found."""

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
    connection: Connection,
    month: SettlementMonth,
    staged: StagedMonth | None,
    findings: Sequence[Finding],
    actor: str,
    seen_no: int | None,
) -> TakenIn:
    """Record a staged delivery as its month's current revision, unless it is that already.

    `staged` is None for the current revision as it is. `seen_no` numbers the revision that was
    current when the delivery was found, 0 for none: had another been taken in since, this one
    would undo a newer one. None compares nothing. The caller holds the program's lock. Raises
    DeliverySuperseded.
    """
    current = current_revisions(connection, [month]).get(month)
    if staged is not None and current is not None and current.content_hash == staged.content_hash:
        return TakenIn(current, new=False)
    if seen_no is not None and seen_no != (0 if current is None else current.revision_no):
        raise DeliverySuperseded(month)
    if staged is not None:
        return TakenIn(_record(connection, staged, findings, actor), new=True)
    if current is None:
        raise WindowIncomplete(month, (month,))
    return TakenIn(current, new=False)


def _record(
    connection: Connection, staged: StagedMonth, findings: Sequence[Finding], actor: str
) -> Revision:
    profile = staged.profile
    log.info("ingesting %s sellers, %s lines", f"{profile.sellers:,}", f"{profile.lines:,}")
    return record_revision(connection, staged, findings, actor)
