"""The rows of the listing commands about points in use; their columns are an interface."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from sqlalchemy import Engine

from adapters.postgres.notices import notices
from adapters.postgres.rewards import Reward, event_is_known, rewards
from adapters.postgres.statements import expiring, statement
from adapters.postgres.using import Conversion, conversions, today
from console.listings import require_known_seller
from console.output import Row
from domain.sentence import Word
from flows.rewarding.refusals import EventUnknown
from flows.showing.statement_lines import about

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
REWARDS: Final = (
    *("event_id", "position", "seller_id", "kind", "points", "customer_ref", "occurred_on"),
    *("outcome", "paid_at", "cancelled_by"),
)
STATEMENT: Final = ("entry_no", "date", "kind", "points", "reference", "balance")


def conversion_rows(engine: Engine, seller_id: str | None, held_only: bool) -> Iterator[Row]:
    """List conversions, oldest first."""
    require_known_seller(engine, seller_id)
    with engine.connect() as connection:
        for each in conversions(connection, seller_id=seller_id, held_only=held_only):
            yield _conversion(each)


def _conversion(each: Conversion) -> Row:
    return (
        each.conversion_no,
        each.seller_id,
        each.request_id,
        each.points,
        each.account_id,
        each.requested_at.isoformat(timespec="seconds"),
        Word("conversion state", each.state),
        each.ended_at and each.ended_at.isoformat(timespec="seconds"),
        each.attempts,
        each.answer,
    )


def reward_rows(engine: Engine, of: date | str, seller_id: str | None) -> Iterator[Row]:
    """List the reward entries of a day or an event, in the order in which they are paid."""
    require_known_seller(engine, seller_id)
    asked = {"day": of} if isinstance(of, date) else {"event_id": of}
    with engine.connect() as connection:
        if isinstance(of, str) and not event_is_known(connection, of):
            raise EventUnknown(of)
        for each in rewards(connection, seller_id=seller_id, **asked):
            yield _reward(each)


def _reward(each: Reward) -> Row:
    return (
        each.event_id,
        each.position,
        each.seller_id,
        Word("reward kind", each.kind),
        each.points,
        each.customer_ref,
        each.occurred_on,
        Word("reward outcome", each.outcome),
        each.paid_at and each.paid_at.isoformat(timespec="seconds"),
        each.cancelled_by,
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
                Word("notice state", "void" if each.void else "stands"),
            )


def statement_rows(
    engine: Engine, seller_id: str, since: date | None, until: date | None, *, for_people: bool
) -> Iterator[Row]:
    """List what changed a store's available points, with the balance after each line.

    For people, kinds and references are texts instead of keys.
    """
    require_known_seller(engine, seller_id)
    with engine.connect() as connection:
        for each in statement(connection, seller_id, since=since, until=until):
            kind, reference = each.kind.value, each.reference
            yield (
                each.entry_no,
                each.on,
                Word("kind", kind) if for_people else kind,
                each.points,
                about(each) if for_people else reference,
                each.balance,
            )
