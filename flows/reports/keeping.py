"""Keeping a report as files, one of them a page for reading offline and printing."""

import json
import os
from functools import partial
from pathlib import Path
from typing import Final

from adapters.html import page_templates
from adapters.languages.catalog import ENGLISH, Language
from adapters.whole_file import write_whole
from domain.delivery import Period, expected_of
from domain.months import SettlementMonth
from flows.reports.in_language import in_language
from flows.reports.markdown import markdown
from flows.reports.report import Report
from flows.settings import Settings

_MOST_ROWS: Final = 1_000  # more than anybody reads; the Markdown beside it has all
# The files of a report, in the order of writing, and how each ends.
_LAST: Final = {".md": b"\n", ".json": b"}\n", ".html": b"</html>"}
_TEMPLATES: Final = page_templates("flows.reports")


def is_kept(settings: Settings, month: SettlementMonth, name: str) -> bool:
    """Whether a month's report is kept whole under a name."""
    return all(map(_is_whole, _files(report_folder(settings, month), name)))


def report_folder(settings: Settings, period: Period) -> Path:
    """Return where the reports of a month are, or those of a reward day."""
    return settings.reports / f"{expected_of(period).folder}{period}"


def keep_report(settings: Settings, name: str, report: Report, *, overwrite: bool = True) -> Path:
    """Write a report to `{name}.html`, `.md` and `.json` in its folder; return the page's path.

    Each file is replaced atomically, and only if `overwrite` or if it was cut short: a run that
    changed nothing does not overwrite the report of the run that did.
    """
    folder = report_folder(settings, report.period)
    folder.mkdir(parents=True, exist_ok=True)
    language = settings.language
    page = report_page(report, folder, language)
    texts = markdown(report, language), _facts(report), page
    for file, text in zip(_files(folder, name), texts, strict=True):
        if overwrite or not _is_whole(file):
            write_whole(file, text)
    return folder / f"{name}.html"


def _files(folder: Path, name: str) -> tuple[Path, ...]:
    return tuple(folder / f"{name}{ending}" for ending in _LAST)


def _is_whole(file: Path) -> bool:
    """Return whether a file of a report exists to its end; earlier versions were cut by a crash."""
    try:
        return file.read_bytes().endswith(_LAST[file.suffix])
    except FileNotFoundError:
        return False


def report_page(report: Report, folder: Path, language: Language = ENGLISH) -> str:
    """Render the report as a page in a language; links to files are relative to `folder`."""
    return _TEMPLATES.get_template("report.html").render(
        report=in_language(report, language, _MOST_ROWS),
        language=language,
        address=partial(_address, folder),
    )


def _address(folder: Path, target: Path | str) -> str | None:
    """Return the address of a link; None for a file that browsers do not show."""
    if isinstance(target, str):
        return target
    return os.path.relpath(target, folder) if target.suffix == ".html" else None


def _facts(report: Report) -> str:
    findings = [each.as_data() for each in report.findings]
    period = {expected_of(report.period).unit: str(report.period)}
    facts = {**period, **report.facts, "findings": findings}
    return json.dumps(facts, ensure_ascii=False, indent=2) + "\n"
