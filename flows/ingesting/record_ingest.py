"""Ingesting a delivery without closing its month."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Engine

from adapters.postgres.database import lock_program
from adapters.postgres.month_list import MonthRevision
from adapters.postgres.revisions import Revision
from adapters.postgres.runs import Action, record_run
from domain.cause import Cause
from domain.findings import Finding
from domain.months import SettlementMonth
from flows.ingesting.record_delivery import RecordedDelivery, SoundDelivery, record_delivery


@dataclass(frozen=True, slots=True)
class IngestedMonth:
    """The month's current revision, and whether it is new.

    `replaced` is the revision that it replaced, `restated` are the closed months whose data was
    replaced, and `next_step` is the command that closes the first of them again.
    """

    revision: Revision
    new: bool
    findings: tuple[Finding, ...]
    replaced: MonthRevision | None = None
    restated: tuple[SettlementMonth, ...] = ()
    next_step: str = ""
    preview: bool = False

    def sentences(self) -> str:
        """Describe what was ingested, what it replaced, its warnings and the next step."""
        return "\n".join(self._sentences())

    def _sentences(self) -> Iterator[str]:
        new = self.revision
        which = f"{new.settlement_month} revision {new.revision_no}"
        if self.preview:
            yield "Nothing was written: this is a preview."
        if self.new:
            ingested = "would be ingested" if self.preview else "is ingested"
            yield (
                f"{which} {ingested}: {new.sellers:,} sellers, {new.lines:,} lines, "
                f"{new.amount_krw:,} KRW."
            )
        else:
            yield f"{which} has the same content already; nothing was written."
        if old := self.replaced:
            replaces = "would replace" if self.preview else "replaces"
            yield (
                f"It {replaces} revision {old.revision_no}: {new.lines - old.lines:+,} lines, "
                f"{new.amount_krw - old.amount_krw:+,} KRW, {new.sellers - old.sellers:+,} sellers."
            )
        yield from (f"{each.severity}: {each.sentence}" for each in self.findings)
        if self.restated:
            yield (
                f"Closed on data that has been replaced: {', '.join(map(str, self.restated))}. "
                f"Close again, beginning with `{self.next_step}`; until then "
                "what is not paid of them is not paid out."
            )


def record_ingest(
    engine: Engine, month: SettlementMonth, delivery: SoundDelivery, cause: Cause
) -> RecordedDelivery:
    """Record a delivery without closing its month. Raises DeliverySuperseded."""
    with engine.begin() as connection:
        lock_program(connection)
        recorded = record_delivery(connection, month, delivery, cause.actor)
        record_run(
            connection,
            month,
            Action.INGEST,
            cause,
            changed=recorded.new,
            difference={"lines": recorded.revision.lines if recorded.new else 0},
            revision_id=recorded.revision.revision_id,
        )
    return recorded
