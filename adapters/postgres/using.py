"""What stores have and may use: standings, linked search-ad accounts, conversions."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, text

from domain.ledger import Account
from domain.using.standing import Standing


class ConversionState(StrEnum):
    """Where a conversion stands: its points are held until it has ended, once."""

    HELD = "held"
    DELIVERED = "delivered"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Conversion:
    """A conversion of points to search-ad credit, as far as it has come.

    `conversion_no` is the posting that holds the points. `answer` is the ad system's newest one.
    """

    conversion_no: int
    seller_id: str
    request_id: str
    points: int
    account_id: str
    requested_on: date
    requested_at: datetime
    state: ConversionState
    ended_at: datetime | None
    attempts: int
    answer: str | None
    tried_at: datetime | None


@dataclass(frozen=True, slots=True)
class HeldConversions:
    """The conversions that have not ended; `unanswered` have been tried for ten minutes or more.

    `silent_seconds` is for how long they were tried in vain since the last conversion ended.
    """

    conversions: int
    points: int
    unanswered: int
    oldest_seconds: int
    silent_seconds: int


def today(connection: Connection) -> date:
    """Return the day in Seoul by the database's clock, which decides what may be used."""
    return connection.execute(_TODAY).scalar_one()  # type: ignore[no-any-return]


def standing_of(connection: Connection, seller_id: str) -> Standing:
    """Return what a store has, and may use."""
    row = connection.execute(_STANDING, {"seller_id": seller_id}).one()
    return Standing(seller_id, *row)


def balances_of(connection: Connection, seller_id: str) -> dict[Account, int]:
    """Return what a store has in each account in which it ever had points."""
    rows = connection.execute(_BALANCES, {"seller_id": seller_id})
    return {Account(account): points for account, points in rows}


def newest_status(connection: Connection, seller_id: str) -> str | None:
    """Return a store's status in the newest snapshot that has the store; None without one."""
    status: str | None = connection.scalar(_STATUS, {"seller_id": seller_id})
    return status


def link_ad_account(
    connection: Connection, seller_id: str, account_id: str | None, actor: str
) -> bool:
    """Link a search-ad account, None to unlink; returns False if that is so already."""
    if standing_of(connection, seller_id).account_id == account_id:
        return False
    connection.execute(_LINK, {"seller_id": seller_id, "account_id": account_id, "actor": actor})
    return True


def conversions(
    connection: Connection,
    *,
    seller_id: str | None = None,
    held_only: bool = False,
    after: int = 0,
    limit: int | None = None,
) -> Iterator[Conversion]:
    """List conversions, oldest first; `held_only` those that have not ended.

    A page of them has at most `limit`, whose numbers come `after` another one.
    """
    asked = {"seller_id": seller_id, "held_only": held_only, "after": after, "limit": limit}
    return _conversions(connection, **asked)


def newest_conversions(
    connection: Connection, seller_id: str, most: int
) -> tuple[int, tuple[Conversion, ...]]:
    """Count a store's conversions, and list the newest of them, oldest first."""
    asked = {"seller_id": seller_id, "most": most}
    total, before = connection.execute(_BEFORE_NEWEST, asked).one()
    return total, tuple(conversions(connection, seller_id=seller_id, after=before))


def requested_conversion(
    connection: Connection, seller_id: str, request_id: str
) -> Conversion | None:
    """Return the conversion that a store requested; None if there is none."""
    return next(_conversions(connection, seller_id=seller_id, request_id=request_id), None)


def find_conversion(connection: Connection, conversion_no: int) -> Conversion:
    """Return a conversion that was recorded."""
    return next(_conversions(connection, conversion_no=conversion_no))


def _conversions(connection: Connection, **asked: object) -> Iterator[Conversion]:
    anything = {
        **dict.fromkeys(("conversion_no", "seller_id", "request_id", "limit")),
        "held_only": False,
        "after": 0,
    }
    listed = _OF_HOLDERS if asked.get("held_only") else _OF_ALL
    for row in connection.execute(listed, anything | asked).mappings():
        yield Conversion(**{**row, "state": ConversionState(row["state"])})


def held_conversions(connection: Connection) -> HeldConversions:
    """Return how many conversions are held, for how long, and whether others end meanwhile."""
    return HeldConversions(*connection.execute(_HELD).one())


def unanswered_conversions(connection: Connection) -> tuple[int, int]:
    """Count the held conversions that have been tried for ten minutes or more, and their points.

    It reads those alone that were tried in vain, and not all that were ever made.
    """
    conversions, points = connection.execute(_UNANSWERED).one()
    return conversions, points


def record_attempt(connection: Connection, conversion_no: int, answer: str) -> None:
    """Record that the ad system gave no answer that ends a conversion, and why."""
    connection.execute(_ATTEMPT, {"conversion_no": conversion_no, "answer": answer[:500]})


_TODAY: Final = text("SELECT growth_points.today()")
_STANDING: Final = text("""
    SELECT coalesce(max(points) FILTER (WHERE account = 'available'), 0)::bigint,
           coalesce(max(points) FILTER (WHERE account = 'held'), 0)::bigint,
           max(last_usable_on),
           (SELECT account_id FROM growth_points.ad_account_link WHERE seller_id = :seller_id
            ORDER BY link_no DESC LIMIT 1)
    FROM growth_points.balance WHERE seller_id = :seller_id
""")
_BALANCES: Final = text("""
    SELECT account, points FROM growth_points.balance WHERE seller_id = :seller_id
""")
_STATUS: Final = text("""
    SELECT status FROM growth_points.revision JOIN LATERAL (
      SELECT status FROM growth_points.seller_snapshot store
      WHERE (store.revision_id, store.seller_id) = (revision.revision_id, :seller_id)
    ) store ON true
    ORDER BY settlement_month DESC, revision_no DESC LIMIT 1
""")
_LINK: Final = text("""
    INSERT INTO growth_points.ad_account_link (seller_id, account_id, actor)
    VALUES (:seller_id, :account_id, :actor)
""")
_ATTEMPT: Final = text("""
    INSERT INTO growth_points.conversion_attempt (conversion_no, answer)
    VALUES (:conversion_no, :answer)
""")
# Points are held in an account of their own: whoever has none there has no conversion that is held.
# The planner expects far more of those than there are, and would read all conversions ever made.
_HOLDERS: Final = """(
  SELECT own.* FROM growth_points.balance CROSS JOIN LATERAL (
    SELECT * FROM growth_points.conversion WHERE conversion.seller_id = balance.seller_id OFFSET 0
  ) own
  WHERE account = 'held' AND balance.points > 0
)"""
_FOR_LONG: Final = "min(asked_at) <= clock_timestamp() - interval '10 minutes'"
_HELD: Final = text(f"""
    SELECT count(*), coalesce(sum(points), 0)::bigint, count(*) FILTER (WHERE for_long),
           coalesce(extract(epoch FROM clock_timestamp() - min(recorded_at)), 0)::bigint,
           coalesce(extract(epoch FROM max(until) - min(since)), 0)::bigint
    FROM {_HOLDERS} conversion JOIN growth_points.posting USING (posting_no)
    CROSS JOIN (
      SELECT max(recorded_at) AS ended_at FROM growth_points.posting
      WHERE posting_no = (SELECT max(posting_no) FROM growth_points.conversion_end)
    ) last
    CROSS JOIN LATERAL (
      SELECT {_FOR_LONG} AS for_long, max(asked_at) AS until,
             min(asked_at) FILTER (WHERE asked_at > coalesce(ended_at, '-infinity')) AS since
      FROM growth_points.conversion_attempt tried
      WHERE tried.conversion_no = conversion.posting_no
    ) tried
    WHERE NOT EXISTS (
      SELECT FROM growth_points.conversion_end WHERE conversion_no = conversion.posting_no)
""")  # noqa: S608 our own words
_UNANSWERED: Final = text(f"""
    SELECT count(*), coalesce(sum(points), 0)::bigint
    FROM (
      SELECT conversion_no FROM growth_points.conversion_attempt
      GROUP BY conversion_no HAVING {_FOR_LONG}
    ) tried JOIN growth_points.conversion ON posting_no = conversion_no
    WHERE NOT EXISTS (
      SELECT FROM growth_points.conversion_end ended
      WHERE ended.conversion_no = tried.conversion_no)
""")  # noqa: S608 our own words
_BEFORE_NEWEST: Final = text("""
    WITH own AS MATERIALIZED (
      SELECT posting_no FROM growth_points.conversion WHERE seller_id = :seller_id
    )
    SELECT (SELECT count(*) FROM own), coalesce(min(posting_no) - 1, 0)
    FROM (SELECT posting_no FROM own ORDER BY posting_no DESC LIMIT :most) newest
""")
_CONVERSIONS: Final = """
    SELECT conversion.posting_no AS conversion_no, seller_id, request_id, points, account_id,
           requested_on, hold.recorded_at AS requested_at, coalesce(outcome, 'held') AS state,
           moved.recorded_at AS ended_at, coalesce(tried.attempts, 0) AS attempts,
           coalesce(ended.answer, tried.answer) AS answer, tried.tried_at
    FROM {conversion} conversion
    JOIN growth_points.posting hold USING (posting_no)
    LEFT JOIN growth_points.conversion_end ended ON conversion_no = conversion.posting_no
    LEFT JOIN growth_points.posting moved ON moved.posting_no = ended.posting_no
    LEFT JOIN LATERAL (
      SELECT count(*) AS attempts, (array_agg(answer ORDER BY attempt_no DESC))[1] AS answer,
             max(asked_at) AS tried_at
      FROM growth_points.conversion_attempt WHERE conversion_no = conversion.posting_no
    ) tried ON true
    WHERE conversion.posting_no = coalesce(:conversion_no, conversion.posting_no)
      AND seller_id = coalesce(:seller_id, seller_id)
      AND request_id = coalesce(:request_id, request_id)
      AND conversion.posting_no > :after
      AND (outcome IS NULL OR NOT :held_only)
    ORDER BY conversion.posting_no LIMIT CAST(:limit AS bigint)
"""
_OF_ALL: Final = text(_CONVERSIONS.format(conversion="growth_points.conversion"))
_OF_HOLDERS: Final = text(_CONVERSIONS.format(conversion=_HOLDERS))
