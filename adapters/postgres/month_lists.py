"""The awards and decisions of a month a page at a time, sorted and filtered by the database."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, func, select

from adapters.postgres.decided import in_effect, layers_of
from adapters.postgres.ledger.tables import award
from adapters.postgres.tables import decision
from domain.decision import Outcome
from domain.eligibility import Reason
from domain.months import SettlementMonth


@dataclass(frozen=True, slots=True)
class ListedAward:
    """An award of a month; `state` is `pending`, `paid` or `reversed`."""

    seller_id: str
    tier: int
    points: int
    state: str


@dataclass(frozen=True, slots=True)
class ListedDecision:
    """A decision of a month."""

    seller_id: str
    outcome: Outcome
    tier: int | None
    points: int
    window_amount_krw: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rows of a list, in which order: `by` is a column, `start` how ids of stores begin.

    `only` are values that columns must have; `limit` None is all rows.
    """

    by: str
    descending: bool = False
    start: str = ""
    only: tuple[tuple[str, object], ...] = ()
    offset: int = 0
    limit: int | None = None


def awards_of(
    connection: Connection, month: SettlementMonth, choice: Choice
) -> tuple[int, Sequence[ListedAward]]:
    """Count the chosen awards of a month, and list a page of them."""
    columns = [award.c[name] for name in ListedAward.__dataclass_fields__]
    chosen = select(*columns).where(award.c.settlement_month == month)
    chosen = _filtered(chosen, award.c.seller_id, award.c, choice)
    total, rows = _page(connection, chosen, award.c, choice)
    return total, [ListedAward(*row) for row in rows]


def decisions_of(
    connection: Connection, evaluation_id: int, choice: Choice
) -> tuple[int, Sequence[ListedDecision]]:
    """Count the chosen decisions in effect for an evaluation, and list a page of them."""
    columns = [decision.c[name] for name in ListedDecision.__dataclass_fields__]
    chosen = select(*columns).where(in_effect(layers_of(connection, evaluation_id)))
    chosen = _filtered(chosen, decision.c.seller_id, decision.c, choice)
    total, rows = _page(connection, chosen, decision.c, choice)
    return total, list(map(_decision, rows))


def _decision(row: Any) -> ListedDecision:
    reasons = tuple(map(Reason, row.reasons))
    facts = (row.tier, row.points, row.window_amount_krw)
    return ListedDecision(row.seller_id, Outcome(row.outcome), *facts, reasons)


_LAST_CHARACTER: Final = chr(0x10FFFF)


def _filtered(
    chosen: Select[Any], seller_id: ColumnElement[str], columns: Any, choice: Choice
) -> Select[Any]:
    if choice.start:
        until = choice.start + _LAST_CHARACTER
        chosen = chosen.where(seller_id.between(choice.start, until))
    for name, value in choice.only:
        column = columns[name]
        holds = column.contains([value]) if name == "reasons" else column == value
        chosen = chosen.where(holds)
    return chosen


def _page(
    connection: Connection, chosen: Select[Any], columns: Any, choice: Choice
) -> tuple[int, Iterator[Any]]:
    total = connection.scalar(select(func.count()).select_from(chosen.subquery())) or 0
    by = columns[choice.by]
    order = by.desc().nulls_last() if choice.descending else by.asc().nulls_last()
    page = chosen.order_by(order, columns.seller_id).offset(choice.offset).limit(choice.limit)
    return total, iter(connection.execute(page).all())
