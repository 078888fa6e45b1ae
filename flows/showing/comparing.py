"""Two months, or two evaluations of one, side by side."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from adapters.postgres.decisions import changed_results, earned_awards, funnel
from adapters.postgres.evaluations import Evaluation, all_evaluations, recorded_policy
from adapters.postgres.month_points import MonthPoints
from domain.cause import reason_said
from domain.decision import ChangedResult
from domain.ledger import total_points
from domain.months import SettlementMonth
from domain.refusal import Refused
from domain.sentence import Sentence, Text, sentence
from flows.showing.month_states import MonthState

Value = int | Text | date | None


class NoSuchEvaluation(Refused):
    """A number of an evaluation that a month does not have."""

    def __init__(self, month: SettlementMonth, number: int) -> None:
        super().__init__(
            sentence("{month} has no evaluation {number}.", month=month, number=number)
        )


@dataclass(frozen=True, slots=True)
class Compared:
    """A fact of both sides; `difference` is None where it is no number on both."""

    name: Sentence
    before: Value
    after: Value

    @property
    def difference(self) -> int | None:
        """What the later side has more."""
        if isinstance(self.before, int) and isinstance(self.after, int):
            return self.after - self.before
        return None


def compare_months(
    connection: Connection,
    sides: tuple[MonthState | None, MonthState | None],
    points: tuple[MonthPoints, MonthPoints],
) -> Iterator[Compared]:
    """Compare what is known of two months."""
    both = [_facts_of_month(connection, state, of) for state, of in zip(sides, points, strict=True)]
    yield from _side_by_side(both)


def _facts_of_month(
    connection: Connection, state: MonthState | None, points: MonthPoints
) -> dict[str, tuple[Sentence, Value]]:
    revision = state.revision if state else None
    facts: dict[str, tuple[Sentence, Value]] = {
        "sellers": (sentence("Stores"), revision.sellers if revision else None),
        "lines": (sentence("Lines"), revision.lines if revision else None),
        "amount": (sentence("Amount, KRW"), revision.amount_krw if revision else None),
        "due": (sentence("Payout date"), state.due_on if state else None),
        "used": (sentence("Points used"), points.used),
        "expired": (sentence("Points expired"), points.expired),
    }
    evaluation = state.evaluation if state else None
    return {**facts, **(_facts_of(connection, evaluation) if evaluation else {})}


def compare_evaluations(
    connection: Connection, before: Evaluation, after: Evaluation
) -> Iterator[Compared]:
    """Compare what two evaluations of a month decided."""
    yield from _side_by_side([_facts_of(connection, each) for each in (before, after)])


def changes_between(
    connection: Connection, before: Evaluation, after: Evaluation
) -> tuple[ChangedResult, ...]:
    """List the stores whose award differs between two evaluations."""
    return changed_results(connection, before, after)


def evaluation_of(connection: Connection, month: SettlementMonth, number: int) -> Evaluation:
    """Find an evaluation of a month by its number; raises NoSuchEvaluation."""
    for each in all_evaluations(connection):
        if (each.settlement_month, each.evaluation_no) == (month, number):
            return each
    raise NoSuchEvaluation(month, number)


def _facts_of(connection: Connection, evaluation: Evaluation) -> dict[str, tuple[Sentence, Value]]:
    number, month = evaluation.evaluation_id, evaluation.settlement_month
    earned = earned_awards(connection, number, month)
    stopped = funnel(connection, number)
    tiers = Counter(each.tier for each in earned)
    policy = recorded_policy(connection, evaluation.policy_hash).policy
    return {
        "policy": (sentence("Policy"), policy.name),
        "evaluated": (sentence("Evaluated"), f"{evaluation.evaluated_at:%Y-%m-%d %H:%M}"),
        "reason": (sentence("Why it was done"), reason_said(evaluation.reason)),
        "actor": (sentence("By"), evaluation.actor),
        "decided": (sentence("Stores decided"), stopped.stores),
        "awards": (sentence("Awards"), len(earned)),
        **{
            f"tier {each.number}": (
                sentence("Awards of tier {tier}", tier=each.number),
                tiers[each.number],
            )
            for each in policy.tiers
        },
        "points": (sentence("Points awarded"), total_points(earned)),
        **{
            str(reason): (sentence("Without an award: {reason}", reason=reason), count)
            for reason, count in stopped.counts.items()
        },
    }


def _side_by_side(both: list[dict[str, tuple[Sentence, Value]]]) -> Iterator[Compared]:
    before, after = both
    for key in dict.fromkeys([*before, *after]):
        name = (before.get(key) or after[key])[0]
        yield Compared(
            name,
            before[key][1] if key in before else None,
            after[key][1] if key in after else None,
        )
