"""The report of a month: what was found, who is awarded, why others are not, when it pays.

One document for everybody: kept as a file, attached to the run, shown in the terminal.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from domain.decision import Result
from domain.findings import Finding
from domain.ledger import Award
from domain.months import SettlementMonth
from flows.closing.evaluation import EvaluatedMonth
from flows.steps.record_closing import Closing

CHANGES: Final = (
    "settlement_month",
    "seller_id",
    "before",
    "after",
    "reasons",
    "points",
    "consequence",
)
_SHOWN: Final = 40  # sellers in a terminal, where more are not read
_ATTACHED: Final = 500  # rows of a table attached to a run; the kept file has all


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report: a title over a table, every cell already text.

    `shown` is how many rows are enough to read at a glance; None for all.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    shown: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What there is to say of a month: a headline, findings first, then tables."""

    headline: str
    findings: tuple[Finding, ...]
    sections: tuple[Section, ...]

    def markdown(self) -> str:
        """Write the whole report as Markdown."""
        return self._markdown(None)

    def markdown_attached(self) -> str:
        """Write the report as Markdown, long tables cut to what can be read beside a run."""
        return self._markdown(_ATTACHED)

    def _markdown(self, most_rows: int | None) -> str:
        parts = [f"# {self.headline}", "", *self._findings(), *self._tables(most_rows)]
        return "\n".join(parts) + "\n"

    def _findings(self) -> Iterator[str]:
        for finding in self.findings:
            yield f"- **{finding.severity}** `{finding.rule}`: {finding.sentence}"
        if not self.findings:
            yield "No data-quality findings."

    def _tables(self, most_rows: int | None) -> Iterator[str]:
        for section in self.sections:
            yield from ("", f"## {section.title}", "")
            yield _row(section.columns)
            yield _row(["---"] * len(section.columns))
            yield from map(_row, section.rows[:most_rows])
            if more := len(section.rows[most_rows:]) if most_rows else 0:
                yield from ("", f"… and {more:,} more, in the kept report.")


def closing_report(closing: Closing, findings: Sequence[Finding]) -> Report:
    """Tell of a closing, or of its preview."""
    closed = closing.closed
    sections = [
        Section("The month", ("", ""), tuple(_facts(closing))),
        Section(
            "Awards",
            ("tier", "sellers who earned it", "points", "posted now"),
            tuple(_awards_by_tier(closed)),
        ),
        Section(
            "Why not (a seller counts once for each reason)",
            ("reason", "sellers"),
            tuple((reason.value, f"{count:,}") for reason, count in closed.reasons.items()),
        ),
    ]
    if changes := tuple(_changes(closing)):
        sections.append(Section("What changed", ("month", *_WAYS.values()), changes))
    if rows := tuple(tuple(map(str, row)) for row in change_rows(closing)):
        title = f"Whose result changes ({len(rows):,} sellers)"
        sections.append(Section(title, CHANGES, rows, _SHOWN))
    if rows := tuple(_paid_otherwise(closing)):
        columns = ("month", "seller", "what", "tier", "points")
        title = "Paid otherwise than earned: what was paid stays, correct it with an adjustment"
        sections.append(Section(title, columns, rows, _SHOWN))
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


def keep_report(
    folder: Path, month: SettlementMonth, name: str, report: Report, *, anew: bool = True
) -> Path:
    """Keep a report as `{folder}/{month}/{name}.md`, whole or not at all.

    Unless `anew`, the one that is there stays: a run that changed nothing does not write over
    the report of the run that did.
    """
    file = folder / str(month) / f"{name}.md"
    if anew or not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(".unfinished")
        unfinished.write_text(report.markdown(), encoding="utf-8")
        unfinished.replace(file)
    return file


def _headline(closing: Closing) -> str:
    if closing.request.preview:
        return "previewed: nothing was written"
    return "is closed" if closing.changed else "was closed before with the same input: no change"


def change_rows(closing: Closing) -> Iterator[tuple[object, ...]]:
    """List each seller whose award is another one than before, in every month of a closing.

    The columns are CHANGES; `points` is what the result gives more or less, and `consequence`
    what follows for the ledger.
    """
    for month in closing.months:
        ways = _ways_by_seller(month)
        for each in month.changes:
            told = each.after if each.after and each.after.reasons else each.before
            yield (
                str(month.month),
                each.seller_id,
                _result(each.before),
                _result(each.after),
                ";".join(told.reasons) if told else "",
                each.points,
                "; ".join(ways.get(each.seller_id, ())) or "nothing to post",
            )


_WAYS: Final = {
    "reverse": "reversed",
    "post": "awarded",
    "over_awarded": "over-awarded, paid",
    "under_awarded": "under-awarded, not paid",
    "held_elsewhere": "held from another month",
}


def _ways_by_seller(month: EvaluatedMonth) -> Mapping[str, Sequence[str]]:
    told: dict[str, list[str]] = {}
    for way, name in _WAYS.items():
        for award in getattr(month.restatement, way):
            told.setdefault(award.seller_id, []).append(f"tier {award.tier} {name}")
    return told


def _result(result: Result | None) -> str:
    if result is None:
        return "not decided"
    return f"tier {result.tier}" if result.tier else "no award"


def _paid_otherwise(closing: Closing) -> Iterator[tuple[str, ...]]:
    for month in closing.months:
        for way in ("over_awarded", "under_awarded"):
            awards: Sequence[Award] = getattr(month.restatement, way)
            for each in awards:
                row = str(month.month), each.seller_id, _WAYS[way], str(each.tier)
                yield (*row, f"{each.points:,}")
            if awards:
                yield str(month.month), "altogether", _WAYS[way], "", f"{_points(awards):,}"


def _facts(closing: Closing) -> Iterator[tuple[str, str]]:
    closed, revision = closing.closed, closing.closed.revision
    planned = closing.payouts[closed.month]
    yield "policy", f"{closed.policy.name} (evaluation {closed.evaluation_no} of the month)"
    yield "delivery", f"revision {revision.revision_no}, {revision.source}"
    yield "sellers", f"{revision.sellers:,}"
    yield "lines", f"{revision.lines:,}"
    yield "amount", f"{revision.amount_krw:,} KRW"
    yield "earned", f"{len(closed.earned):,} sellers, {_points(closed.earned):,} points"
    yield "posted now", _posted(closed)
    yield "payout", f"{planned.due_on}{_why(planned.passed_over)}, {_state(closing)}"
    if closing.chain_head is not None:
        yield "ledger head", f"{closing.chain_head.seal_no} {closing.chain_head.hash}"


def _posted(month: EvaluatedMonth) -> str:
    way = month.restatement
    told = [f"{len(way.post):,} awards, {_points(way.post):,} points"] if way.post else []
    if way.reverse:
        told.append(f"{len(way.reverse):,} reversals, {_points(way.reverse):,} points")
    if way.held_elsewhere:
        told.append(f"{len(way.held_elsewhere):,} tiers not given again: another month gave them")
    return "; ".join(told) or "nothing"


def _why(passed_over: Sequence[Sequence[str]]) -> str:
    days = "; ".join(f"{day} is {name}" for day, name in passed_over)
    return f" ({days})" if days else ""


def _state(closing: Closing) -> str:
    return "paid" if closing.closed.paid_out else "points pending until then"


def _awards_by_tier(month: EvaluatedMonth) -> Iterator[tuple[str, ...]]:
    counted = Counter(award.tier for award in month.earned)
    posted = Counter(award.tier for award in month.restatement.post)
    for tier in month.policy.tiers:
        count = counted[tier.number]
        points = f"{count * tier.points:,}"
        yield str(tier.number), f"{count:,}", points, f"{posted[tier.number]:,}"


def _changes(closing: Closing) -> Iterator[tuple[str, ...]]:
    for each in closing.months:
        groups = [getattr(each.restatement, way) for way in _WAYS]
        if any(groups):
            yield (str(each.month), *(f"{len(group):,}" for group in groups))


def _points(awards: Iterable[Award]) -> int:
    return sum(award.points for award in awards)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
