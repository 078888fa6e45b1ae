"""The report of a closing or a preview: awards, reasons, payout date, differences."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from adapters.postgres.payout_dates import PlannedPayout
from domain.findings import warnings
from domain.funnel import Funnel
from domain.ledger import total_points
from domain.many import many
from domain.sentence import Sentence, Text, Word, joined, sentence, sentences
from flows.closing.differences import (
    CHANGES,
    change_rows,
    paid_otherwise,
    what_changed,
)
from flows.closing.evaluation import EvaluatedMonth
from flows.closing.record_closing import Closing
from flows.reports.report import Bar, Figure, Link, Mood, NextStep, Report, Section

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
        figures=tuple(_figures(closing)),
        sections=tuple(_sections(closing)),
        next_step=next_step or _next_step(closing),
        links=links,
        facts=closing_facts(closing),
    )


def _sections(closing: Closing) -> Iterator[Section]:
    yield _awards(closing.closed, _when_posted(closing))
    yield _why_nothing(closing.funnel)
    yield from _compared_with_the_last_run(closing)
    yield Section(_HOW, ("", ""), tuple(_facts(closing)))
    yield from what_changed(closing)
    if rows := tuple(paid_otherwise(closing)):
        columns = ("month", "seller", "what", "tier", "points")
        title = sentence("Paid otherwise than earned")
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


def _figures(closing: Closing) -> Iterator[Figure]:
    closed, revision = closing.closed, closing.closed.revision
    planned = closing.payouts[closed.month]
    earned = len(closed.earned)
    yield Figure(sentence("sellers"), f"{revision.sellers:,}")
    yield Figure(
        sentence("amount, KRW"),
        f"{revision.amount_krw:,}",
        many("settlement line", revision.lines),
    )
    yield Figure(sentence("awards"), f"{earned:,}", _share(earned, revision.sellers))
    yield Figure(
        sentence("points"),
        f"{total_points(closed.earned):,}",
        joined((_when_posted(closing), _posted(closed)), ": "),
    )
    yield Figure(sentence("payout"), f"{planned.due_on}", joined((_why(planned), _state(closing))))


def _when_posted(closing: Closing) -> Text:
    return sentence("would be posted") if closing.request.preview else sentence("posted now")


def _share(awards: int, sellers: int) -> Text:
    return sentence("{share:.2%} of the sellers", share=awards / sellers) if sellers else ""


def _facts(closing: Closing) -> Iterator[tuple[Text, Text]]:
    closed, revision = closing.closed, closing.closed.revision
    yield (
        sentence("policy"),
        sentence(
            "{policy} (evaluation {number} of the month)",
            policy=closed.policy.name,
            number=closed.evaluation.evaluation_no,
        ),
    )
    yield (
        sentence("delivery"),
        sentence(
            "revision {number}, {source}", number=revision.revision_no, source=revision.source
        ),
    )
    yield sentence("content"), revision.content_hash
    yield sentence("by"), f"{closing.request.cause.actor}: {closing.request.cause.reason}"
    if closing.chain_head is not None:
        yield sentence("ledger head"), f"{closing.chain_head.seal_no} {closing.chain_head.hash}"


def _posted(month: EvaluatedMonth) -> Text:
    difference = month.restatement
    posted = {"award": difference.post, "reversal": difference.reverse}
    parts: list[Text] = [
        joined((many(noun, len(awards)), many("point", total_points(awards))), ", ")
        for noun, awards in posted.items()
        if awards
    ]
    if held := difference.held_elsewhere:
        parts.append(_held_elsewhere(len(held)))
    return joined(parts) if parts else sentence("nothing")


def _held_elsewhere(tiers: int) -> Sentence:
    return sentences(
        "{count:,} tier not given again: another month gave it",
        "{count:,} tiers not given again: another month gave them",
        count=tiers,
    )


def _why(planned: PlannedPayout) -> Text:
    if not planned.passed_over:
        return sentence("day {day} is a business day", day=planned.due_on.day)
    return joined(
        sentence("{day} is {name}", day=day, name=Word("holiday", name))
        for day, name in planned.passed_over
    )


def _state(closing: Closing) -> Text:
    if closing.closed.paid_out:
        return sentence("paid")
    if closing.request.preview:
        return (
            sentence("points would be pending, due already")
            if _is_due(closing)
            else sentence("points would be pending until then")
        )
    if _is_due(closing):
        return sentence("points pending, due already")
    return sentence("points pending until then")


def _is_due(closing: Closing) -> bool:
    due_on = closing.payouts[closing.closed.month].due_on
    return due_on <= closing.request.cause.started_at.date()


def _next_step(closing: Closing) -> NextStep:
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
    if _is_due(closing):
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
