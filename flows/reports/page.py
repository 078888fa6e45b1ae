"""A month's report as one self-contained HTML file, for reading offline and printing."""

import os
from functools import partial
from pathlib import Path
from typing import Final

from adapters.html import page_templates
from flows.reports.report import Report

_MOST_ROWS: Final = 1_000  # more than anybody reads; the Markdown beside it has all
_TEMPLATES: Final = page_templates("flows.reports")


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
