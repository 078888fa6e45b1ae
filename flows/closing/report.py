"""The report of a closing or a preview: awards, reasons, payout date, differences."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from domain.findings import warnings
from domain.funnel import Funnel
from domain.ledger import total_points
from domain.many import many
from domain.sentence import Text, Word, sentence
from flows.closing.differences import (
    CHANGES,
    change_rows,
    paid_otherwise,
    what_changed,
)
from flows.closing.evaluation import EvaluatedMonth
from flows.closing.record_closing import Closing
from flows.closing.report_figures import facts, figures, is_due, when_posted
from flows.reports.report import Bar, Link, Mood, NextStep, Report, Section

_SHOWN: Final = 40  # sellers listed in a terminal
_HOW: Final = sentence("How it was decided")


def closing_report(
    closing: Closing,
    *,
    links: tuple[Link, ...] = (),
    next_step: NextStep | None = None,
) -> Report:
    """Build the report of a closing or a preview; `next_step` overrides the default one."""
    closed = closing.closed
    return Report(
        period=closed.month,
        headline=_headline(closing),
        mood=Mood.WARN if warnings(closing.findings) else Mood.GOOD,
        findings=closing.findings,
        figures=tuple(figures(closing)),
        sections=tuple(_sections(closing)),
        next_step=next_step or usual_next_step(closing),
        links=links,
        facts=closing_facts(closing),
    )


def _sections(closing: Closing) -> Iterator[Section]:
    yield _awards(closing.closed, when_posted(closing))
    yield _why_nothing(closing.funnel)
    yield from _compared_with_the_last_run(closing)
    yield Section(_HOW, ("", ""), tuple(facts(closing)))
    yield from what_changed(closing)
    if rows := tuple(paid_otherwise(closing)):
        columns = ("month", "seller", "what", "tier", "points")
        title = sentence("Differences in paid months")
        yield Section(title, tuple(Word("column", each) for each in columns), rows, _SHOWN)
    if rows := tuple(tuple(map(_cell, row)) for row in change_rows(closing)):
        preview = closing.request.preview
        counted = many("seller", len(rows))
        title = (
            sentence("Results of {sellers} that would change", sellers=counted)
            if preview
            else sentence("Changed results of {sellers}", sellers=counted)
        )
        names = (*CHANGES[:-1], "would be") if preview else CHANGES
        yield Section(title, tuple(Word("column", each) for each in names), rows, _SHOWN)


def closing_facts(closing: Closing) -> dict[str, object]:
    """Return the closed month's key figures, for its event and the report's JSON file."""
    closed, revision = closing.closed, closing.closed.revision
    return {
        "policy": closed.policy.name,
        "evaluation": closed.evaluation.evaluation_no,
        "revision": revision.revision_no,
        "sellers": revision.sellers,
        "lines": revision.lines,
        "amount_krw": revision.amount_krw,
        "awards": len(closed.earned),
        "points": total_points(closed.earned),
        "warnings": len(warnings(closing.findings)),
        "due_on": str(closing.payouts[closed.month].due_on),
        "ledger_head": closing.chain_head and closing.chain_head.hash,
    }


def marked_as_rewritten(report: Report) -> Report:
    """Mark a report as a replacement for one that was lost with the run that closed the month."""
    note = (
        sentence("report"),
        sentence(
            "written again: the run that closed the month kept none; what it posted is in the "
            "history and in the ledger"
        ),
    )
    sections = [
        replace(each, rows=(*each.rows, note)) if each.title == _HOW else each
        for each in report.sections
    ]
    return replace(report, sections=tuple(sections))


def _headline(closing: Closing) -> Text:
    month = closing.closed.month
    if closing.request.preview:
        return sentence("{month} previewed: nothing was written", month=month)
    if closing.changed:
        return sentence("{month} is closed", month=month)
    return sentence("{month} was closed before with the same input: no change", month=month)


def usual_next_step(closing: Closing) -> NextStep:
    """Return the next step where no form does it."""
    closed, month = closing.closed, closing.closed.month
    unsettled = [each.month for each in closing.months if each.restatement.is_unsettled]
    if unsettled:
        return NextStep(
            sentence(
                "What was paid stays. Correct it seller by seller, for the month it "
                "belongs to, with a reason:"
            ),
            f"growth-points adjust SELLER POINTS --for {unsettled[0]} --reason TEXT",
        )
    if closed.paid_out:
        return NextStep(sentence("Nothing: the month is paid."))
    due_on = closing.payouts[month].due_on
    if is_due(closing):
        return NextStep(
            sentence("Its payout was due on {due_on}; this pays it:", due_on=due_on),
            "growth-points pay-out",
        )
    return NextStep(sentence("Nothing until {due_on}, when it is paid.", due_on=due_on))


def _awards(month: EvaluatedMonth, when_posted: Text) -> Section:
    counted = Counter(award.tier for award in month.earned)
    posted = Counter(award.tier for award in month.restatement.post)
    rows = tuple(
        (
            str(tier.number),
            f"{counted[tier.number]:,}",
            f"{counted[tier.number] * tier.points:,}",
            f"{posted[tier.number]:,}",
        )
        for tier in month.policy.tiers
    )
    return Section(
        sentence("Awards by tier"),
        (
            sentence("tier"),
            sentence("sellers who earned it"),
            sentence("points"),
            when_posted,
        ),
        rows,
        bars=tuple(Bar(counted[tier.number]) for tier in month.policy.tiers),
    )


def _why_nothing(funnel: Funnel) -> Section:
    stages = [
        (
            Word("reason", each.reason),
            f"{each.stopped:,}",
            f"{each.left:,}",
            f"{funnel.counts[each.reason]:,}",
        )
        for each in funnel.stages
    ]
    return Section(
        sentence("Why stores got nothing"),
        (
            sentence("reason"),
            sentence("stopped first"),
            sentence("go on"),
            sentence("have this reason"),
        ),
        ((sentence("all sellers"), "", f"{funnel.stores:,}", ""), *stages),
        bars=(Bar(funnel.stores), *(Bar(each.left, each.stopped) for each in funnel.stages)),
    )


def _compared_with_the_last_run(closing: Closing) -> Iterator[Section]:
    """Compare the month with the previous run; nothing for the first closing."""
    if (before := closing.before) is None:
        return
    closed, revision = closing.closed, closing.closed.revision
    rows: list[tuple[Text, int, int]] = [
        (sentence("sellers"), before.sellers, revision.sellers),
        (sentence("settlement lines"), before.lines, revision.lines),
        (sentence("amount, KRW"), before.amount_krw, revision.amount_krw),
        *_awards_before_and_now(closed),
    ]
    yield Section(
        sentence(
            "Compared with run {number} of {at}",
            number=before.run_no,
            at=f"{before.recorded_at:%Y-%m-%d %H:%M}",
        ),
        ("", sentence("then"), sentence("now"), sentence("difference")),
        tuple((name, f"{was:,}", f"{now:,}", _difference(now - was)) for name, was, now in rows),
    )


def _difference(by: int) -> str:
    return f"{by:+,}" if by else "0"


def _awards_before_and_now(month: EvaluatedMonth) -> Iterator[tuple[Text, int, int]]:
    """Count awards and points now, and before by undoing the changes."""
    counted = Counter(award.tier for award in month.earned)
    gained = Counter(each.after.tier for each in month.changes if each.after)
    lost = Counter(each.before.tier for each in month.changes if each.before)
    for tier in month.policy.tiers:
        now = counted[tier.number]
        yield (
            sentence("awards of tier {number}", number=tier.number),
            now - gained[tier.number] + lost[tier.number],
            now,
        )
    points = total_points(month.earned)
    yield sentence("points"), points - sum(each.points for each in month.changes), points


def _cell(value: Text | int) -> Text:
    return f"{value:,}" if isinstance(value, int) else value
