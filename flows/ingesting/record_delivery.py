"""Recording a sound delivery as a revision, in the caller's transaction."""

import logging
from dataclasses import dataclass

from sqlalchemy import Connection

from adapters.ingest.signed_manifest import SignedManifest
from adapters.ingest.staged_month import StagedMonth
from adapters.postgres.revisions import Revision, current_revisions, record_revision
from adapters.postgres.signatures import last_delivery_no
from domain.findings import Finding, WindowIncomplete
from domain.many import many
from domain.months import SettlementMonth
from domain.refusal import Refused
from domain.sentence import sentence

log = logging.getLogger("growth_points.ingest")


class DeliverySuperseded(Refused):
    """Another delivery of the month was ingested after this one was found."""

    def __init__(self, month: SettlementMonth) -> None:
        super().__init__(
            sentence(
                "another delivery of {month} was ingested while this one was checked; "
                "nothing was written. Run the command again to use the files as they "
                "are now.",
                month=month,
            )
        )
        self.month = month


class DeliveryReplayed(Refused):
    """A signed delivery is not newer than the last signed one of its month."""

    def __init__(self, month: SettlementMonth, signed: SignedManifest, last_no: int) -> None:
        super().__init__(
            sentence(
                "this delivery of {month} is older than one that was ingested: {name} "
                "signed it as delivery {delivery_no}, after delivery {last_no}; "
                "nothing was written. If it is meant, have it signed again with "
                '"delivery_no": {next_no} in its manifest.json.',
                month=month,
                name=signed.sender.name,
                delivery_no=signed.delivery_no,
                last_no=last_no,
                next_no=last_no + 1,
            )
        )
        self.month, self.last_no = month, last_no


@dataclass(frozen=True, slots=True)
class SoundDelivery:
    """A delivery that may be recorded; `staged` is None if it is already the current revision.

    `seen_no` is the revision that was current when it was found, 0 if none was, None if unknown.
    """

    staged: StagedMonth | None
    findings: tuple[Finding, ...] = ()
    seen_no: int | None = None


@dataclass(frozen=True, slots=True)
class RecordedDelivery:
    """A month's current revision, and whether it is new."""

    revision: Revision
    new: bool


def record_delivery(
    connection: Connection, month: SettlementMonth, delivery: SoundDelivery, actor: str
) -> RecordedDelivery:
    """Record a delivery as its month's current revision, unless it already is.

    The caller holds the program's lock. Raises DeliverySuperseded rather than replace a revision
    newer than the one it was found beside; DeliveryReplayed if a signed one is not the newest;
    WindowIncomplete if the month was never ingested.
    """
    staged, seen_no = delivery.staged, delivery.seen_no
    current = current_revisions(connection, [month]).get(month)
    if staged is not None and current is not None and current.content_hash == staged.content_hash:
        return RecordedDelivery(current, new=False)
    if seen_no is not None and seen_no != (0 if current is None else current.revision_no):
        raise DeliverySuperseded(month)
    if staged is not None:
        if staged.signed is not None:
            _require_newest(connection, month, staged.signed)
        sellers, lines = staged.profile.sellers, staged.profile.lines
        counted = {"sellers": many("seller", sellers), "lines": many("line", lines)}
        log.info(sentence("ingesting {sellers}, {lines}", **counted))
        recorded = record_revision(connection, staged, delivery.findings, actor)
        return RecordedDelivery(recorded, new=True)
    if current is None:
        raise WindowIncomplete(month, (month,))
    return RecordedDelivery(current, new=False)


def _require_newest(connection: Connection, month: SettlementMonth, signed: SignedManifest) -> None:
    """Raise DeliveryReplayed unless the signed number is higher than any that was ingested."""
    last_no = last_delivery_no(connection, month)
    if signed.delivery_no <= last_no:
        raise DeliveryReplayed(month, signed, last_no)
