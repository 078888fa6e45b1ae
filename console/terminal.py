"""Printing a report in the terminal."""

from collections.abc import Iterable

from console.language import spoken, told
from console.output import output_console
from domain.findings import Finding, Severity
from domain.sentence import Text, Word, sentence
from domain.written import legible
from flows.reports.in_language import section_in
from flows.reports.markdown import NEXT
from flows.reports.report import Report, Section

_STYLE = {Severity.CRITICAL: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def print_findings(headline: Text, findings: Iterable[Finding]) -> None:
    """Print a headline and the findings, a line each."""
    from rich.text import Text

    console = output_console()
    console.print(legible(told(headline)), style="bold")
    for finding in findings:
        severity = (told(Word("severity", finding.severity)), _STYLE[finding.severity])
        console.print(Text.assemble(severity, legible(f" {finding.rule}: {told(finding.text)}")))


def print_report(report: Report) -> None:
    """Print a headline, the findings and every table."""
    console = output_console()
    print_findings(report.headline, report.findings)
    figures = tuple((each.name, each.value, each.note) for each in report.figures)
    print_section(Section(sentence("The month"), ("", "", ""), figures))
    for section in report.sections:
        print_section(section)
    step = report.next_step
    console.print("", legible(f"{told(NEXT)} {told(step.sentence)} {step.command or ''}"))


def print_section(section: Section) -> None:
    """Print a table; columns after the first are right-aligned unless it has no header."""
    from rich.table import Table

    section = section_in(section.first(section.shown), spoken())
    table = Table(
        title=legible(str(section.title)), title_justify="left", title_style="bold", box=None
    )
    facts = not any(section.columns)
    table.show_header = not facts
    for position, column in enumerate(section.columns):
        justify = "left" if facts or position == 0 else "right"
        table.add_column(legible(str(column)), justify=justify, overflow="fold")  # type: ignore[arg-type]
    for row in section.rows:
        table.add_row(*(legible(str(cell)) for cell in row))
    console = output_console()
    console.print("", table)
    if more := section.left_out:
        console.print(told(sentence("  … and {more:,} more; --output csv lists all", more=more)))
