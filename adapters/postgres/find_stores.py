"""Finding stores: by how their ids begin, or by what happened to their points."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class FoundStore:
    """A store, with its points."""

    seller_id: str
    available: int
    pending: int


def stores_beginning(connection: Connection, start: str, most: int) -> Iterator[FoundStore]:
    """List the stores of the newest snapshot whose ids begin so, in order."""
    for row in connection.execute(_BEGINNING, {"start": start, "most": most}):
        yield FoundStore(*row)


def stores_to_show(connection: Connection, most: int) -> Iterator[FoundStore]:
    """List the stores with the most kinds of transfers, then one without any."""
    for row in connection.execute(_MOST_HAPPENED, {"most": most}):
        yield FoundStore(*row)


_POINTS: Final = """
    coalesce(sum(points) FILTER (WHERE account = 'available'), 0)::bigint AS available,
    coalesce(sum(points) FILTER (WHERE account = 'pending'), 0)::bigint AS pending
"""
# The primary key finds a range of ids, also where the plan does not know how they begin.
_BEGINNING: Final = text(f"""
    SELECT store.seller_id, {_POINTS} FROM (
      SELECT seller_id FROM growth_points.seller_snapshot WHERE revision_id = (
        SELECT revision_id FROM growth_points.revision
        ORDER BY settlement_month DESC, revision_no DESC LIMIT 1)
      AND seller_id BETWEEN :start AND :start || chr(1114111) AND starts_with(seller_id, :start)
      ORDER BY seller_id LIMIT :most
    ) store LEFT JOIN growth_points.balance USING (seller_id)
    GROUP BY store.seller_id ORDER BY store.seller_id
""")  # noqa: S608 the columns are written above
_MOST_HAPPENED: Final = text(f"""
    (SELECT seller_id, available, pending
     FROM (SELECT seller_id, {_POINTS} FROM growth_points.balance GROUP BY seller_id) store
     JOIN (
       SELECT seller_id, count(DISTINCT kind) AS kinds
       FROM growth_points.transfer GROUP BY seller_id
     ) happened USING (seller_id)
     ORDER BY kinds DESC, available DESC, seller_id LIMIT :most)
    UNION ALL
    (SELECT seller_id, 0, 0 FROM growth_points.seller_snapshot store
     WHERE NOT EXISTS (SELECT FROM growth_points.balance WHERE seller_id = store.seller_id)
     ORDER BY seller_id LIMIT 1)
""")  # noqa: S608 the columns are written above
