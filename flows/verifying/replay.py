"""Replaying evaluations: decide again from the records, and compare.

A month's current evaluation is replayed for every store, an older one for the stores that it
decided itself. The closing decided all stores in one SQL statement; here each is decided by itself
in Python, from the recorded deliveries, policy and awards, by the same predicates.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from adapters.postgres.corrections import awards_bound_by
from adapters.postgres.deciding import DecisionInput
from adapters.postgres.decisions import recorded_facts
from adapters.postgres.evaluations import (
    Evaluation,
    all_evaluations,
    current_evaluations,
    evaluated_revisions,
    recorded_policy,
)
from adapters.postgres.verification.difference import Difference
from domain.decision import Result, SellerFacts, decide
from domain.eligibility import Terms
from domain.evaluation import EvaluationInput, by_month
from domain.policy import PolicyInvalid
from domain.sentence import Text, Word, joined, message_of, sentence


@dataclass(frozen=True, slots=True)
class RecordedInput:
    """The recorded input of an evaluation."""

    evaluation: Evaluation
    terms: Terms
    window_revision_ids: tuple[int, ...]
    content: EvaluationInput


def replay_decisions(connection: Connection) -> Iterator[Difference]:
    """Replay every evaluation, superseded ones included, and yield each decision that differs."""
    current = {each.evaluation_id for each in current_evaluations(connection)}
    for evaluation in all_evaluations(connection):
        month, number = evaluation.settlement_month, evaluation.evaluation_no
        facts = {"month": month, "number": number}
        try:
            recorded = recorded_input(connection, evaluation)
        except PolicyInvalid as invalid:
            said = sentence(
                "{month}: evaluation {number} cannot be replayed: {invalid}",
                **facts,
                invalid=message_of(invalid),
            )
            yield Difference("replay", said)
            continue
        window = month.window(recorded.terms.policy.window_months)
        if tuple(each for each, _ in recorded.content.window) != window:
            said = sentence(
                "{month}: evaluation {number} does not rest on the deliveries of "
                "{first} to {last}, as its policy says",
                **facts,
                first=window[0],
                last=window[-1],
            )
            yield Difference("replay", said)
            continue
        if recorded.content.content_hash != evaluation.input_hash:
            said = sentence(
                "{month}: the recorded deliveries, policy and earlier awards are not "
                "what evaluation {number} was decided on",
                **facts,
            )
            yield Difference("replay", said)
        superseded = evaluation.evaluation_id not in current
        yield from _replay(connection, recorded, only_its_own=superseded)


def recorded_input(connection: Connection, evaluation: Evaluation) -> RecordedInput:
    """Read the recorded input of an evaluation."""
    month = evaluation.settlement_month
    revisions = evaluated_revisions(connection, evaluation.evaluation_id)
    policy = recorded_policy(connection, evaluation.policy_hash).policy
    return RecordedInput(
        evaluation=evaluation,
        terms=Terms.of(policy, month),
        window_revision_ids=tuple(number for number, _ in revisions.values()),
        content=EvaluationInput(
            month=month,
            window=tuple((each, content) for each, (_, content) in revisions.items()),
            policy_hash=evaluation.policy_hash,
            standing=by_month(awards_bound_by(connection, evaluation.evaluation_id)),
        ),
    )


def _replay(
    connection: Connection, recorded: RecordedInput, *, only_its_own: bool
) -> Iterator[Difference]:
    found = recorded_facts(
        connection,
        recorded.evaluation.evaluation_id,
        DecisionInput(
            recorded.terms, recorded.window_revision_ids, recorded.content.earlier_awards
        ),
        only_its_own=only_its_own,
    )
    for each in found:
        again = None if each.facts is None else decided_again(each.facts, recorded.terms)
        amount = None if each.facts is None else each.facts.window_amount_krw
        if (again, amount) != (each.result, each.window_amount_krw):
            yield Difference(
                "replay",
                sentence(
                    "{month}: in evaluation {evaluation_no} seller {seller_id} was decided "
                    "{result}; replayed it is {again}",
                    month=recorded.terms.month,
                    evaluation_no=recorded.evaluation.evaluation_no,
                    seller_id=each.seller_id,
                    result=_summary(each.result, each.window_amount_krw),
                    again=_summary(again, amount),
                ),
            )


def decided_again(facts: SellerFacts, terms: Terms) -> Result:
    """Decide one store by itself."""
    decision = decide(facts, terms)
    return Result(decision.tier, decision.points, decision.reasons)


def _summary(result: Result | None, amount_krw: int | None) -> Text:
    if result is None:
        return sentence("not at all")
    what = (
        sentence("tier {tier}, {points:,} points", tier=result.tier, points=result.points)
        if result.tier
        else joined(Word("reason", each) for each in result.reasons)
    )
    return sentence("{what} for {amount:,} KRW", what=what, amount=amount_krw)
