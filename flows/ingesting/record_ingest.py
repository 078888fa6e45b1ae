"""Ingesting a delivery without closing its month."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from adapters.postgres.database import lock_program
from adapters.postgres.month_list import MonthRevision
from adapters.postgres.revisions import Revision
from adapters.postgres.runs import Action, record_run
from domain.cause import Cause
from domain.findings import Finding
from domain.many import many
from domain.months import SettlementMonth
from domain.sentence import Text, Word, joined, sentence
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

    def told(self) -> Text:
        """Describe what was ingested, what it replaced, its warnings and the next step."""
        return joined(self._told(), "\n")

    def _told(self) -> Iterator[Text]:
        new = self.revision
        which = sentence(
            "{month} revision {number}", month=new.settlement_month, number=new.revision_no
        )
        facts = {
            "which": which,
            "sellers": many("seller", new.sellers),
            "lines": many("line", new.lines),
            "amount": new.amount_krw,
        }
        if self.preview:
            yield sentence("Nothing was written: this is a preview.")
        if not self.new:
            yield sentence(
                "{which} has the same content already; nothing was written.", which=which
            )
        elif self.preview:
            yield sentence(
                "{which} would be ingested: {sellers}, {lines}, {amount:,} KRW.", **facts
            )
        else:
            yield sentence("{which} is ingested: {sellers}, {lines}, {amount:,} KRW.", **facts)
        if self.replaced is not None:
            yield _compared(new, self.replaced, preview=self.preview)
        for each in self.findings:
            yield joined((Word("severity", each.severity), each.text), ": ")
        if self.restated:
            yield sentence(
                "Closed on data that has been replaced: {months}. Close again, beginning with "
                "`{command}`; until then what is not paid of them is not paid out.",
                months=", ".join(map(str, self.restated)),
                command=self.next_step,
            )


def _compared(new: Revision, old: MonthRevision, *, preview: bool) -> Text:
    facts = {
        "number": old.revision_no,
        "lines": new.lines - old.lines,
        "amount": new.amount_krw - old.amount_krw,
        "sellers": new.sellers - old.sellers,
    }
    if preview:
        return sentence(
            "It would replace revision {number}. Difference in lines: {lines:+,}, in KRW: "
            "{amount:+,}, in sellers: {sellers:+,}.",
            **facts,
        )
    return sentence(
        "It replaces revision {number}. Difference in lines: {lines:+,}, in KRW: {amount:+,}, in "
        "sellers: {sellers:+,}.",
        **facts,
    )


def record_ingest(
    engine: Engine, month: SettlementMonth, delivery: SoundDelivery, cause: Cause
) -> RecordedDelivery:
    """Record a delivery without closing its month. Raises DeliverySuperseded."""
    with engine.begin() as connection:
        lock_program(connection)
        recorded = record_delivery(connection, month, delivery, cause.actor)
        _record(connection, recorded, cause)
    return recorded


def _record(connection: Connection, recorded: RecordedDelivery, cause: Cause) -> None:
    """Record an ingest in its month's history."""
    revision = recorded.revision
    record_run(
        connection,
        revision.settlement_month,
        Action.INGEST,
        cause,
        changed=recorded.new,
        difference={"lines": revision.lines if recorded.new else 0},
        revision_id=revision.revision_id,
    )
