"""The first half of every closing: a delivery found, read, and judged sound, or refused.

Its tasks are shared by the flows that take a month in.
"""

import logging
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from prefect import task
from prefect.cache_policies import NO_CACHE

from adapters.data_docs import CheckedDelivery, keep_check
from adapters.intake.delivery import DeliveryRefused
from adapters.intake.object_store import is_object_store, local_path
from adapters.intake.scan import StagedMonth
from domain.findings import Finding, MonthBlocked, blocking
from domain.months import SettlementMonth
from domain.refusal import WrongUsage
from expectations.gate import Verdict
from expectations.gate_process import start_gate
from flows.occasion import this_occasion
from flows.operations.events import tell_blocked
from flows.operations.own_folder import clear_what_killed_runs_left, own_folder
from flows.operations.retrying import PATIENCE
from flows.program import program_database
from flows.reporting.keeping import attach_report, correction_step, keep_report
from flows.reporting.quality_pages import keep_return, keep_verdict, refresh_quality_pages
from flows.reporting.report import Link, blocked_report
from flows.settings import Settings
from flows.steps.check_delivery import check_delivery
from flows.steps.find_delivery import FoundDelivery, find_delivery_of
from flows.steps.read_delivery import read_delivery

log = logging.getLogger("growth_points.intake")


@dataclass(frozen=True, slots=True)
class SoundDelivery:
    """A delivery that may be taken in; `staged` is None when it is the current revision already.

    `seen_no` numbers the revision that was current when it was found, 0 for none.
    """

    staged: StagedMonth | None
    findings: tuple[Finding, ...]
    seen_no: int
    staging: ExitStack

    def discard(self) -> None:
        """Remove what was staged; it was taken in, or will be read again."""
        self.staging.close()


class RootUnknown(WrongUsage):
    """The root of the settlement folders is none; that says nothing of any delivery."""


def sound_delivery(
    settings: Settings, month: SettlementMonth, root: str, *, preview: bool = False
) -> SoundDelivery:
    """Find, read and judge a month's delivery.

    Raises RootUnknown, DeliveryRefused when it cannot be read and MonthBlocked when it is not
    sound; either way nothing of it is visible anywhere but in the month's report and its pages, for
    a preview in the run's report alone.
    """
    _require_root(root, month)
    clear_what_killed_runs_left(settings)
    with ExitStack() as staging, own_folder(settings.fetched / _of_this_run(month)) as fetched:
        delivery = _judged(settings, month, root, fetched, staging, preview=preview)
        return replace(delivery, staging=staging.pop_all())


def _require_root(root: str, month: SettlementMonth) -> None:
    if is_object_store(root):
        return
    folder = local_path(root)
    if not folder.is_dir():
        raise RootUnknown(f"there is no folder {folder} that settlement folders could be in")
    if folder.name == str(month) and not (folder / str(month)).exists():
        raise RootUnknown(
            f"{folder} is the folder of {month} itself; give the root that it lies in, "
            f"{folder.parent}"
        )


def _judged(
    settings: Settings,
    month: SettlementMonth,
    root: str,
    fetched: Path,
    staging: ExitStack,
    *,
    preview: bool,
) -> SoundDelivery:
    try:
        found = find(settings, root, month, fetched)
        if found.is_current:
            log.info("%s was taken in before, as revision %s", month, found.seen_no)
            if not preview:
                delivery, now = found.delivery, this_occasion().now
                keep_return(settings, month, delivery.content_hash, delivery.source, now)
            return SoundDelivery(None, (), found.seen_no, staging)
        start_gate()  # it loads while the files are read
        name = f"{month}/{found.delivery.content_hash[:12]}"
        folder = staging.enter_context(own_folder(settings.staging / _of_this_run(name)))
        # What a preview refuses is shown in its report, and kept nowhere.
        quarantine = folder if preview else settings.quarantine / name
        staged = read(found, folder, quarantine)
        verdict = check(settings, staged)
        staged = replace(staged, profile=verdict.profile)
    except DeliveryRefused as refused:
        if not preview:
            now = this_occasion().now
            keep_check(settings.docs, CheckedDelivery(month, refused.source, now, refused.findings))
        _report_blocked(settings, month, root, refused.findings, None, preview=preview)
        raise
    if not preview:
        keep_verdict(settings, staged, verdict, this_occasion().now)
    if blocking(verdict.findings):
        _report_blocked(settings, month, root, verdict.findings, staged.quarantine, preview=preview)
        raise MonthBlocked(month, verdict.findings, "" if preview else _next_step(staged))
    return SoundDelivery(staged, verdict.findings, found.seen_no, staging)


@task(cache_policy=NO_CACHE, name="find the delivery", **PATIENCE)
def find(settings: Settings, root: str, month: SettlementMonth, fetched: Path) -> FoundDelivery:
    """Find and hash the month's files."""
    with program_database(settings) as engine:
        return find_delivery_of(engine, root, month, fetched)


@task(cache_policy=NO_CACHE, name="read the settlement lines")
def read(found: FoundDelivery, staging: Path, quarantine: Path) -> StagedMonth:
    """Scan the files once: totals per seller, profile, refused rows."""
    delivery = found.delivery
    log.info("reading %s files of %s", len(delivery.files), delivery.settlement_month)
    return read_delivery(delivery, staging, quarantine)


@task(cache_policy=NO_CACHE, name="check the data")
def check(settings: Settings, staged: StagedMonth) -> Verdict:
    """Run the data-quality gate."""
    log.info("checking %s lines", f"{staged.profile.lines:,}")
    with program_database(settings) as engine:
        return check_delivery(engine, staged, settings.limit_shares)


def _next_step(staged: StagedMonth) -> str:
    rows = f"`growth-points quarantine {staged.settlement_month}` lists the refused rows, "
    return (
        f"{'' if staged.quarantine is None else rows}`growth-points docs` shows the whole check. "
        "Have the sender deliver the month again, whole."
    )


def _of_this_run(name: object) -> str:
    return f"{name}-{uuid4().hex[:8]}"  # two runs may read the same delivery at once


def _report_blocked(
    settings: Settings,
    month: SettlementMonth,
    root: str,
    findings: tuple[Finding, ...],
    quarantine: Path | None,
    *,
    preview: bool,
) -> None:
    """Report what blocks a month; a preview shows it with its run and keeps nothing."""
    step = correction_step(settings, month, root)
    if preview:
        attach_report(settings, blocked_report(month, root, findings, step))
        return
    links = [Link("data-quality pages", settings.docs / "index.html")]
    if quarantine is not None:
        links.append(Link("refused rows", quarantine))
    report = blocked_report(month, root, findings, step, tuple(links))
    kept = keep_report(settings, "blocked", report)
    attach_report(settings, report, kept)
    tell_blocked(month, root, findings, kept)
    refresh_quality_pages(settings)
