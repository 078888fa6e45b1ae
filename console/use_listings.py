"""The rows of the listing commands about points in use; their columns are an interface."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from sqlalchemy import Engine

from adapters.postgres.notices import notices
from adapters.postgres.statements import expiring, statement
from adapters.postgres.using import conversions, today
from console.listings import require_known_seller
from console.output import Row

CONVERSIONS: Final = (
    "conversion_no",
    "seller_id",
    "request_id",
    "points",
    "account_id",
    "requested_at",
    "state",
    "ended_at",
    "attempts",
    "answer",
)
EXPIRING: Final = ("seller_id", "points", "last_usable_on")
NOTICES: Final = (
    *("list", "told_on", "seller_id", "points", "last_usable_on", "days_before", "state"),
)
STATEMENT: Final = ("entry_no", "date", "kind", "points", "reference", "balance")


def conversion_rows(engine: Engine, seller_id: str | None, held_only: bool) -> Iterator[Row]:
    """List conversions, oldest first."""
    require_known_seller(engine, seller_id)
    with engine.connect() as connection:
        for each in conversions(connection, seller_id=seller_id, held_only=held_only):
            yield (
                each.conversion_no,
                each.seller_id,
                each.request_id,
                each.points,
                each.account_id,
                each.requested_at.isoformat(timespec="seconds"),
                each.state.value,
                each.ended_at and each.ended_at.isoformat(timespec="seconds"),
                each.attempts,
                each.answer,
            )


def expiring_rows(engine: Engine, within: int) -> Iterator[Row]:
    """List the balances that expire within so many days, those that are overdue first."""
    with engine.connect() as connection:
        for each in expiring(connection, today(connection) + timedelta(days=within)):
            yield each.seller_id, each.points, each.last_usable_on


def notice_rows(
    engine: Engine, seller_id: str | None, notice_list_id: int | None, standing: bool
) -> Iterator[Row]:
    """List the notices that points expire; one is void once a grant has come."""
    require_known_seller(engine, seller_id)
    with engine.connect() as connection:
        for each in notices(
            connection,
            seller_id=seller_id,
            notice_list_id=notice_list_id,
            standing_only=standing,
        ):
            yield (
                each.notice_list_id,
                each.told_on,
                each.seller_id,
                each.points,
                each.last_usable_on,
                each.days_before,
                "void" if each.void else "stands",
            )


def statement_rows(
    engine: Engine, seller_id: str, since: date | None, until: date | None
) -> Iterator[Row]:
    """List what changed a store's available points, with the balance after each line."""
    require_known_seller(engine, seller_id)
    with engine.connect() as connection:
        for each in statement(connection, seller_id, since=since, until=until):
            yield each.entry_no, each.on, each.kind.value, each.points, each.reference, each.balance
