"""Printing a report in the terminal."""

from collections.abc import Iterable

from console.output import output_console
from domain.findings import Finding, Severity
from domain.written import legible
from flows.reports.report import Report, Section

_STYLE = {Severity.CRITICAL: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def print_findings(headline: str, findings: Iterable[Finding]) -> None:
    """Print a headline and the findings, a line each."""
    from rich.text import Text

    console = output_console()
    console.print(legible(headline), style="bold")
    for finding in findings:
        severity = (str(finding.severity), _STYLE[finding.severity])
        console.print(Text.assemble(severity, legible(f" {finding.rule}: {finding.sentence}")))


def print_report(report: Report) -> None:
    """Print a headline, the findings and every table."""
    console = output_console()
    print_findings(report.headline, report.findings)
    figures = tuple((each.name, each.value, each.note) for each in report.figures)
    print_section(Section("The month", ("", "", ""), figures))
    for section in report.sections:
        print_section(section)
    step = report.next_step
    console.print("", legible(f"Next: {step.sentence} {step.command or ''}"))


def print_section(section: Section) -> None:
    """Print a table; columns after the first are right-aligned unless it has no header."""
    from rich.table import Table

    table = Table(title=legible(section.title), title_justify="left", title_style="bold", box=None)
    facts = not any(section.columns)
    table.show_header = not facts
    for position, column in enumerate(section.columns):
        justify = "left" if facts or position == 0 else "right"
        table.add_column(legible(column), justify=justify, overflow="fold")  # type: ignore[arg-type]
    for row in section.rows[: section.shown]:
        table.add_row(*map(legible, row))
    console = output_console()
    console.print("", table)
    if section.shown is not None and len(section.rows) > section.shown:
        console.print(f"  … and {len(section.rows) - section.shown:,} more; --output csv lists all")
