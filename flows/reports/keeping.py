"""Keeping a month's report as files, one of them a page for reading offline and printing."""

import json
import os
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Final

from adapters.html import page_templates
from domain.months import SettlementMonth
from flows.reports.markdown import markdown
from flows.reports.report import Report
from flows.settings import Settings

_MOST_ROWS: Final = 1_000  # more than anybody reads; the Markdown beside it has all
_TEMPLATES: Final = page_templates("flows.reports")


def is_kept(settings: Settings, month: SettlementMonth, name: str) -> bool:
    """Whether a month's report is kept under a name."""
    return (settings.reports / str(month) / f"{name}.html").exists()


def keep_report(settings: Settings, name: str, report: Report, *, overwrite: bool = True) -> Path:
    """Write a report to `reports/{month}/{name}.html`, `.md` and `.json`; return the page's path.

    Each file is replaced atomically, and only if `overwrite`: a run that changed nothing does not
    overwrite the report of the run that did.
    """
    folder = settings.reports / str(report.month)
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / f"{name}.html"
    _write(folder / f"{name}.md", markdown(report), overwrite)
    _write(folder / f"{name}.json", _facts(report), overwrite)
    _write(page, report_page(report, folder), overwrite)
    return page


def report_page(report: Report, folder: Path) -> str:
    """Render the report as a page; links to files are relative to `folder`."""
    return _TEMPLATES.get_template("report.html").render(
        report=report, most_rows=_MOST_ROWS, address=partial(_address, folder)
    )


def _address(folder: Path, target: Path | str) -> str | None:
    """Return the address of a link; None for a file that browsers do not show."""
    if isinstance(target, str):
        return target
    return os.path.relpath(target, folder) if target.suffix == ".html" else None


def _facts(report: Report) -> str:
    findings = [asdict(each) for each in report.findings]
    facts = {"month": str(report.month), **report.facts, "findings": findings}
    return json.dumps(facts, ensure_ascii=False, indent=2) + "\n"


def _write(file: Path, text: str, overwrite: bool) -> None:
    if overwrite or not file.exists():
        unfinished = file.with_name(f"{file.name}.unfinished")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(file)
