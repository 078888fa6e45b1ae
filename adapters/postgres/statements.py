"""What stores see of their points: statements, what expires, whether consulting is open."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, text

from adapters.postgres.tables import Month
from domain.ledger import Award, TransferKind


@dataclass(frozen=True, slots=True)
class StatementLine:
    """What changed a store's available points; `points` is below zero for what was taken.

    `reference` is the settlement month of a payout, the reason of an adjustment, the request of a
    conversion, the last usable day of an expiry, event and position of a reward, whose transfer may
    pay several. `balance` is what was available afterwards, `line_no` the line's place among all
    that the store has.
    """

    line_no: int
    entry_no: int
    on: date
    kind: TransferKind
    points: int
    reference: str
    balance: int


@dataclass(frozen=True, slots=True)
class Expiring:
    """A store's balance, and the last day on which it may be used."""

    seller_id: str
    points: int
    last_usable_on: date


def statement(
    connection: Connection,
    seller_id: str,
    *,
    since: date | None = None,
    until: date | None = None,
    kinds: Collection[TransferKind] | None = None,
    after: int = 0,
    limit: int | None = None,
) -> Iterator[StatementLine]:
    """List what changed a store's available points, in order, with the balance after each.

    A page of it has at most `limit` lines, which come `after` the one of another number.
    """
    asked = {
        "seller_id": seller_id,
        "since": since,
        "until": until,
        "kinds": None if kinds is None else list(kinds),
        "after": after,
        "limit": limit,
    }
    for row in connection.execute(_STATEMENT, asked).mappings():
        yield StatementLine(**{**row, "kind": TransferKind(row["kind"])})


def expiring(connection: Connection, until: date) -> Iterator[Expiring]:
    """List the balances that expire after a day until then, the first ones first."""
    for row in connection.execute(_EXPIRING, {"until": until}):
        yield Expiring(*row)


def award_for_consulting(connection: Connection, seller_id: str) -> Award | None:
    """Return a store's first award that stands, which opens consulting to it (U22); or None."""
    row = connection.execute(_AWARD, {"seller_id": seller_id}).first()
    return None if row is None else Award(*row)


# The running balance is of all lines, also of those before the first day that is asked for. What a
# store pays customers by one transfer is a line for each entry.
_STATEMENT: Final = text("""
    SELECT line_no, entry_no, "on", kind, points, reference, balance FROM (
      SELECT entry_no, effective_on AS "on", transfer.kind, signed.points,
             coalesce(
               CASE transfer.kind
               WHEN 'payout' THEN to_char(posting.settlement_month, 'YYYY-MM')
               WHEN 'conversion' THEN held.request_id
               WHEN 'return' THEN returned.request_id
               WHEN 'expiry' THEN to_char(expiry.last_usable_on, 'YYYY-MM-DD')
               ELSE coalesce(entry.event_id || ' ' || entry.position, reason) END, '')
               AS reference,
             sum(signed.points) OVER in_order::bigint AS balance,
             row_number() OVER in_order AS line_no
      FROM growth_points.transfer JOIN growth_points.posting USING (posting_no)
      LEFT JOIN growth_points.conversion held USING (posting_no)
      LEFT JOIN growth_points.conversion_end ended USING (posting_no)
      LEFT JOIN growth_points.conversion returned ON returned.posting_no = ended.conversion_no
      LEFT JOIN growth_points.expiry ON expiry.posting_no = transfer.posting_no
        AND expiry.seller_id = transfer.seller_id
      LEFT JOIN LATERAL (
        SELECT event_id, position, points, occurred_on FROM growth_points.reward_entry
        WHERE (posting_no, seller_id) = (transfer.posting_no, transfer.seller_id)
        UNION ALL
        SELECT event_id, position, points, occurred_on
        FROM growth_points.reward_retry JOIN growth_points.reward_entry USING (event_id, position)
        WHERE (reward_retry.posting_no, seller_id) = (transfer.posting_no, transfer.seller_id)
      ) entry ON transfer.kind IN ('reward', 'cancellation')
      CROSS JOIN LATERAL (
        SELECT CASE credit_account WHEN 'available' THEN 1 ELSE -1 END
          * coalesce(entry.points, transfer.points) AS points
      ) signed
      WHERE transfer.seller_id = :seller_id AND 'available' IN (debit_account, credit_account)
      WINDOW in_order AS (ORDER BY entry_no, occurred_on, entry.event_id, entry.position)
    ) line
    WHERE "on" >= coalesce(CAST(:since AS date), "on")
      AND "on" <= coalesce(CAST(:until AS date), "on")
      AND (CAST(:kinds AS text[]) IS NULL OR kind = ANY (:kinds)) AND line_no > :after
    ORDER BY line_no LIMIT CAST(:limit AS bigint)
""")
_EXPIRING: Final = text("""
    SELECT seller_id, points, last_usable_on FROM growth_points.expiring
    WHERE last_usable_on <= :until ORDER BY last_usable_on, seller_id
""")
_AWARD: Final = text("""
    SELECT settlement_month, seller_id, tier, points FROM growth_points.award
    WHERE seller_id = :seller_id AND state <> 'reversed'
    UNION ALL
    SELECT settlement_month, seller_id, tier, points FROM growth_points.correction
    WHERE seller_id = :seller_id AND kind = 'award'
    ORDER BY 1, 3 LIMIT 1
""").columns(settlement_month=Month())
