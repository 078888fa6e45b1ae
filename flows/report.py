"""The report of a month: what was found, who is awarded, why others are not, when it pays.

One document for everybody: kept as a file, attached to the run, shown in the terminal.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.findings import Finding
from domain.ledger import Award
from domain.months import SettlementMonth
from flows.evaluation import EvaluatedMonth
from flows.steps.record_closing import Closing


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report: a title over a table, every cell already text."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What there is to say of a month: a headline, findings first, then tables."""

    headline: str
    findings: tuple[Finding, ...]
    sections: tuple[Section, ...]

    def markdown(self) -> str:
        """Write the report as Markdown."""
        return "\n".join([f"# {self.headline}", "", *self._findings(), *self._tables()]) + "\n"

    def _findings(self) -> Iterator[str]:
        for finding in self.findings:
            yield f"- **{finding.severity}** `{finding.rule}`: {finding.sentence}"
        if not self.findings:
            yield "No data-quality findings."

    def _tables(self) -> Iterator[str]:
        for section in self.sections:
            yield from ("", f"## {section.title}", "")
            yield _row(section.columns)
            yield _row(["---"] * len(section.columns))
            yield from map(_row, section.rows)


def closing_report(closing: Closing, findings: Sequence[Finding]) -> Report:
    """Tell of a closing, or of its preview."""
    closed = closing.closed
    sections = [
        Section("The month", ("", ""), tuple(_facts(closing))),
        Section("Awards", ("tier", "sellers", "points"), tuple(_awards_by_tier(closed))),
        Section(
            "Why not (a seller counts once for each reason)",
            ("reason", "sellers"),
            tuple((reason.value, f"{count:,}") for reason, count in closed.reasons.items()),
        ),
    ]
    if changes := tuple(_changes(closing)):
        columns = ("month", "reversed", "awarded", "over-awarded, paid", "under-awarded, not paid")
        sections.append(Section("What changed", columns, changes))
    return Report(f"{closed.month} {_headline(closing)}", tuple(findings), tuple(sections))


def blocked_report(
    month: SettlementMonth, source: str, findings: Sequence[Finding], quarantine: Path | None
) -> Report:
    """Tell of a month that was blocked; nothing else of it is visible anywhere."""
    rows = [("delivery", source)]
    if quarantine is not None:
        rows.append(("refused lines", str(quarantine)))
    section = Section("The delivery", ("", ""), tuple(rows))
    return Report(f"{month} is blocked: nothing was written", tuple(findings), (section,))


def keep_report(folder: Path, month: SettlementMonth, name: str, report: Report) -> Path:
    """Keep a report as `{folder}/{month}/{name}.md`; the latest of a name replaces it."""
    file = folder / str(month) / f"{name}.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(report.markdown(), encoding="utf-8")
    return file


def _headline(closing: Closing) -> str:
    if closing.request.preview:
        return "previewed: nothing was written"
    return "is closed" if closing.changed else "was closed before with the same input: no change"


def _facts(closing: Closing) -> Iterator[tuple[str, str]]:
    closed, revision = closing.closed, closing.closed.revision
    planned = closing.payouts[closed.month]
    yield "policy", f"{closed.policy.name} (evaluation {closed.evaluation_no} of the month)"
    yield "delivery", f"revision {revision.revision_no}, {revision.source}"
    yield "sellers", f"{revision.sellers:,}"
    yield "lines", f"{revision.lines:,}"
    yield "amount", f"{revision.amount_krw:,} KRW"
    yield "awards", f"{len(closed.earned):,} sellers, {_points(closed.earned):,} points"
    yield "payout", f"{planned.due_on}{_why(planned.passed_over)}, {_state(closing)}"
    if closing.chain_head is not None:
        yield "ledger head", f"{closing.chain_head.seal_no} {closing.chain_head.hash}"


def _why(passed_over: Sequence[Sequence[str]]) -> str:
    days = "; ".join(f"{day} is {name}" for day, name in passed_over)
    return f" ({days})" if days else ""


def _state(closing: Closing) -> str:
    return "paid" if closing.closed.paid_out else "points pending until then"


def _awards_by_tier(month: EvaluatedMonth) -> Iterator[tuple[str, str, str]]:
    counted = Counter(award.tier for award in month.earned)
    for tier in month.policy.tiers:
        count = counted[tier.number]
        yield str(tier.number), f"{count:,}", f"{count * tier.points:,}"


def _changes(closing: Closing) -> Iterator[tuple[str, ...]]:
    for each in closing.months:
        way = each.restatement
        groups = (way.reverse, way.post, way.over_awarded, way.under_awarded)
        if any(groups):
            yield (str(each.month), *(f"{len(group):,}" for group in groups))


def _points(awards: Iterable[Award]) -> int:
    return sum(award.points for award in awards)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
