"""The decisions in effect for an evaluation, and the stores that it must decide.

An evaluation records decisions only for stores whose input changed since the evaluation before it;
the others keep theirs. The decision in effect is therefore a store's newest one in the month up to
that evaluation, if the snapshot has the store.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, or_, select

from adapters.postgres.database import without_nested_loops
from adapters.postgres.tables import (
    decision,
    evaluation,
    evaluation_input,
    revision,
    seller_amount,
    seller_snapshot,
)
from domain.months import SettlementMonth


@dataclass(frozen=True, slots=True)
class Layers:
    """An evaluation with the earlier ones of its month, oldest first, and its seller snapshot."""

    evaluation_ids: tuple[int, ...]
    snapshot_revision_id: int


def layers_of(connection: Connection, evaluation_id: int) -> Layers:
    """Return the evaluations whose decisions may be in effect for one of them."""
    asked, earlier = evaluation.alias("asked"), evaluation.alias("earlier")
    ids = connection.scalars(
        select(earlier.c.evaluation_id)
        .join(asked, asked.c.settlement_month == earlier.c.settlement_month)
        .where(asked.c.evaluation_id == evaluation_id)
        .where(earlier.c.evaluation_no <= asked.c.evaluation_no)
        .order_by(earlier.c.evaluation_no)
    )
    return Layers(tuple(ids), _snapshot_of(connection, evaluation_id))


def _snapshot_of(connection: Connection, evaluation_id: int) -> int:
    """Return the newest revision of an evaluation's window, which has its snapshot."""
    newest = (
        select(revision.c.revision_id)
        .join(evaluation_input, evaluation_input.c.revision_id == revision.c.revision_id)
        .where(evaluation_input.c.evaluation_id == evaluation_id)
        .order_by(revision.c.settlement_month.desc())
        .limit(1)
    )
    return int(connection.execute(newest).scalar_one())


def in_effect(layers: Layers) -> ColumnElement[bool]:
    """Return the condition that a row of `decision` is in effect for the newest layer."""
    ids, newer = layers.evaluation_ids, decision.alias("newer")
    if len(ids) == 1:
        return decision.c.evaluation_id == ids[0]
    replaced = exists().where(
        newer.c.evaluation_id.in_(ids[1:]),
        newer.c.evaluation_id > decision.c.evaluation_id,
        newer.c.seller_id == decision.c.seller_id,
    )
    in_the_snapshot = exists().where(
        seller_snapshot.c.revision_id == layers.snapshot_revision_id,
        seller_snapshot.c.seller_id == decision.c.seller_id,
    )
    return and_(decision.c.evaluation_id.in_(ids), ~replaced, in_the_snapshot)


def stores_with_changed_input(
    connection: Connection,
    before: Mapping[SettlementMonth, int],
    now: Mapping[SettlementMonth, int],
    counted_line_types: Collection[str],
) -> frozenset[str]:
    """Return the stores whose counted amounts or snapshot rows differ between two windows.

    Both windows map the same months to revisions; the last revision has the snapshot. A store that
    is missing from one snapshot differs.
    """
    replaced = {month: (before[month], now[month]) for month in now if before[month] != now[month]}
    last, found = max(now), set[str]()
    with without_nested_loops(connection):
        for revisions in replaced.values():
            found.update(_other_amounts(connection, *revisions, counted_line_types))
        if last in replaced:
            found.update(_other_snapshots(connection, *replaced[last]))
    return frozenset(found)


def _other_amounts(
    connection: Connection, before: int, now: int, counted_line_types: Collection[str]
) -> Iterator[str]:
    amount = seller_amount.c
    difference = case((amount.revision_id == now, amount.amount_krw), else_=-amount.amount_krw)
    return connection.scalars(
        select(amount.seller_id)
        .where(amount.revision_id.in_((before, now)), amount.line_type.in_(counted_line_types))
        .group_by(amount.seller_id)
        .having(func.sum(difference) != 0)
    )


def _other_snapshots(connection: Connection, before: int, now: int) -> Iterator[str]:
    old, new = (
        select(*(column for column in seller_snapshot.c if column.name != "revision_id"))
        .where(seller_snapshot.c.revision_id == number)
        .subquery(name)
        for name, number in (("old", before), ("new", now))
    )
    differs = or_(*(was.is_distinct_from(new.c[was.name]) for was in old.c))
    return connection.scalars(
        select(func.coalesce(new.c.seller_id, old.c.seller_id))
        .select_from(old.join(new, new.c.seller_id == old.c.seller_id, full=True))
        .where(differs)
    )
