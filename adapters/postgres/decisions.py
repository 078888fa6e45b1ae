"""What was decided for the stores of a month, and the facts that it was decided on."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    Subquery,
    false,
    func,
    select,
)

from adapters.postgres.database import without_nested_loops
from adapters.postgres.decided import in_effect, layers_of
from adapters.postgres.deciding import DecisionInput, among, facts_of, parameters_of
from adapters.postgres.evaluations import Evaluation
from adapters.postgres.tables import decision, evaluation, policy
from domain.decision import ChangedResult, Decision, Outcome, Result, SellerFacts
from domain.eligibility import Reason
from domain.funnel import Funnel
from domain.ledger import Award
from domain.months import SettlementMonth
from domain.policy import MOST_TIERS

_FACTS = {each.name: f"facts_{each.name}" for each in fields(SellerFacts)}


@dataclass(frozen=True, slots=True)
class RecordedStore:
    """A store's facts, and its recorded result and window sum."""

    seller_id: str
    facts: SellerFacts | None
    result: Result | None
    window_amount_krw: int | None


def recorded_facts(
    connection: Connection,
    evaluation_id: int,
    given: DecisionInput,
    *,
    seller_id: str | None = None,
    only_its_own: bool = False,
) -> Iterator[RecordedStore]:
    """Stream each store's facts and its decision in an evaluation, ordered by seller id.

    Facts are None for a store that is not in the snapshot, the rest for one without a decision.
    With `only_its_own`, decisions of earlier evaluations are left out.
    """
    stores = None if seller_id is None else [seller_id]
    facts = facts_of(given, stores).subquery("facts")
    if only_its_own:
        decided = _decision(decision.c.evaluation_id == evaluation_id).subquery("decided")
    else:
        decided = _decided(connection, evaluation_id, stores).subquery("decided")
    query = _beside_facts(decided, facts, full=not only_its_own)
    with without_nested_loops(connection):
        rows = connection.execute(
            query,
            parameters_of(given.earlier_awards, stores),
            execution_options={"yield_per": 10_000},
        )
    for row in rows.mappings():
        yield RecordedStore(
            seller_id=row["store"],
            facts=_seller_facts(row),
            result=_result(row, "decided"),
            window_amount_krw=row["decided_window_amount_krw"],
        )


def _beside_facts(decided: Subquery, facts: Subquery, *, full: bool) -> Select[*tuple[Any, ...]]:
    """Select decisions beside the facts of the same stores; `full` adds stores without one."""
    same_store = decided.c.seller_id == facts.c.seller_id
    either = func.coalesce(facts.c.seller_id, decided.c.seller_id)
    return (
        select(either.label("store"), *_named_after(facts), *_named_after(decided))
        .select_from(decided.join(facts, same_store, isouter=not full, full=full))
        .order_by(either)
    )


def _decided(
    connection: Connection, evaluation_id: int | None, stores: Collection[str] | None = None
) -> Select[*tuple[Any, ...]]:
    if evaluation_id is None:
        return _decision(false())
    holding = in_effect(layers_of(connection, evaluation_id))
    return _decision(holding, *among(stores, decision.c.seller_id))


def _decision(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    names = ("seller_id", "tier", "points", "reasons", "window_amount_krw")
    return select(*(decision.c[name] for name in names)).where(*conditions)


def _named_after(source: Subquery) -> list[ColumnElement[Any]]:
    """Label the columns of a subquery with its name, to select them with those of another."""
    return [column.label(f"{source.name}_{column.name}") for column in source.c]


def _seller_facts(row: RowMapping) -> SellerFacts | None:
    if row["facts_seller_id"] is None:
        return None
    facts = {name: row[column] for name, column in _FACTS.items()}
    return SellerFacts(**{**facts, "awarded_tiers": _tiers_of(facts["awarded_tiers"])})


@cache
def _tiers_of(bits: int) -> frozenset[int]:
    return frozenset(tier for tier in range(1, MOST_TIERS + 1) if bits & 1 << (tier - 1))


def earned_awards(connection: Connection, evaluation_id: int, month: SettlementMonth) -> set[Award]:
    """Return the awards of an evaluation."""
    with without_nested_loops(connection):
        rows = connection.execute(
            select(decision.c.seller_id, decision.c.tier, decision.c.points).where(
                in_effect(layers_of(connection, evaluation_id)),
                decision.c.outcome == Outcome.AWARDED,
            )
        ).all()
    return {Award(month, seller_id, tier, points) for seller_id, tier, points in rows}


def changed_results(
    connection: Connection,
    before: Evaluation | None,
    after: Evaluation,
    stores: Collection[str] | None = None,
) -> tuple[ChangedResult, ...]:
    """Return the stores, all or some, whose award differs between two evaluations, ordered by id.

    Without an earlier evaluation, these are the awarded stores.
    """
    old_id = None if before is None else before.evaluation_id
    old = _decided(connection, old_id, stores).subquery("old")
    new = _decided(connection, after.evaluation_id, stores).subquery("new")
    with without_nested_loops(connection):
        found = connection.execute(_differing(old, new), parameters_of((), stores))
        rows = found.mappings().all()
    return tuple(
        ChangedResult(row["store"], _result(row, "old"), _result(row, "new")) for row in rows
    )


def _differing(old: Subquery, new: Subquery) -> Select[*tuple[Any, ...]]:
    """Select the stores whose award differs between two subqueries of decisions."""
    seller_id = func.coalesce(old.c.seller_id, new.c.seller_id)
    return (
        select(seller_id.label("store"), *_named_after(old), *_named_after(new))
        .select_from(old.join(new, old.c.seller_id == new.c.seller_id, full=True))
        .where(
            old.c.tier.is_distinct_from(new.c.tier)
            | (func.coalesce(old.c.points, 0) != func.coalesce(new.c.points, 0))
        )
        .order_by(seller_id)
    )


def _result(row: RowMapping, of: str) -> Result | None:
    """Return the result in a row's columns of this name, None if there is none."""
    if row[f"{of}_seller_id"] is None:
        return None
    reasons = tuple(map(Reason, row[f"{of}_reasons"]))
    return Result(row[f"{of}_tier"], row[f"{of}_points"], reasons)


def decisions(
    connection: Connection, evaluation_id: int, *, seller_id: str | None = None
) -> Iterator[Decision]:
    """Stream the decisions of an evaluation, ordered by seller id."""
    asked = evaluation.alias("asked")
    query = (
        select(asked.c.settlement_month, policy.c.name, *decision.c)
        .select_from(decision)
        .join(asked, asked.c.evaluation_id == evaluation_id)
        .join(policy, policy.c.policy_hash == asked.c.policy_hash)
        .where(in_effect(layers_of(connection, evaluation_id)))
        .order_by(decision.c.seller_id)
    )
    if seller_id is not None:
        query = query.where(decision.c.seller_id == seller_id)
    rows = connection.execute(query, execution_options={"yield_per": 10_000})
    for row in rows:
        yield Decision(
            settlement_month=row.settlement_month,
            seller_id=row.seller_id,
            outcome=Outcome(row.outcome),
            tier=row.tier,
            points=row.points,
            window_amount_krw=row.window_amount_krw,
            reasons=tuple(map(Reason, row.reasons)),
            policy=row.name,
        )


def funnel(connection: Connection, evaluation_id: int) -> Funnel:
    """Count the stores of an evaluation by their reasons."""
    with without_nested_loops(connection):
        rows = connection.execute(
            select(decision.c.reasons, func.count())
            .where(in_effect(layers_of(connection, evaluation_id)))
            .group_by(decision.c.reasons)
        ).all()
    return Funnel({tuple(map(Reason, reasons)): count for reasons, count in rows})
