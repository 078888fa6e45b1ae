"""Deciding a whole month in one statement: facts gathered by joins, each rule a column."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import reduce
from operator import or_
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Integer,
    Select,
    Subquery,
    TableValuedAlias,
    Text,
    any_,
    bindparam,
    cast,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from adapters.postgres.database import without_nested_loops
from adapters.postgres.eligibility_columns import (
    SellerColumns,
    outcome_column,
    points_column,
    reasons_column,
    tier_column,
)
from adapters.postgres.tables import decision, seller_amount, seller_snapshot
from domain.eligibility import Terms
from domain.ledger import Award


@dataclass(frozen=True, slots=True)
class DecisionInput:
    """What stores are decided on.

    `revision_ids` are those of the window, oldest first; the last one has the snapshot.
    """

    terms: Terms
    revision_ids: Sequence[int]
    earlier_awards: Collection[Award]


def decide_stores(
    connection: Connection,
    evaluation_id: int,
    given: DecisionInput,
    stores: Collection[str] | None = None,
) -> None:
    """Decide all or some stores of the snapshot in one INSERT … SELECT.

    Amounts of counted line types (rule 2) are summed over the window's revisions; a month without
    sales is 0 (rule 5).
    """
    terms, facts = given.terms, facts_of(given, stores).cte("facts")
    seller = SellerColumns(**{each.name: facts.c[each.name] for each in fields(SellerColumns)})
    decided = select(
        literal(evaluation_id, Integer),
        facts.c.seller_id,
        outcome_column(terms, seller),
        tier_column(terms, seller),
        points_column(terms, seller),
        facts.c.window_amount_krw,
        reasons_column(terms, seller),
    ).order_by(facts.c.seller_id)
    with without_nested_loops(connection):
        connection.execute(
            insert(decision).from_select([column.name for column in decision.c], decided),
            parameters_of(given.earlier_awards, stores),
        )


def facts_of(
    given: DecisionInput, stores: Collection[str] | None = None
) -> Select[*tuple[Any, ...]]:
    """Select the facts of all or some stores of the snapshot; `parameters_of` completes it."""
    snapshot, amounts, awarded = seller_snapshot, _window_amounts(given, stores), _awarded()
    return (
        select(
            *(column for column in snapshot.c if column.name != "revision_id"),
            func.coalesce(amounts.c.window_amount_krw, 0).label("window_amount_krw"),
            func.coalesce(awarded.c.awarded_tiers, 0).label("awarded_tiers"),
        )
        .select_from(snapshot)
        .outerjoin(amounts, amounts.c.seller_id == snapshot.c.seller_id)
        .outerjoin(awarded, awarded.c.seller_id == snapshot.c.seller_id)
        .where(
            snapshot.c.revision_id == given.revision_ids[-1],
            *among(stores, snapshot.c.seller_id),
        )
    )


def _window_amounts(given: DecisionInput, stores: Collection[str] | None) -> Subquery:
    """Sum each store's counted amounts over the window."""
    amount = seller_amount.c
    return (
        select(
            amount.seller_id,
            cast(func.sum(amount.amount_krw), BigInteger).label("window_amount_krw"),
        )
        .where(
            amount.revision_id.in_(given.revision_ids),
            amount.line_type.in_(given.terms.policy.counted_line_types),
            *among(stores, amount.seller_id),
        )
        .group_by(amount.seller_id)
        .subquery("amounts")
    )


def _awarded() -> TableValuedAlias:
    """Return the stores with earlier awards, each with its tiers as bits, from parameters."""
    return (
        func.unnest(
            bindparam("awarded_sellers", type_=ARRAY(Text())),
            bindparam("awarded_tiers", type_=ARRAY(Integer())),
        )
        .table_valued("seller_id", "awarded_tiers", name="awarded")
        .render_derived()
    )


def among(stores: Collection[str] | None, seller_id: Column[str]) -> list[ColumnElement[bool]]:
    """Return the condition that selects the given stores; none for all of them."""
    return [] if stores is None else [seller_id == any_(bindparam("stores", type_=ARRAY(Text())))]


def parameters_of(
    awards: Collection[Award], stores: Collection[str] | None
) -> Mapping[str, Sequence[object]]:
    """Return the parameters of a statement over `facts_of`."""
    if stores is not None:
        awards = [each for each in awards if each.seller_id in stores]
    sellers, tiers = _tiers_by_seller(awards)
    return {"awarded_sellers": sellers, "awarded_tiers": tiers, "stores": sorted(stores or ())}


def _tiers_by_seller(awards: Collection[Award]) -> tuple[list[str], list[int]]:
    bits: dict[str, list[int]] = {}
    for award in awards:
        bits.setdefault(award.seller_id, []).append(1 << (award.tier - 1))
    return list(bits), [reduce(or_, each) for each in bits.values()]
