"""The `ingest-month` flow: a month's files taken in without closing it."""

from collections.abc import Iterator
from dataclasses import dataclass

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from adapters.intake.delivery import source_of
from adapters.postgres.month_list import MonthRevision, month_revisions
from adapters.postgres.revisions import Revision
from adapters.postgres.runs import Action
from domain.cause import Cause
from domain.findings import Finding
from domain.months import SettlementMonth
from flows.intake import SoundDelivery, sound_delivery
from flows.operations.clock_check import check_clocks
from flows.operations.flow_occasion import flow_occasion
from flows.operations.forms import Month, NameOrNone
from flows.operations.refusals import refusals_in_the_history
from flows.program import program_database
from flows.reporting.keeping import close_command
from flows.reporting.quality_pages import refresh_quality_pages
from flows.settings import Settings
from flows.steps.record_ingest import record_ingest


@dataclass(frozen=True, slots=True)
class IngestedMonth:
    """The month's current revision, and whether it is new.

    `replaced` is the revision that it replaced; `restated` are the closed months that rest on data
    which has been replaced since, and `next_step` is the command that closes the first of them.
    """

    revision: Revision
    new: bool
    findings: tuple[Finding, ...]
    replaced: MonthRevision | None = None
    restated: tuple[SettlementMonth, ...] = ()
    next_step: str = ""

    def sentences(self) -> str:
        """Tell what was taken in, what it replaced, its warnings, and what is to be done now."""
        return "\n".join(self._sentences())

    def _sentences(self) -> Iterator[str]:
        new = self.revision
        which = f"{new.settlement_month} revision {new.revision_no}"
        if self.new:
            yield (
                f"{which} is taken in: {new.sellers:,} sellers, {new.lines:,} lines, "
                f"{new.amount_krw:,} KRW."
            )
        else:
            yield f"{which} has the same content already; nothing was written."
        if old := self.replaced:
            yield (
                f"It replaces revision {old.revision_no}: {new.lines - old.lines:+,} lines, "
                f"{new.amount_krw - old.amount_krw:+,} KRW, {new.sellers - old.sellers:+,} sellers."
            )
        yield from (f"{each.severity}: {each.sentence}" for each in self.findings)
        if self.restated:
            yield (
                f"Closed on data that has been replaced: {', '.join(map(str, self.restated))}. "
                f"Close again, beginning with `{self.next_step}`; until then "
                "what is not paid of them is not paid out."
            )


@flow(name="ingest-month", flow_run_name="ingest {month}")
def ingest_month(month: Month, settlements: str = "", asked_by: NameOrNone = "") -> IngestedMonth:
    """Take a month's settlement files in without closing the month.

    A later delivery of the same month replaces it as a new revision; the same content again is
    not taken in twice.

    Args:
        month: The settlement month, as YYYY-MM, such as 2026-10.
        settlements: The root of the settlement folders, a path or an object-store URL. Empty:
            GROWTH_POINTS_SETTLEMENTS.
        asked_by: Your name; recorded with it.
    """
    settings, wanted = Settings.read(), SettlementMonth.parse(month)
    cause, root = flow_occasion(asked_by).cause("taken in"), settings.settlements_root(settlements)
    with refusals_in_the_history(
        settings, wanted, Action.INGEST, cause, source=source_of(root, wanted)
    ):
        check_clocks(settings)
        delivery = sound_delivery(settings, wanted, root)
        try:
            ingested = record(settings, wanted, delivery, cause, root)
        finally:
            delivery.discard()
    refresh_quality_pages(settings)
    return ingested


@task(cache_policy=NO_CACHE, name="take the delivery in")
def record(
    settings: Settings, month: SettlementMonth, delivery: SoundDelivery, cause: Cause, root: str
) -> IngestedMonth:
    """Record the delivery as the month's current revision, in one transaction."""
    with program_database(settings) as engine:
        taken = record_ingest(
            engine,
            month,
            delivery.staged,
            delivery.findings,
            cause,
            seen_no=delivery.seen_no,
        )
        with engine.connect() as connection:
            revisions = month_revisions(connection)
    before = {each.revision_no: each for each in revisions if each.settlement_month == month}
    restated = tuple(each.settlement_month for each in revisions if each.state == "restated")
    replaced = before.get(taken.revision.revision_no - 1) if taken.new else None
    step = close_command(settings, restated[0], root) if restated else ""
    return IngestedMonth(taken.revision, taken.new, delivery.findings, replaced, restated, step)
