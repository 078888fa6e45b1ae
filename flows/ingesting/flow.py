"""The `ingest-month` flow: ingest a month's files without closing the month."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from prefect import flow

from adapters.ingest.delivery import DeliveryRefused
from adapters.ingest.problems import StoreAway
from adapters.ingest.root import require_root, source_of
from adapters.ingest.staged_month import StagedMonth
from adapters.postgres.month_list import month_revisions
from adapters.postgres.runs import Action
from domain.cause import Cause
from domain.findings import MonthBlocked, blocking
from domain.many import many
from domain.months import SettlementMonth
from domain.sentence import sentence
from expectations.gate import Verdict
from expectations.gate_process import start_gate
from flows.ingesting.find_delivery import FoundDelivery, find_delivery_of
from flows.ingesting.quality_pages import (
    keep_refusal,
    keep_return,
    keep_verdict,
    refresh_quality_pages,
)
from flows.ingesting.read_delivery import check_delivery, read_delivery
from flows.ingesting.record_delivery import SoundDelivery
from flows.ingesting.record_ingest import IngestedMonth, record_ingest
from flows.ingesting.report import blocked_advice, report_blocked
from flows.occasion import this_occasion
from flows.prefect.clock_check import check_clocks
from flows.prefect.endings import step, telling, told, why
from flows.prefect.flow_occasion import flow_occasion
from flows.prefect.forms import Mode, Month, NameOrNone
from flows.prefect.retrying import RETRIES
from flows.program import program_database, trusted_senders
from flows.refused_runs import recording_refusals
from flows.reports.close_command import close_command
from flows.run_folders import remove_abandoned_copies, run_folder
from flows.settings import Settings

log = logging.getLogger("growth_points.ingest")


@flow(name="ingest-month", flow_run_name="ingest {month}")
@telling
def ingest_month(
    month: Month, settlements: str = "", mode: Mode = "preview", asked_by: NameOrNone = ""
) -> IngestedMonth:
    """Ingest a month's settlement files without closing the month.

    Each new delivery of a month becomes its current revision; the same content is not ingested
    twice.

    Args:
        month: The settlement month, as YYYY-MM, such as 2026-10.
        settlements: The root of the settlement folders, a path or an object-store URL; or a table,
            as table:catalog.schema.settlements. Empty: GROWTH_POINTS_SETTLEMENTS.
        mode: "preview" reads and checks the files and writes nothing; "commit" ingests them.
        asked_by: Your name; recorded with it.
    """
    settings, wanted, preview = Settings.read(), SettlementMonth.parse(month), mode == "preview"
    cause, root = flow_occasion(asked_by).cause("ingested"), settings.settlements_root(settlements)
    source = source_of(root, wanted)
    recorded = recording_refusals(settings, wanted, Action.INGEST, cause, source=source)
    with nullcontext() if preview else recorded:
        check_clocks(settings)
        with sound_delivery(settings, wanted, root, preview=preview) as delivery:
            ingested = record_ingested(settings, wanted, delivery, cause, root, preview=preview)
    if not preview:
        refresh_quality_pages(settings)
    return told(ingested, ingested.told())


@step(name="record the delivery")
def record_ingested(
    settings: Settings,
    month: SettlementMonth,
    delivery: SoundDelivery,
    cause: Cause,
    root: str,
    *,
    preview: bool,
) -> IngestedMonth:
    """Record the delivery as the month's current revision, in one transaction."""
    with program_database(settings, preview=preview) as engine:
        recorded = record_ingest(engine, month, delivery, cause)
        with engine.connect() as connection:
            revisions = month_revisions(connection)
    before = {each.revision_no: each for each in revisions if each.settlement_month == month}
    restated = tuple(each.settlement_month for each in revisions if each.state == "restated")
    replaced = before.get(recorded.revision.revision_no - 1) if recorded.new else None
    step = close_command(settings, restated[0], root) if restated else ""
    return IngestedMonth(
        recorded.revision, recorded.new, delivery.findings, replaced, restated, step, preview
    )


@contextmanager
def sound_delivery(
    settings: Settings,
    month: SettlementMonth,
    root: str,
    *,
    preview: bool = False,
    told: str | None = None,
) -> Iterator[SoundDelivery]:
    """Find, read and judge a month's delivery; its staged data is removed after the block.

    Raises RootUnknown, DeliveryRefused if it cannot be read, and MonthBlocked if it has critical
    findings. A refused delivery appears in the month's report and quality pages only, that of a
    preview in the run's report only. No event tells the reason that was `told` before.
    """
    require_root(root, month)
    remove_abandoned_copies(settings)
    with run_folder(settings.staging / _of_this_run(month)) as folder:
        yield _judged(settings, month, root, folder, preview=preview, told=told)


def _judged(
    settings: Settings,
    month: SettlementMonth,
    root: str,
    folder: Path,
    *,
    preview: bool,
    told: str | None,
) -> SoundDelivery:
    try:
        with run_folder(settings.fetched / _of_this_run(month)) as fetched:
            found = find(settings, root, month, fetched)
            if found.is_current:
                return _current(settings, found, preview=preview)
            start_gate()  # it loads while the files are read
            # The quarantine of a preview is removed with its staged data.
            quarantine = folder if preview else settings.quarantine / found.name
            staged = read(settings, found, folder, quarantine)
            verdict = check(settings, staged)
    except DeliveryRefused as refused:
        if not refused.is_the_senders:
            raise StoreAway(why(refused)) from refused
        if not preview:
            keep_refusal(settings, month, refused, this_occasion().now)
        report_blocked(settings, month, root, refused, None, preview=preview, told=told)
        raise
    staged = replace(staged, profile=verdict.profile)
    if not preview:
        keep_verdict(settings, staged, verdict, this_occasion().now)
    if blocking(verdict.findings):
        advice = "" if preview else blocked_advice(staged)
        blocked = MonthBlocked(month, verdict.findings, advice)
        report_blocked(
            settings, month, root, blocked, staged.quarantine, preview=preview, told=told
        )
        raise blocked
    return SoundDelivery(staged, verdict.findings, found.seen_no)


def _current(settings: Settings, found: FoundDelivery, *, preview: bool) -> SoundDelivery:
    delivery = found.delivery
    log.info(
        sentence(
            "{month} was ingested before, as revision {number}",
            month=delivery.period,
            number=found.seen_no,
        )
    )
    if not preview:
        keep_return(settings, delivery, this_occasion().now)
    return SoundDelivery(None, (), found.seen_no)


@step(name="find the delivery", **RETRIES)
def find(settings: Settings, root: str, month: SettlementMonth, fetched: Path) -> FoundDelivery:
    """Find and hash the month's files, and check who signed them."""
    trusted = trusted_senders(settings, this_occasion().now)
    with program_database(settings) as engine:
        return find_delivery_of(engine, root, month, fetched, trusted, settings.engine)


@step(name="read the settlement lines")
def read(settings: Settings, found: FoundDelivery, staging: Path, quarantine: Path) -> StagedMonth:
    """Scan the files once: totals per seller, profile, refused rows."""
    delivery = found.delivery
    files = many("file", len(delivery.files))
    log.info(sentence("reading {files} of {month}", files=files, month=delivery.period))
    return read_delivery(delivery, staging, quarantine, settings.engine)


@step(name="check the data")
def check(settings: Settings, staged: StagedMonth) -> Verdict:
    """Run the data-quality gate."""
    lines = many("line", staged.profile.lines)
    log.info(sentence("checking {lines}", lines=lines))
    with program_database(settings) as engine:
        return check_delivery(engine, staged, settings.limit_shares)


def _of_this_run(name: object) -> str:
    return f"{name}-{uuid4().hex[:8]}"  # two runs may read the same delivery at once
