"""A month's report as Markdown, for the Prefect UI and for kept files."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from adapters.languages.catalog import ENGLISH, Language, say
from domain.sentence import Text, Word, sentence
from domain.written import legible
from flows.reports.in_language import in_language
from flows.reports.report import Link, NextStep, Report, Section

NEXT: Final = sentence("Next:")
NO_FINDINGS: Final = sentence("No data-quality findings.")
TO_LOOK_AT: Final = sentence("To look at")
_ATTACHED: Final = 500  # rows of a table attached to a run; the kept file has all
# An underscore within a word is no markup.
_MARKUP: Final = re.compile(r"[\\|\[\]<`*~]|(?<![^\W_])_|_(?![^\W_])")
_WIDTH: Final = 16  # characters of the longest bar


def markdown(report: Report, language: Language = ENGLISH) -> str:
    """Render the whole report in a language."""
    return _document(in_language(report, language), language)


def markdown_attached(report: Report, language: Language = ENGLISH) -> str:
    """Render the report with long tables truncated."""
    return _document(in_language(report, language, _ATTACHED), language)


def _document(report: Report, language: Language) -> str:
    parts = [f"# {plain(report.headline)}", "", *_findings(report, language)]
    parts += ["", f"**{say(NEXT, language)}** {_next_step(report.next_step)}"]
    if report.figures:
        figures = tuple((each.name, each.value, each.note) for each in report.figures)
        parts += ["", *_section(Section("", ("", "", ""), figures), language)]
    for section in report.sections:
        parts += ["", f"## {plain(section.title)}", "", *_section(section, language)]
    if report.links:
        listed = [f"- {_link(link)}" for link in report.links]
        parts += ["", f"## {say(TO_LOOK_AT, language)}", "", *listed]
    return "\n".join(parts) + "\n"


def _findings(report: Report, language: Language) -> Iterator[str]:
    for finding in report.findings:
        severity = say(Word("severity", finding.severity), language)
        yield f"- **{severity}** {plain(finding.text)} `{finding.rule}`"
    if not report.findings:
        yield say(NO_FINDINGS, language)


def _next_step(step: NextStep) -> str:
    parts = [plain(step.sentence)]
    if step.form is not None:
        parts.append(_link(step.form))
    if step.command is not None:
        parts.append(_code(step.command))
    return " ".join(parts)


def _section(section: Section, language: Language) -> Iterator[str]:
    rows: Sequence[Sequence[Text]] = section.rows
    columns = section.columns
    rules = ["---:" if is_number else "---" for is_number in section.numbers]
    if section.bars:
        columns, rules = (*columns, ""), [*rules, "---"]
        rows = [(*row, bar) for row, bar in zip(rows, _draw(section), strict=True)]
    yield _row(columns)
    yield _row(rules)
    yield from map(_row, rows)
    if section.left_out:
        told = sentence("… and {more:,} more, in the kept report.", more=section.left_out)
        yield from ("", say(told, language))


def _draw(section: Section) -> Iterator[str]:
    scale = _WIDTH / section.longest_bar
    for bar in section.bars:
        kept, all_ = round(bar.kept * scale), round((bar.kept + bar.lost) * scale)
        yield "█" * kept + "░" * (all_ - kept)


def _link(link: Link) -> str:
    if isinstance(link.target, Path):
        return f"{plain(link.name)}: {_code(str(link.target))}"
    return f"[{plain(link.name)}]({link.target})"


def _row(cells: Sequence[Text]) -> str:
    """Render one row of a table; cells are escaped."""
    return "| " + " | ".join(plain(each) for each in cells) + " |"


def plain(text: Text) -> str:
    """Escape text from files and forms, so that it makes no link, markup or table cell."""
    return _escaped(str(text))


@lru_cache  # most cells of a long table repeat those above them
def _escaped(text: str) -> str:
    escaped = _MARKUP.sub(r"\\\g<0>", _one_line(text).replace("&", "&amp;"))
    return escaped.replace("://", "&#58;//").replace("www.", "www&#46;")


def _code(text: str) -> str:
    """Render a text in a fixed font, between more backticks than it has itself."""
    line = _one_line(text)
    fence = "`" * (1 + max(map(len, re.findall("`+", line)), default=0))
    space = " " if "`" in line else ""
    return f"{fence}{space}{line}{space}{fence}"


def _one_line(text: str) -> str:
    return legible(" ".join(text.splitlines()))
