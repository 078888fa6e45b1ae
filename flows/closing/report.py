"""The report of a closing or a preview: awards, reasons, payout date, differences."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from adapters.postgres.payout_dates import PlannedPayout
from domain.findings import warnings
from domain.funnel import Funnel
from domain.ledger import total_points
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
        headline=f"{closed.month} {_headline(closing)}",
        mood=Mood.WARN if warnings(closing.findings) else Mood.GOOD,
        findings=closing.findings,
        figures=tuple(_figures(closing)),
        sections=tuple(_sections(closing)),
        next_step=next_step or usual_next_step(closing),
        links=links,
        facts=closing_facts(closing),
    )


def _sections(closing: Closing) -> Iterator[Section]:
    yield _awards(closing.closed, _when_posted(closing))
    yield _why_not(closing.funnel)
    yield from _compared_with_the_last_run(closing)
    yield Section("How it was decided", ("", ""), tuple(_facts(closing)))
    yield from what_changed(closing)
    if rows := tuple(paid_otherwise(closing)):
        columns = ("month", "seller", "what", "tier", "points")
        title = "Paid otherwise than earned: what was paid stays, correct it with an adjustment"
        yield Section(title, columns, rows, _SHOWN)
    if rows := tuple(tuple(map(_cell, row)) for row in change_rows(closing)):
        title = f"Whose result changes ({len(rows):,} sellers)"
        said = (*CHANGES[:-1], "would be") if closing.request.preview else CHANGES
        yield Section(title, said, rows, _SHOWN)


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
    return replace(
        report,
        headline=f"{report.headline}; the run that closed it kept no report, so this one was "
        "written again: what that run posted is in the history and in the ledger",
    )


def _headline(closing: Closing) -> str:
    if closing.request.preview:
        return "previewed: nothing was written"
    return "is closed" if closing.changed else "was closed before with the same input: no change"


def _figures(closing: Closing) -> Iterator[Figure]:
    closed, revision = closing.closed, closing.closed.revision
    planned = closing.payouts[closed.month]
    yield Figure("sellers", f"{revision.sellers:,}")
    yield Figure("amount, KRW", f"{revision.amount_krw:,}", f"{revision.lines:,} settlement lines")
    yield Figure("awards", f"{len(closed.earned):,}", _share(len(closed.earned), revision.sellers))
    yield Figure(
        "points", f"{total_points(closed.earned):,}", f"{_when_posted(closing)}: {_posted(closed)}"
    )
    yield Figure("payout", f"{planned.due_on}", f"{_why(planned)}; {_state(closing)}")


def _when_posted(closing: Closing) -> str:
    return "would be posted" if closing.request.preview else "posted now"


def _share(awards: int, sellers: int) -> str:
    return f"{awards / sellers:.2%} of the sellers" if sellers else ""


def _facts(closing: Closing) -> Iterator[tuple[str, str]]:
    closed, revision = closing.closed, closing.closed.revision
    yield (
        "policy",
        f"{closed.policy.name} (evaluation {closed.evaluation.evaluation_no} of the month)",
    )
    yield "delivery", f"revision {revision.revision_no}, {revision.source}"
    yield "content", revision.content_hash
    yield "by", f"{closing.request.cause.actor}: {closing.request.cause.reason}"
    if closing.chain_head is not None:
        yield "ledger head", f"{closing.chain_head.seal_no} {closing.chain_head.hash}"


def _posted(month: EvaluatedMonth) -> str:
    difference = month.restatement
    posted = {"awards": difference.post, "reversals": difference.reverse}
    parts = [
        f"{len(awards):,} {name}, {total_points(awards):,} points"
        for name, awards in posted.items()
        if awards
    ]
    if held := difference.held_elsewhere:
        parts.append(f"{len(held):,} tiers not given again: another month gave them")
    return "; ".join(parts) or "nothing"


def _why(planned: PlannedPayout) -> str:
    days = "; ".join(f"{day} is {name}" for day, name in planned.passed_over)
    return days or f"day {planned.due_on.day} is a business day"


def _state(closing: Closing) -> str:
    if closing.closed.paid_out:
        return "paid"
    pending = "points would be pending" if closing.request.preview else "points pending"
    return f"{pending}, due already" if _is_due(closing) else f"{pending} until then"


def _is_due(closing: Closing) -> bool:
    due_on = closing.payouts[closing.closed.month].due_on
    return due_on <= closing.request.cause.started_at.date()


def usual_next_step(closing: Closing) -> NextStep:
    """Return the next step where no form does it."""
    closed, month = closing.closed, closing.closed.month
    unsettled = [each.month for each in closing.months if each.restatement.is_unsettled]
    if unsettled:
        return NextStep(
            "What was paid stays. Correct it seller by seller, for the month it belongs to, with a "
            "reason:",
            f"growth-points adjust SELLER POINTS --for {unsettled[0]} --reason TEXT",
        )
    if closed.paid_out:
        return NextStep("Nothing: the month is paid.")
    due_on = closing.payouts[month].due_on
    if _is_due(closing):
        return NextStep(f"Its payout was due on {due_on}; this pays it:", "growth-points pay-out")
    return NextStep(f"Nothing until {due_on}, when it is paid.")


def _awards(month: EvaluatedMonth, when_posted: str) -> Section:
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
        "Awards by tier",
        ("tier", "sellers who earned it", "points", when_posted),
        rows,
        bars=tuple(Bar(counted[tier.number]) for tier in month.policy.tiers),
    )


def _why_not(funnel: Funnel) -> Section:
    stages = [
        (
            each.reason.value,
            f"{each.stopped:,}",
            f"{each.left:,}",
            f"{funnel.counts[each.reason]:,}",
        )
        for each in funnel.stages
    ]
    return Section(
        "Why not",
        ("reason", "stopped first", "go on", "have this reason"),
        (("all sellers", "", f"{funnel.stores:,}", ""), *stages),
        bars=(Bar(funnel.stores), *(Bar(each.left, each.stopped) for each in funnel.stages)),
    )


def _compared_with_the_last_run(closing: Closing) -> Iterator[Section]:
    """Compare the month with the previous run; nothing for the first closing."""
    if (before := closing.before) is None:
        return
    closed, revision = closing.closed, closing.closed.revision
    rows = [
        ("sellers", before.sellers, revision.sellers),
        ("settlement lines", before.lines, revision.lines),
        ("amount, KRW", before.amount_krw, revision.amount_krw),
        *_awards_before_and_now(closed),
    ]
    yield Section(
        f"Beside run {before.run_no} of {before.recorded_at:%Y-%m-%d %H:%M}, {before.actor}: "
        f"{before.reason}",
        ("", "then", "now", "difference"),
        tuple((name, f"{was:,}", f"{now:,}", _difference(now - was)) for name, was, now in rows),
    )


def _difference(by: int) -> str:
    return f"{by:+,}" if by else "0"


def _awards_before_and_now(month: EvaluatedMonth) -> Iterator[tuple[str, int, int]]:
    """Count awards and points now, and before by undoing the changes."""
    counted = Counter(award.tier for award in month.earned)
    gained = Counter(each.after.tier for each in month.changes if each.after)
    lost = Counter(each.before.tier for each in month.changes if each.before)
    for tier in month.policy.tiers:
        now = counted[tier.number]
        yield f"awards of tier {tier.number}", now - gained[tier.number] + lost[tier.number], now
    points = total_points(month.earned)
    yield "points", points - sum(each.points for each in month.changes), points


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
