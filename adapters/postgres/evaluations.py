"""Evaluations: the inputs and policies with which months were decided."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, insert, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as insert_or_keep

from adapters.policy_files import PolicyText, parse_policy
from adapters.postgres.tables import evaluation, evaluation_input, policy, revision
from domain.cause import Cause
from domain.evaluation import EvaluationInput
from domain.months import SettlementMonth


@dataclass(frozen=True, slots=True)
class Evaluation:
    """An evaluation of a settlement month; the one with the highest number is current."""

    evaluation_id: int
    settlement_month: SettlementMonth
    evaluation_no: int
    input_hash: str
    policy_hash: str
    actor: str
    reason: str
    evaluated_at: datetime


_FACTS = tuple(evaluation.c[name] for name in Evaluation.__dataclass_fields__)


def current_evaluations(connection: Connection) -> tuple[Evaluation, ...]:
    """Return the current evaluation of every closed month, oldest month first."""
    return tuple(Evaluation(*row) for row in connection.execute(_current()))


def all_evaluations(connection: Connection) -> tuple[Evaluation, ...]:
    """Return all evaluations, ordered by month and number."""
    query = select(*_FACTS).order_by(evaluation.c.settlement_month, evaluation.c.evaluation_no)
    return tuple(Evaluation(*row) for row in connection.execute(query))


def current_evaluation(connection: Connection, month: SettlementMonth) -> Evaluation | None:
    """Return the current evaluation of a month, None if it was never closed."""
    row = connection.execute(_current().where(evaluation.c.settlement_month == month)).first()
    return None if row is None else Evaluation(*row)


def _current() -> Select[*tuple[Any, ...]]:
    return (
        select(*_FACTS)
        .ext(distinct_on(evaluation.c.settlement_month))
        .order_by(evaluation.c.settlement_month, evaluation.c.evaluation_no.desc())
    )


def record_evaluation(
    connection: Connection,
    content: EvaluationInput,
    revision_ids: Iterable[int],
    before: Evaluation | None,
    cause: Cause,
) -> Evaluation:
    """Record a month's next evaluation, after `before`, without its decisions."""
    row = connection.execute(
        insert(evaluation)
        .values(
            settlement_month=content.month,
            evaluation_no=1 if before is None else before.evaluation_no + 1,
            input_hash=content.content_hash,
            policy_hash=content.policy_hash,
            actor=cause.actor,
            reason=cause.reason,
        )
        .returning(*_FACTS)
    ).one()
    recorded = Evaluation(*row)
    number = {"evaluation_id": recorded.evaluation_id}
    inputs = [{**number, "revision_id": revision_id} for revision_id in revision_ids]
    connection.execute(insert(evaluation_input), inputs)
    return recorded


def evaluated_revisions(
    connection: Connection, evaluation_id: int
) -> Mapping[SettlementMonth, tuple[int, str]]:
    """Return the revisions that an evaluation used: month → id and content hash, in order."""
    rows = connection.execute(
        select(revision.c.settlement_month, revision.c.revision_id, revision.c.content_hash)
        .join(evaluation_input, evaluation_input.c.revision_id == revision.c.revision_id)
        .where(evaluation_input.c.evaluation_id == evaluation_id)
        .order_by(revision.c.settlement_month)
    )
    return {month: (number, content) for month, number, content in rows}


def record_policy(connection: Connection, chosen: PolicyText) -> None:
    """Record a policy's text under its hash, unless it is recorded already."""
    kept = chosen.policy
    connection.execute(
        insert_or_keep(policy)
        .values(
            policy_hash=kept.content_hash,
            name=kept.name,
            content=chosen.text,
            adjustment_limit=kept.adjustment_limit,
        )
        .on_conflict_do_nothing()
    )


def recorded_policy(connection: Connection, policy_hash: str) -> PolicyText:
    """Return a recorded policy by its hash; raises PolicyInvalid if this program cannot read it."""
    row = connection.execute(
        select(policy.c.name, policy.c.content).where(policy.c.policy_hash == policy_hash)
    ).one()
    return PolicyText(parse_policy(row.content, f"the recorded policy {row.name}"), row.content)


def outdated_months(connection: Connection) -> frozenset[SettlementMonth]:
    """Return the closed months whose current evaluation used data that was replaced since."""
    current, newest = _current().subquery("current"), _newest_content().subquery("newest")
    replaced = (
        select(current.c.settlement_month)
        .join(evaluation_input, evaluation_input.c.evaluation_id == current.c.evaluation_id)
        .join(revision, revision.c.revision_id == evaluation_input.c.revision_id)
        .join(newest, newest.c.settlement_month == revision.c.settlement_month)
        .where(newest.c.content_hash != revision.c.content_hash)
    )
    return frozenset(connection.scalars(replaced))


def _newest_content() -> Select[*tuple[Any, ...]]:
    """Select each month with the content hash of its current revision."""
    return (
        select(revision.c.settlement_month, revision.c.content_hash)
        .ext(distinct_on(revision.c.settlement_month))
        .order_by(revision.c.settlement_month, revision.c.revision_no.desc())
    )
