"""The report and the event of a refused delivery."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from adapters.ingest.problems import DeliveryRefused
from adapters.ingest.staged_month import StagedMonth
from domain.findings import Finding, MonthBlocked, blocking
from domain.months import SettlementMonth
from domain.sentence import Text, sentence
from flows.addresses import refused_rows_address
from flows.ingesting.quality_pages import refresh_quality_pages
from flows.prefect.attached_report import attach_report, form_link
from flows.prefect.events import BLOCKED, emit
from flows.refused_runs import recorded_reason
from flows.reports.blocked import blocked
from flows.reports.close_command import close_command, unless_set
from flows.reports.keeping import keep_report
from flows.reports.report import Link, NextStep, Report
from flows.settings import Settings

_CLOSING: Final = "close-month/close-month"
_MOST_FINDINGS: Final = 20  # an event is small; the report has all of them


def report_blocked(
    settings: Settings,
    month: SettlementMonth,
    root: str,
    refused: DeliveryRefused | MonthBlocked,
    quarantine: Path | None,
    *,
    preview: bool,
    told: str | None,
) -> None:
    """Report what blocks a month; a preview attaches the report to its run and keeps no file.

    An event tells it, unless the same reason was `told` before.
    """
    step, findings = _correction_step(settings, month, root), refused.findings
    if preview:
        attach_report(settings, blocked_report(month, root, findings, step))
        return
    links = [Link(sentence("data-quality pages"), settings.docs / "index.html")]
    if quarantine is not None:
        listed = refused_rows_address(settings, month) or quarantine
        links.append(Link(sentence("refused rows"), listed))
    report = blocked_report(month, root, findings, step, tuple(links))
    kept = keep_report(settings, "blocked", report)
    attach_report(settings, report, kept)
    if recorded_reason(refused) != told:
        _emit_blocked(month, root, findings, kept)
    refresh_quality_pages(settings)


def blocked_report(
    month: SettlementMonth,
    source: str,
    findings: Sequence[Finding],
    next_step: NextStep,
    links: tuple[Link, ...] = (),
) -> Report:
    """Build the report of a blocked month."""
    headline = sentence("{month} is blocked: nothing was written", month=month)
    return replace(blocked(month, headline, source, findings, next_step), links=links)


def _emit_blocked(
    month: SettlementMonth, source: str, findings: Sequence[Finding], report: Path
) -> None:
    """Emit an event that a month's delivery was refused, with its critical findings."""
    critical = blocking(findings)
    shown = [
        {"rule": each.rule, "sentence": each.sentence, "count": each.count}
        for each in critical[:_MOST_FINDINGS]
    ]
    payload = {"source": source, "critical": len(critical), "findings": shown}
    emit(BLOCKED, month, payload | {"report": str(report)})


def blocked_advice(staged: StagedMonth) -> Text:
    """Say where to look at what blocks a month, and what to do."""
    if staged.quarantine is None:
        return sentence(
            "`growth-points docs` shows the whole check. Have the sender deliver the whole month "
            "again."
        )
    return sentence(
        "`growth-points quarantine {month}` lists the refused rows, `growth-points docs` shows "
        "the whole check. Have the sender deliver the whole month again.",
        month=staged.settlement_month,
    )


def _correction_step(settings: Settings, month: SettlementMonth, settlements: str) -> NextStep:
    """Return the next step after a refused delivery."""
    settlements = unless_set(settings, settlements)
    return NextStep(
        sentence("Have the sender correct the delivery, then close the month again:"),
        close_command(settings, month, settlements),
        form_link(
            sentence("close it again"), _CLOSING, {"month": str(month), "settlements": settlements}
        ),
    )
