"""A month's report as one HTML file that loads nothing: it opens offline, and prints."""

import os
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Final

from adapters.data_docs.markup import Cell, code, facts, page, table, tag
from domain.findings import Finding, Severity
from flows.reports.report import Bar, Figure, Link, Mood, NextStep, Report, Section

_MOST_ROWS: Final = 1_000  # more than anybody reads; the Markdown beside it has all
_LOOK: Final = {Severity.CRITICAL: "bad", Severity.WARNING: "warn", Severity.INFO: "soft"}
_WORD: Final = {Mood.GOOD: "sound", Mood.WARN: "with warnings", Mood.BAD: "blocked"}

STYLE: Final = """
:root { --kept: #2f6fde; --lost: #c9d3e0; }
@media (prefers-color-scheme: dark) { :root { --kept: #6aa1ff; --lost: #3b4654; } }
.figures { display: grid; gap: .75rem; margin: 1.25rem 0;
  grid-template-columns: repeat(auto-fit, minmax(12.5rem, 1fr)); }
.figure { background: var(--band); border: 1px solid var(--line); border-radius: .5rem;
  padding: .7rem .9rem; }
.figure b { display: block; font-size: 1.2rem; font-variant-numeric: tabular-nums;
  letter-spacing: -.02em; white-space: nowrap; line-height: 1.4; }
.figure span { color: var(--soft); font-size: .85rem; display: block; }
.next { border: 1px solid var(--line); border-left: 4px solid var(--kept); border-radius: .25rem;
  padding: .6rem .9rem; margin: 1rem 0; } .next a { font-weight: 600; }
td:has(svg.bar) { width: 40%; min-width: 8rem; vertical-align: middle; padding-right: 0; }
svg.bar { display: block; width: 100%; height: .8rem; } svg .kept { fill: var(--kept); }
svg .lost { fill: var(--lost); }
.key { color: var(--soft); font-size: .85rem; } .key i { display: inline-block; width: .8rem;
  height: .8rem; margin: 0 .3rem 0 .8rem; vertical-align: -.1rem; border-radius: .1rem; }
@media print { body { max-width: none; padding: 0; font-size: 10.5pt; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .wide { overflow: visible; } h2, .key { break-after: avoid; }
  .figure, .finding, .next, tr { break-inside: avoid; } }
"""


def report_page(report: Report, folder: Path) -> str:
    """Write the report as a page to be kept in a folder; links to files are relative to it."""
    return page(report.headline, _body(report, folder), STYLE)


def _body(report: Report, folder: Path) -> Iterator[Cell]:
    yield f"<h1>{escape(report.headline)} {tag(report.mood, _WORD[report.mood])}</h1>"
    yield from map(_finding, report.findings)
    if not report.findings:
        yield '<p class="good">No data-quality findings.</p>'
    yield _next_step(report.next_step, folder)
    if report.figures:
        yield f'<div class="figures">{"".join(map(_figure, report.figures))}</div>'
    for section in report.sections:
        yield from _section(section)
    if report.links:
        yield "<h2>To look at</h2>"
        yield "".join(f"<p>{_link(link, folder)}</p>" for link in report.links)


def _finding(finding: Finding) -> Cell:
    label = tag(_LOOK[finding.severity], finding.severity)
    return (
        f'<div class="finding {_LOOK[finding.severity]}">{label} {code(finding.rule)}'
        f"<p>{escape(finding.sentence)}</p></div>"
    )


def _next_step(step: NextStep, folder: Path) -> Cell:
    form = f" {_link(step.form, folder)}" if step.form else ""
    command = f" {code(step.command)}" if step.command else ""
    return f'<div class="next"><b>Next:</b> {escape(step.sentence)}{form}{command}</div>'


def _figure(figure: Figure) -> Cell:
    name, value, note = map(escape, (figure.name, figure.value, figure.note))
    return f'<div class="figure"><span>{name}</span><b>{value}</b><span>{note}</span></div>'


def _section(section: Section) -> Iterator[Cell]:
    yield f"<h2>{escape(section.title)}</h2>"
    if not any(section.columns):
        yield facts((name, escape(value)) for name, value in section.rows)
        return
    if any(bar.lost for bar in section.bars):
        yield (
            '<p class="key"><i style="background: var(--kept)"></i>go on'
            '<i style="background: var(--lost)"></i>stopped by this reason</p>'
        )
    rows = section.rows[:_MOST_ROWS]
    cells = [tuple(map(escape, row)) for row in rows]
    columns: tuple[str, ...] = section.columns
    if section.bars:
        cells = [(*row, bar) for row, bar in zip(cells, _draw(section.bars), strict=True)]
        columns = (*columns, "")
    numbers = zip(section.columns, section.numbers, strict=False)
    yield table(columns, cells, tuple(column for column, is_number in numbers if is_number))
    if more := len(section.rows) - len(rows):
        yield f'<p class="soft">… and {more:,} more, in the Markdown file beside this page.</p>'


def _draw(bars: Sequence[Bar]) -> Iterator[Cell]:
    longest = max(bar.kept + bar.lost for bar in bars) or 1
    for bar in bars:
        kept, lost = (f"{100 * part / longest:.2f}" for part in (bar.kept, bar.lost))
        yield (
            '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
            f'<rect class="kept" width="{kept}" height="8"/>'
            f'<rect class="lost" x="{kept}" width="{lost}" height="8"/></svg>'
        )


def _link(link: Link, folder: Path) -> Cell:
    target = link.target
    if isinstance(target, Path) and target.suffix != ".html":
        return f"{escape(link.name)}: {code(target)}"  # no browser shows it, and nobody serves it
    address = os.path.relpath(target, folder) if isinstance(target, Path) else target
    return f'<a href="{escape(address)}">{escape(link.name)}</a>'
