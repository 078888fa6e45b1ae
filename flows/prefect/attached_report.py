"""Attaching a report to its run, with links to forms."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from prefect.artifacts import create_markdown_artifact

from adapters.languages.catalog import say
from domain.delivery import expected_of
from domain.sentence import Text, sentence
from flows.addresses import address_of
from flows.prefect.server_errors import best_effort
from flows.prefect.ui_links import form_address
from flows.reports.markdown import markdown_attached, plain
from flows.reports.report import Link, Report
from flows.settings import Settings


def attach_report(settings: Settings, report: Report, kept: Path | None = None) -> None:
    """Attach a report to the current run, with a link to the kept page."""
    links = (*((Link(sentence("this report as a page"), kept),) if kept else ()), *report.links)
    step = report.next_step
    if step.form:
        step = replace(step, command=None)  # whoever reads it is in the UI
    shown = replace(report, next_step=step, links=tuple(_served(settings, link) for link in links))
    with best_effort("the report"):
        create_markdown_artifact(
            markdown_attached(shown, settings.language),
            key=f"{expected_of(report.period).unit}-{report.period}",
            description=plain(say(report.headline, settings.language)),
        )


def form_link(name: Text, deployment: str, parameters: dict[str, Any]) -> Link | None:
    """Link to a deployment's form with parameters filled in; None if no server has it."""
    address = form_address(deployment, parameters)
    return Link(name, address) if address else None


def _served(settings: Settings, link: Link) -> Link:
    """Replace a file in the home by the address at which it is served; the others stay paths."""
    served = address_of(settings, link.target) if isinstance(link.target, Path) else None
    return replace(link, target=served) if served else link
