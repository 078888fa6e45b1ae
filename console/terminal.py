"""Printing a report in the terminal."""

from collections.abc import Iterable

from console.output import output_console
from domain.findings import Finding, Severity
from flows.reports.report import Report, Section

_STYLE = {Severity.CRITICAL: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def print_findings(headline: str, findings: Iterable[Finding]) -> None:
    """Print a headline and the findings, a line each."""
    from rich.markup import escape

    console = output_console()
    console.print(f"[bold]{escape(headline)}[/bold]")
    for finding in findings:
        style = _STYLE[finding.severity]
        sentence = escape(finding.sentence)
        console.print(f"[{style}]{finding.severity}[/{style}] {finding.rule}: {sentence}")


def print_report(report: Report) -> None:
    """Print a headline, the findings and every table."""
    console = output_console()
    print_findings(report.headline, report.findings)
    figures = tuple((each.name, each.value, each.note) for each in report.figures)
    print_section(Section("The month", ("", "", ""), figures))
    for section in report.sections:
        print_section(section)
    console.print("", f"Next: {report.next_step.sentence} {report.next_step.command or ''}")


def print_section(section: Section) -> None:
    """Print a table; columns after the first are right-aligned unless it has no header."""
    from rich.table import Table

    table = Table(title=section.title, title_justify="left", title_style="bold", box=None)
    facts = not any(section.columns)
    table.show_header = not facts
    for position, column in enumerate(section.columns):
        justify = "left" if facts or position == 0 else "right"
        table.add_column(column, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for row in section.rows[: section.shown]:
        table.add_row(*row)
    console = output_console()
    console.print("", table)
    if section.shown is not None and len(section.rows) > section.shown:
        console.print(f"  … and {len(section.rows) - section.shown:,} more; --output csv lists all")
