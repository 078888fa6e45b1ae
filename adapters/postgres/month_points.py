"""The points of each month: awarded and paid for it, used and expired in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text

from adapters.postgres.ledger import payouts, pending_totals
from adapters.postgres.tables import Month
from domain.months import SettlementMonth


@dataclass(frozen=True, slots=True)
class MonthPoints:
    """The points of a month: awarded and paid for the settlement month, used and expired in it.

    What stores used and lost counts in the month in Seoul in which it was sealed.
    """

    awarded: int = 0
    paid: int = 0
    used: int = 0
    expired: int = 0


def points_by_month(connection: Connection) -> Mapping[SettlementMonth, MonthPoints]:
    """Add up the points of every month that has any; the time does not grow with the ledger."""
    paid = {each.settlement_month: each.points for each in payouts(connection)}
    pending = {month: points for month, (_, points) in pending_totals(connection).items()}
    gone = {month: (used, expired) for month, used, expired in connection.execute(_GONE)}
    return {
        month: MonthPoints(
            paid.get(month, 0) + pending.get(month, 0),
            paid.get(month, 0),
            *map(int, gone.get(month, (0, 0))),
        )
        for month in sorted({*paid, *pending, *gone})
    }


# The last seal of each month is searched by halves, as no index has the dates. What the accounts of
# the program had then is what seals carry; in the month that is not over, it is what they have now.
_GONE: Final = text("""
    WITH RECURSIVE month AS (
      SELECT month::date, (month + interval '1 month') AT TIME ZONE 'Asia/Seoul' AS ends_at
      FROM generate_series(
        date_trunc('month', (SELECT sealed_at AT TIME ZONE 'Asia/Seoul' FROM growth_points.seal
                             ORDER BY seal_no LIMIT 1)),
        date_trunc('month', growth_points.today()::timestamp), interval '1 month') month
    ), search AS (
      SELECT month, ends_at, 0::bigint AS low,
             (SELECT max(seal_no) FROM growth_points.seal) AS high FROM month
      UNION ALL
      SELECT month, ends_at, CASE WHEN sealed_at < ends_at THEN middle ELSE low END,
             CASE WHEN sealed_at < ends_at THEN high ELSE middle - 1 END
      FROM search CROSS JOIN LATERAL (SELECT (low + high + 1) / 2 AS middle) half
      CROSS JOIN LATERAL (
        SELECT sealed_at FROM growth_points.seal WHERE seal_no >= middle ORDER BY seal_no LIMIT 1
      ) seal
      WHERE low < high
    ), had AS (
      SELECT month, account,
             CASE WHEN ends_at > clock_timestamp() THEN now.points
                  ELSE coalesce(carried.points, 0) END AS points
      FROM search CROSS JOIN (
        SELECT account, points FROM growth_points.program_balance WHERE account <> 'program_fund'
      ) now
      LEFT JOIN LATERAL (
        SELECT points FROM growth_points.seal_balance
        WHERE seal_balance.account = now.account AND seal_no <= low
        ORDER BY seal_no DESC LIMIT 1
      ) carried ON true
      WHERE low = high
    ), gone AS (
      SELECT month, account = 'expired' AS has_expired,
             points - coalesce(lag(points) OVER (PARTITION BY account ORDER BY month), 0) AS points
      FROM had
    )
    SELECT month, coalesce(sum(points) FILTER (WHERE NOT has_expired), 0) AS used,
           coalesce(sum(points) FILTER (WHERE has_expired), 0) AS expired
    FROM gone GROUP BY month HAVING bool_or(points <> 0) ORDER BY month
""").columns(month=Month())
