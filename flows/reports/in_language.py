"""Saying all texts of a report in a language, before it is rendered."""

from dataclasses import replace

from adapters.languages.catalog import Language, say
from flows.reports.report import Figure, Link, NextStep, Report, Section


def in_language(report: Report, language: Language, most_rows: int | None = None) -> Report:
    """Return the report with plain texts, of each table only the first rows if there is a limit.

    Its facts, which programs read, stay as they are.
    """
    return replace(
        report,
        headline=say(report.headline, language),
        findings=tuple(replace(each, text=say(each.text, language)) for each in report.findings),
        figures=tuple(_figure(each, language) for each in report.figures),
        sections=tuple(section_in(each.first(most_rows), language) for each in report.sections),
        next_step=_next_step(report.next_step, language),
        links=tuple(_link(each, language) for each in report.links),
    )


def section_in(section: Section, language: Language) -> Section:
    """Return a section with plain texts."""
    return replace(
        section,
        title=say(section.title, language),
        columns=tuple(say(each, language) for each in section.columns),
        rows=tuple(tuple(say(cell, language) for cell in row) for row in section.rows),
    )


def _figure(figure: Figure, language: Language) -> Figure:
    return Figure(say(figure.name, language), figure.value, say(figure.note, language))


def _next_step(step: NextStep, language: Language) -> NextStep:
    form = step.form and _link(step.form, language)
    return NextStep(say(step.sentence, language), step.command, form)


def _link(link: Link, language: Language) -> Link:
    return Link(say(link.name, language), link.target)
