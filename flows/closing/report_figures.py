"""The figures and facts of a closing's report."""

from collections.abc import Iterator

from adapters.postgres.payout_dates import PlannedPayout
from domain.cause import reason_said
from domain.ledger import total_points
from domain.many import many
from domain.sentence import Sentence, Text, Word, joined, sentence, sentences
from flows.closing.evaluation import EvaluatedMonth
from flows.closing.record_closing import Closing
from flows.reports.report import Figure


def figures(closing: Closing) -> Iterator[Figure]:
    """Yield the figures at the top: sellers, amount, awards, points, payout."""
    closed, revision = closing.closed, closing.closed.revision
    planned = closing.payouts[closed.month]
    earned = len(closed.earned)
    lines = many("settlement line", revision.lines)
    posted = joined((when_posted(closing), _posted(closed)), ": ")
    yield Figure(sentence("sellers"), f"{revision.sellers:,}")
    yield Figure(sentence("amount, KRW"), f"{revision.amount_krw:,}", lines)
    yield Figure(sentence("awards"), f"{earned:,}", _share(earned, revision.sellers))
    yield Figure(sentence("points"), f"{total_points(closed.earned):,}", posted)
    yield Figure(sentence("payout"), f"{planned.due_on}", joined((_why(planned), _state(closing))))


def when_posted(closing: Closing) -> Text:
    """Say whether points are posted, or would be."""
    return sentence("would be posted") if closing.request.preview else sentence("posted now")


def _share(awards: int, sellers: int) -> Text:
    return sentence("{share:.2%} of the sellers", share=awards / sellers) if sellers else ""


def facts(closing: Closing) -> Iterator[tuple[Text, Text]]:
    """Yield what a closing rests on: policy, delivery, who asked, the ledger's head."""
    closed, revision, cause = closing.closed, closing.closed.revision, closing.request.cause
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
    yield sentence("by"), joined((cause.actor, reason_said(cause.reason)), ": ")
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
            if is_due(closing)
            else sentence("points would be pending until then")
        )
    if is_due(closing):
        return sentence("points pending, due already")
    return sentence("points pending until then")


def is_due(closing: Closing) -> bool:
    """Whether the payout date has come."""
    due_on = closing.payouts[closing.closed.month].due_on
    return due_on <= closing.request.cause.started_at.date()
