"""Expiring what stores left for a year: whole balances, after their last usable day."""

from typing import Final

from sqlalchemy import Connection, text

from adapters.postgres.ledger.posting import Posted, next_of_today, post
from domain.ledger import TransferKind
from domain.months import SettlementMonth

# A store whose payout is late is not among them until that is settled.
_DUE: Final = """
    FROM growth_points.expiring WHERE last_usable_on < growth_points.today()
      AND (CAST(:of_posting AS bigint) IS NULL OR seller_id IN (
        SELECT seller_id FROM growth_points.transfer WHERE transfer.posting_no = :of_posting))
      AND (CAST(:seller_id AS text) IS NULL OR seller_id = :seller_id)
      AND (CAST(:paid_month AS date) IS NULL OR seller_id IN (
        SELECT seller_id FROM growth_points.award
        WHERE settlement_month = :paid_month AND state = 'pending'))
"""
_COUNT: Final = text(f"SELECT count(*), coalesce(sum(points), 0)::bigint {_DUE}")
_TITLES: Final = text(f"""
    INSERT INTO growth_points.expiry (posting_no, seller_id, points, last_usable_on)
    SELECT :posting_no, seller_id, points, last_usable_on {_DUE} ORDER BY seller_id
""")
_MOVE: Final = text("""
    INSERT INTO growth_points.transfer
      (posting_no, kind, seller_id, debit_account, credit_account, points)
    SELECT posting_no, 'expiry', seller_id, 'available', 'expired', points
    FROM growth_points.expiry WHERE posting_no = :posting_no ORDER BY seller_id
""")


def expire(
    connection: Connection,
    actor: str,
    *,
    of_posting: int | None = None,
    seller_id: str | None = None,
    paid_month: SettlementMonth | None = None,
) -> Posted | None:
    """Expire every balance whose last usable day is over; None if there is none.

    With `of_posting` only those whose points it moved: what returns to an expired balance is no
    grant and expires, too. With `seller_id` or `paid_month` only those that are about to get a
    grant, which does not bring back what is over. The caller holds the program's lock.
    """
    asked = {
        "of_posting": of_posting,
        "seller_id": seller_id,
        "paid_month": paid_month and paid_month.first_day,
    }
    sellers, points = connection.execute(_COUNT, asked).one()
    if not sellers:
        return None
    request = next_of_today(connection, TransferKind.EXPIRY, actor)
    posted = post(connection, request, [sellers, points], sellers, points)
    written = {"posting_no": posted.posting_no}
    connection.execute(_TITLES, asked | written)
    connection.execute(_MOVE, written)
    return posted
