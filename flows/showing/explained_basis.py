"""What a decision rests on, and what today's deliveries would give."""

from collections.abc import Iterator

from domain.cause import reason_said
from domain.decision import Decision, decide
from domain.sentence import Sentence, Text, Word, joined, sentence
from flows.showing.explained_case import ExplainedCase


def basis(case: ExplainedCase) -> Iterator[Text]:
    """Yield who decided, by which policy and from which files, and whether that still holds."""
    evaluation = case.recorded.evaluation
    yield ""
    yield sentence(
        "This is evaluation {number} of the month, made on {at} by {actor} ({reason}), by policy "
        "{policy} ({hash}). It rests on:",
        number=evaluation.evaluation_no,
        at=f"{evaluation.evaluated_at:%Y-%m-%d %H:%M %Z}",
        actor=evaluation.actor,
        reason=reason_said(evaluation.reason),
        policy=case.terms.policy.name,
        hash=evaluation.policy_hash[:12],
    )
    for each in case.recorded.window:
        yield sentence(
            "  {month} revision {number}, accepted on {at}: {source} ({files})",
            month=each.month,
            number=each.revision_no,
            at=f"{each.accepted_at:%Y-%m-%d %H:%M %Z}",
            source=each.source,
            files=", ".join(each.files),
        )
    yield _today(case)


def _today(case: ExplainedCase) -> Sentence:
    """Compare the decision with what today's deliveries and awards would give."""
    if case.today is None or case.today.facts is None:
        return sentence(
            "The newest delivery of {month} does not include the seller. Close the month again to "
            "have that recorded.",
            month=case.month,
        )
    again = decide(case.today.facts, case.terms)
    if again == case.recorded.decision:
        return sentence("Computed again today, the result is the same.")
    return _other_result(again)


def _other_result(again: Decision) -> Sentence:
    month, amount = again.settlement_month, again.window_amount_krw
    if again.tier:
        return sentence(
            "Computed again today, on the newest deliveries, it would be tier {tier}, {points:,} "
            "points, for {amount:,} KRW. Close {month} again to have that recorded.",
            tier=again.tier,
            points=again.points,
            amount=amount,
            month=month,
        )
    return sentence(
        "Computed again today, on the newest deliveries, it would be no award ({reasons}) for "
        "{amount:,} KRW. Close {month} again to have that recorded.",
        reasons=joined((Word("reason", each) for each in again.reasons), ", "),
        amount=amount,
        month=month,
    )
