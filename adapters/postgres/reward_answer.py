"""The answer to a reward day as CSV, streamed by COPY: a day may have millions of entries."""

from datetime import date
from typing import IO, TYPE_CHECKING, Final, cast

from psycopg import sql
from sqlalchemy import Connection

from domain.written import FORMULA

if TYPE_CHECKING:
    from psycopg import Cursor

_COPY: Final = sql.SQL("""
    COPY (
      SELECT {event_id} AS event_id, position, {seller_id} AS seller_id, kind, points,
             {customer_ref} AS customer_ref, state AS outcome
      FROM growth_points.reward WHERE reward_delivery_id = ANY (ARRAY(
        SELECT reward_delivery_id FROM growth_points.reward_delivery WHERE day = {day}))
      ORDER BY reward.event_id, position
    ) TO STDOUT (FORMAT csv, HEADER)
""")


def write_answer(connection: Connection, day: date, file: IO[bytes]) -> None:
    """Write every entry of a day as it stands, in the order of events and positions.

    A text that a spreadsheet would run as a formula is quoted with `'`, as in all CSV.
    """
    quoted = {name: _quoted(name) for name in ("event_id", "seller_id", "customer_ref")}
    cursor = cast("Cursor[object]", connection.connection.cursor())
    with cursor.copy(_COPY.format(day=sql.Literal(day), **quoted)) as blocks:
        for block in blocks:
            file.write(block)


def _quoted(column: str) -> sql.Composable:
    return sql.SQL("CASE WHEN {text} ~ {formula} THEN '''' || {text} ELSE {text} END").format(
        text=sql.Identifier(column), formula=sql.Literal(FORMULA)
    )
