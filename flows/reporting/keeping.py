"""Showing a month's report: attached to the run that made it, and kept as files."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from prefect.artifacts import create_markdown_artifact

from adapters.data_docs import revision_page
from domain.months import SettlementMonth
from flows.closing.approval import open_payouts
from flows.closing.cascade import changed_though_paid
from flows.closing.evaluation import USUAL_REASON
from flows.program import program_database
from flows.reporting.markdown import markdown, markdown_attached
from flows.reporting.page import report_page
from flows.reporting.report import Link, NextStep, Report
from flows.servers.telling import only_telling
from flows.servers.ui_links import form_address
from flows.settings import Settings
from flows.steps.record_closing import Closing

_CLOSING: Final = "close-month/close-month"
_APPROVAL: Final = "approve-payout/approve-payout"


def attach_report(settings: Settings, report: Report, kept: Path | None = None) -> None:
    """Attach a report to the run that is under way, with a link to the page that was kept."""
    links = (*((Link("this report as a page", kept),) if kept else ()), *report.links)
    shown = replace(report, links=tuple(_served(settings, link) for link in links))
    with only_telling("the report"):
        create_markdown_artifact(
            markdown_attached(shown), key=f"month-{report.month}", description=report.headline
        )


def is_kept(settings: Settings, month: SettlementMonth, name: str) -> bool:
    """Say whether a month's report is kept under a name."""
    return (settings.reports / str(month) / f"{name}.html").exists()


def keep_report(settings: Settings, name: str, report: Report, *, anew: bool = True) -> Path:
    """Keep a report as `reports/{month}/{name}.html` and `.md`; return the page's path.

    Each file is there whole or not at all. Unless `anew`, those that are there stay: a run that
    changed nothing does not write over the report of the run that did.
    """
    folder = settings.reports / str(report.month)
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / f"{name}.html"
    _write(folder / f"{name}.md", markdown(report), anew)
    _write(page, report_page(report, folder), anew)
    return page


def quality_page(settings: Settings, month: SettlementMonth, revision_no: int) -> Link:
    """Link to the data-quality page of a revision."""
    return Link("data-quality page", settings.docs / revision_page(month, revision_no))


def next_step(settings: Settings, closing: Closing, settlements: str) -> NextStep | None:
    """Say what follows a closing where it is a form: closing what was previewed, or approving.

    None where it is the usual.
    """
    if closing.request.preview:
        return _close_it(settings, closing, settlements)
    return _approve_it(settings, closing)


def close_command(
    settings: Settings, month: SettlementMonth, settlements: str, *options: str
) -> str:
    """Write the command that closes a month from where its settlements are."""
    settlements = _unless_set(settings, settlements)
    root = ["--from", settlements] if settlements else []
    return shlex.join(["growth-points", "close", str(month), *root, *options])


def _unless_set(settings: Settings, settlements: str) -> str:
    """Leave out a root that the settings name."""
    return "" if settlements == settings.settlements else settlements


def correction_step(settings: Settings, month: SettlementMonth, settlements: str) -> NextStep:
    """Say what follows a delivery that was refused."""
    settlements = _unless_set(settings, settlements)
    return NextStep(
        "Have the delivery corrected by whoever sent it, then close the month again:",
        close_command(settings, month, settlements),
        _form("close it again", _CLOSING, {"month": str(month), "settlements": settlements}),
    )


def _close_it(settings: Settings, closing: Closing, settlements: str) -> NextStep:
    request = closing.request
    options = ["--policy", request.policy_name] if request.policy_name else []
    acknowledge = request.acknowledge_paid or bool(changed_though_paid(closing.months))
    options += ["--acknowledge-paid"] if acknowledge else []
    options += ["--reason", request.cause.reason] if request.cause.reason != USUAL_REASON else []
    filled_in = {
        "month": str(request.month),
        "settlements": _unless_set(settings, settlements),
        "policy": request.policy_name or "",
        "acknowledge_paid": acknowledge,
        "reason": request.cause.reason,
    }
    return NextStep(
        "Nothing was written. To close it like this:",
        close_command(settings, request.month, settlements, *options),
        _form("close it", _CLOSING, filled_in),
    )


def _approve_it(settings: Settings, closing: Closing) -> NextStep | None:
    month = closing.closed.month
    with program_database(settings) as engine, engine.connect() as connection:
        payout = open_payouts(connection).get(month)
    if payout is None or not payout.waits(settings.approval_rule):
        return None
    due_on = closing.payouts[month].due_on
    return NextStep(
        f"{payout.points:,} points wait for an approval, to be paid on {due_on}:",
        f"growth-points approve-payout {month} {payout.points} --reason TEXT",
        _form("approve them", _APPROVAL, {"month": str(month), "points": payout.points}),
    )


def _form(name: str, deployment: str, parameters: dict[str, Any]) -> Link | None:
    address = form_address(deployment, parameters)
    return Link(name, address) if address else None


def _write(file: Path, text: str, anew: bool) -> None:
    if anew or not file.exists():
        unfinished = file.with_name(f"{file.name}.unfinished")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(file)


def _served(settings: Settings, link: Link) -> Link:
    """Give the address at which a file of the home is served, if it is."""
    target = link.target
    if settings.pages_url is None or not isinstance(target, Path):
        return link
    if not target.is_relative_to(settings.home):
        return link
    where = target.relative_to(settings.home).as_posix()
    return replace(link, target=f"{settings.pages_url.rstrip('/')}/{where}")
