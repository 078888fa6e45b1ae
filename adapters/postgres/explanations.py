"""What was recorded about one seller's decision: enough to explain it without computing it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, select

from adapters.postgres.decisions import decisions
from adapters.postgres.evaluations import Evaluation, current_evaluation
from adapters.postgres.ledger_tables import award
from adapters.postgres.tables import evaluation_input, revision, seller_amount, seller_snapshot
from domain.decision import Decision
from domain.months import SettlementMonth


@dataclass(frozen=True, slots=True)
class MonthAmount:
    """A seller's settlement in one month of the window, as the revision used had it."""

    month: SettlementMonth
    revision_no: int
    source: str
    accepted_at: datetime
    amount_krw_by_line_type: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RecordedAward:
    """An award of the seller, with what became of it: `pending`, `paid` or `reversed`."""

    month: SettlementMonth
    tier: int
    points: int
    state: str


@dataclass(frozen=True, slots=True)
class RecordedDecision:
    """A seller's current decision in a month, and all that it rests on."""

    decision: Decision
    evaluation: Evaluation
    approved_on: date
    status: str
    window: tuple[MonthAmount, ...]
    awards: tuple[RecordedAward, ...]


def recorded_decision(
    connection: Connection, month: SettlementMonth, seller_id: str
) -> RecordedDecision | None:
    """Gather a seller's decision in a month; None when there is none."""
    evaluation = current_evaluation(connection, month)
    if evaluation is None:
        return None
    found = next(decisions(connection, evaluation.evaluation_id, seller_id=seller_id), None)
    if found is None:
        return None
    window = _window(connection, evaluation.evaluation_id, seller_id)
    approved_on, status = _snapshot(connection, evaluation.evaluation_id, month, seller_id)
    return RecordedDecision(
        decision=found,
        evaluation=evaluation,
        approved_on=approved_on,
        status=status,
        window=window,
        awards=_awards(connection, seller_id),
    )


def _window(connection: Connection, evaluation_id: int, seller_id: str) -> tuple[MonthAmount, ...]:
    types, amounts = (
        func.array_remove(func.array_agg(column), None)
        for column in (seller_amount.c.line_type, seller_amount.c.amount_krw)
    )
    rows = connection.execute(
        select(
            revision.c.settlement_month,
            revision.c.revision_no,
            revision.c.source,
            revision.c.accepted_at,
            types,
            amounts,
        )
        .select_from(evaluation_input)
        .join(revision, revision.c.revision_id == evaluation_input.c.revision_id)
        .outerjoin(
            seller_amount,
            (seller_amount.c.revision_id == revision.c.revision_id)
            & (seller_amount.c.seller_id == seller_id),
        )
        .where(evaluation_input.c.evaluation_id == evaluation_id)
        .group_by(revision.c.revision_id)
        .order_by(revision.c.settlement_month)
    )
    return tuple(
        MonthAmount(month, number, source, at, dict(zip(kinds or (), krw or (), strict=True)))
        for month, number, source, at, kinds, krw in rows
    )


def _snapshot(
    connection: Connection, evaluation_id: int, month: SettlementMonth, seller_id: str
) -> tuple[date, str]:
    row = connection.execute(
        select(seller_snapshot.c.approved_on, seller_snapshot.c.status)
        .join(evaluation_input, evaluation_input.c.revision_id == seller_snapshot.c.revision_id)
        .join(revision, revision.c.revision_id == seller_snapshot.c.revision_id)
        .where(
            evaluation_input.c.evaluation_id == evaluation_id,
            revision.c.settlement_month == month,
            seller_snapshot.c.seller_id == seller_id,
        )
    ).one()
    return row.approved_on, row.status


def _awards(connection: Connection, seller_id: str) -> tuple[RecordedAward, ...]:
    rows = connection.execute(
        select(award.c.settlement_month, award.c.tier, award.c.points, award.c.state)
        .where(award.c.seller_id == seller_id)
        .order_by(award.c.settlement_month, award.c.tier)
    )
    return tuple(RecordedAward(*row) for row in rows)
