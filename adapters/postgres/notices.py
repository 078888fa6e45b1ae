"""Notices: which stores were told that their points expire."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class NoticeList:
    """The stores that were told together, and their points."""

    notice_list_id: int
    stores: int
    points: int


@dataclass(frozen=True, slots=True)
class Notice:
    """What a store was told: its points, and until when it may use them.

    It is void once a grant has moved the last usable day.
    """

    notice_list_id: int
    told_on: date
    seller_id: str
    points: int
    last_usable_on: date
    days_before: int
    void: bool


def record_notices(
    connection: Connection, due: Mapping[date, int], actor: str
) -> NoticeList | None:
    """Record a notice for each store that is to be told and was not; None if there is none.

    `due` has the last usable days, each with the number of days before it that is told. The caller
    holds the program's lock.
    """
    asked = {"last_days": list(due), "days_before": list(due.values())}
    stores, points = connection.execute(_COUNT, asked).one()
    if not stores:
        return None
    number = connection.scalar(_LIST, {"actor": actor})
    connection.execute(_NOTICES, asked | {"notice_list_id": number})
    return NoticeList(int(number or 0), stores, points)


def notices(
    connection: Connection,
    *,
    notice_list_id: int | None = None,
    seller_id: str | None = None,
    standing_only: bool = False,
) -> Iterator[Notice]:
    """List notices in the order in which they were made; `standing_only` those not void or over."""
    asked = {
        "notice_list_id": notice_list_id,
        "seller_id": seller_id,
        "standing_only": standing_only,
    }
    for row in connection.execute(_LISTED, asked):
        yield Notice(*row)


_DUE: Final = """
    FROM growth_points.expiring
    JOIN unnest(CAST(:last_days AS date[]), CAST(:days_before AS integer[]))
      AS due (last_usable_on, days_before) USING (last_usable_on)
    WHERE NOT EXISTS (
      SELECT FROM growth_points.notice told
      WHERE (told.seller_id, told.last_usable_on, told.days_before)
          = (expiring.seller_id, due.last_usable_on, due.days_before))
"""
_COUNT: Final = text(f"SELECT count(*), coalesce(sum(points), 0)::bigint {_DUE}")
_LIST: Final = text("""
    INSERT INTO growth_points.notice_list (actor) VALUES (:actor) RETURNING notice_list_id
""")
_NOTICES: Final = text(f"""
    INSERT INTO growth_points.notice
      (notice_list_id, seller_id, last_usable_on, days_before, points)
    SELECT :notice_list_id, seller_id, last_usable_on, days_before, points {_DUE}
""")
_LISTED: Final = text("""
    SELECT notice_list_id, told_on, seller_id, notice.points, notice.last_usable_on, days_before,
           balance.last_usable_on <> notice.last_usable_on AS void
    FROM growth_points.notice JOIN growth_points.notice_list USING (notice_list_id)
    JOIN growth_points.balance USING (seller_id)
    WHERE account = 'available'
      AND notice_list_id = coalesce(:notice_list_id, notice_list_id)
      AND seller_id = coalesce(:seller_id, seller_id)
      AND (NOT :standing_only OR balance.last_usable_on = notice.last_usable_on
           AND notice.last_usable_on >= growth_points.today())
    ORDER BY notice_list_id, notice.last_usable_on, seller_id
""")
