"""The records about one seller's decision, with which it can be explained."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, func, select

from adapters.postgres.corrections import corrections
from adapters.postgres.deciding import DecisionInput
from adapters.postgres.decisions import RecordedStore, decisions, recorded_facts
from adapters.postgres.evaluations import Evaluation, evaluated_revisions
from adapters.postgres.ledger.tables import award
from adapters.postgres.tables import evaluation_input, revision, seller_amount
from domain.corrections import CorrectionKind, PostedCorrection, clawed_back
from domain.decision import Decision, SellerFacts
from domain.eligibility import Terms
from domain.ledger import Award
from domain.months import SettlementMonth


@dataclass(frozen=True, slots=True)
class MonthAmount:
    """A seller's amount in one month of the window, from the revision used."""

    month: SettlementMonth
    revision_no: int
    source: str
    accepted_at: datetime
    files: tuple[str, ...]
    amount_krw_by_line_type: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RecordedAward:
    """An award of the seller and its state: `pending`, `paid`, `reversed`, `corrected`
    (posted by an award correction) or `clawed_back`."""

    award: Award
    state: str

    @property
    def stands(self) -> bool:
        """Whether the award takes its tier."""
        return self.state != "reversed"


@dataclass(frozen=True, slots=True)
class RecordedDecision:
    """A seller's current decision in a month, with its inputs."""

    decision: Decision
    evaluation: Evaluation
    facts: SellerFacts
    window: tuple[MonthAmount, ...]
    awards: tuple[RecordedAward, ...]


def recorded_decision(
    connection: Connection, evaluation: Evaluation, terms: Terms, seller_id: str
) -> RecordedDecision | None:
    """Return a seller's decision in an evaluation, None if there is none."""
    found = next(decisions(connection, evaluation.evaluation_id, seller_id=seller_id), None)
    if found is None:
        return None
    awards = _awards(connection, seller_id)
    revisions = evaluated_revisions(connection, evaluation.evaluation_id)
    window = [number for number, _ in revisions.values()]
    store = store_on(connection, evaluation, terms, seller_id, window, awards)
    if store is None or store.facts is None:
        return None
    return RecordedDecision(
        decision=found,
        evaluation=evaluation,
        facts=store.facts,
        window=_window(connection, evaluation.evaluation_id, seller_id),
        awards=awards,
    )


def store_on(
    connection: Connection,
    evaluation: Evaluation,
    terms: Terms,
    seller_id: str,
    window_revision_ids: Sequence[int],
    awards: Sequence[RecordedAward],
) -> RecordedStore | None:
    """Return a seller's facts in the given revisions, the last of which has the snapshot."""
    month = evaluation.settlement_month
    standing = [each.award for each in awards if each.stands]
    found = recorded_facts(
        connection,
        evaluation.evaluation_id,
        DecisionInput(
            terms,
            window_revision_ids,
            [each for each in standing if each.settlement_month < month],
        ),
        seller_id=seller_id,
    )
    return next(found, None)


def _listed(column: Column[Any]) -> ColumnElement[Any]:
    return func.array_remove(func.array_agg(column), None)


def _window(connection: Connection, evaluation_id: int, seller_id: str) -> tuple[MonthAmount, ...]:
    rows = connection.execute(_amounts(evaluation_id, seller_id))
    return tuple(
        MonthAmount(
            month=row.settlement_month,
            revision_no=row.revision_no,
            source=row.source,
            accepted_at=row.accepted_at,
            files=tuple(file["name"] for file in row.files or ()),
            amount_krw_by_line_type=dict(zip(row.line_types or (), row.amounts or (), strict=True)),
        )
        for row in rows
    )


def _amounts(evaluation_id: int, seller_id: str) -> Select[*tuple[Any, ...]]:
    """Select the revisions of an evaluation's window with a seller's amounts by line type."""
    amount = seller_amount.c
    facts = ("settlement_month", "revision_no", "source", "accepted_at")
    return (
        select(
            *(revision.c[name] for name in facts),
            revision.c.profile["files"].label("files"),
            _listed(amount.line_type).label("line_types"),
            _listed(amount.amount_krw).label("amounts"),
        )
        .select_from(evaluation_input)
        .join(revision, revision.c.revision_id == evaluation_input.c.revision_id)
        .outerjoin(
            seller_amount,
            (amount.revision_id == revision.c.revision_id) & (amount.seller_id == seller_id),
        )
        .where(evaluation_input.c.evaluation_id == evaluation_id)
        .group_by(revision.c.revision_id)
        .order_by(revision.c.settlement_month)
    )


def _awards(connection: Connection, seller_id: str) -> tuple[RecordedAward, ...]:
    posted = corrections(connection, seller_id=seller_id)
    gone = clawed_back(posted)
    told = (
        RecordedAward(each, "clawed_back" if each in gone and state != "reversed" else state)
        for each, state in (*_earned(connection, seller_id), *_corrected(posted))
    )
    return tuple(sorted(told, key=lambda each: (each.award, each.state)))


def _earned(connection: Connection, seller_id: str) -> Iterator[tuple[Award, str]]:
    """Yield the awards that closings posted, each with its state."""
    facts = award.c.settlement_month, award.c.tier, award.c.points, award.c.state
    rows = connection.execute(select(*facts).where(award.c.seller_id == seller_id))
    for month, tier, points, state in rows:
        yield Award(month, seller_id, tier, points), state


def _corrected(posted: Iterable[PostedCorrection]) -> Iterator[tuple[Award, str]]:
    """Yield the awards that corrections posted."""
    for each in posted:
        if each.correction.kind is CorrectionKind.AWARD:
            yield each.correction.award, "corrected"
