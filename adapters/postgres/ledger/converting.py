"""Converting available points to search-ad credit: held first, then delivered or returned."""

from typing import Any

from sqlalchemy import Connection, insert, text
from sqlalchemy.exc import DBAPIError

from adapters.postgres.ledger.posting import Posted, Request, post
from adapters.postgres.ledger.refusals import NotEntitled, constraint_of
from adapters.postgres.ledger.tables import transfer
from adapters.postgres.using import Conversion, today
from domain.cause import Cause
from domain.ledger import Account, TransferKind, conversion_key
from domain.using.standing import Standing, UseRefusal

_REFUSALS = {
    "conversion_has_its_ad_account": UseRefusal.NO_AD_ACCOUNT,
    "conversion_is_in_time": UseRefusal.POINTS_EXPIRED,
    "balance_not_overdrawn": UseRefusal.INSUFFICIENT_POINTS,
}
_TITLE = text("""
    INSERT INTO growth_points.conversion (posting_no, seller_id, request_id, points, account_id)
    VALUES (:posting_no, :seller_id, :request_id, :points, :account_id)
""")
_END = text("""
    INSERT INTO growth_points.conversion_end (posting_no, conversion_no, outcome, answer)
    VALUES (:posting_no, :conversion_no, :outcome, :answer)
""")


def hold(
    connection: Connection, standing: Standing, request_id: str, points: int, cause: Cause
) -> Posted:
    """Hold points for a conversion; the same request again returns the first posting.

    The account is the linked one. Raises NotEntitled, PostingConflict.
    """
    seller_id = standing.seller_id
    key = conversion_key(seller_id, request_id)
    asked = Request(key, TransferKind.CONVERSION, today(connection), cause.actor, cause.reason)
    posted = post(connection, asked, [seller_id, points], 1, points)
    if posted.created:
        try:
            connection.execute(
                _TITLE,
                {
                    "posting_no": posted.posting_no,
                    "seller_id": seller_id,
                    "request_id": request_id,
                    "points": points,
                    "account_id": standing.account_id,
                },
            )
            _move(connection, posted, seller_id, Account.AVAILABLE, Account.HELD)
        except DBAPIError as error:
            if (refusal := _REFUSALS.get(constraint_of(error) or "")) is not None:
                raise NotEntitled(refusal) from error
            raise
    return posted


def end(
    connection: Connection, held: Conversion, answer: str, actor: str, *, delivered: bool
) -> Posted:
    """End a conversion: its points go to the ad system, or return. Again, it does nothing.

    The caller holds the program's lock and knows that it has not ended otherwise.
    """
    kind = TransferKind.DELIVERY if delivered else TransferKind.RETURN
    credit = Account.SEARCH_AD_CREDIT if delivered else Account.AVAILABLE
    number = held.conversion_no
    asked = Request(f"{kind}/{number}", kind, today(connection), actor)
    posted = post(connection, asked, [number], 1, held.points)
    if posted.created:
        connection.execute(
            _END,
            {
                "posting_no": posted.posting_no,
                "conversion_no": number,
                "outcome": "delivered" if delivered else "refused",
                "answer": answer[:500],
            },
        )
        _move(connection, posted, held.seller_id, Account.HELD, credit)
    return posted


def _move(
    connection: Connection, posted: Posted, seller_id: str, debit: Account, credit: Account
) -> None:
    row: dict[str, Any] = {
        "posting_no": posted.posting_no,
        "kind": posted.key.partition("/")[0],
        "seller_id": seller_id,
        "debit_account": debit,
        "credit_account": credit,
        "points": posted.points,
    }
    connection.execute(insert(transfer).values(row))
