"""Paying a delivered reward day, or refused entries again, in one transaction (U9 to U13)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from sqlalchemy import Connection, Engine

from adapters.postgres.database import lock_program
from adapters.postgres.ledger import Posted, check_now
from adapters.postgres.ledger.expiring import expire
from adapters.postgres.ledger.rewarding import Scope, cancel, offer, pay, retried
from adapters.postgres.revisions import require_seller
from adapters.postgres.rewards import (
    RewardDay,
    changed_days,
    event_is_known,
    find_reward_delivery,
    outcomes_of,
    record_reward_delivery,
    retried_days,
)
from adapters.postgres.staged_rewards import conflicts, drop_known, stage
from adapters.postgres.using import today
from domain.profile import Profile, Violations
from domain.using.allocation import Outcome
from flows.one_day import on_one_day
from flows.rewarding.refusals import EventUnknown

Judge = Callable[[Sequence[Violations]], Profile]
"""Judges a day with what contradicts the known entries; raises what blocks it."""


@dataclass(frozen=True, slots=True)
class Payment:
    """What a run paid: the new entries by outcome, those paid at a later try, and the postings.

    `delivery_id` is that of the delivery, whether it `is_new` or was paid before; None for a run
    without one. `days` are those whose answers changed.
    """

    delivery_id: int | None
    is_new: bool = False
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    retried: int = 0
    days: frozenset[date] = frozenset()
    paid: Posted | None = None
    returned: Posted | None = None
    expired: Posted | None = None

    @property
    def entries(self) -> int:
        """The number of new entries."""
        return sum(self.outcomes.values())


def pay_delivered(
    engine: Engine, delivered: RewardDay, judge: Judge, retry_days: int, actor: str
) -> Payment:
    """Pay what is new of a day, and refused entries of the last `retry_days` days again.

    Of a delivery whose content was paid before nothing is new. What a cancellation returns to an
    expired balance expires after everything is paid.
    """

    def pay_all(connection: Connection) -> Payment:
        lock_program(connection)
        known = find_reward_delivery(connection, delivered.day, delivered.content_hash)
        if known is not None:
            return _pay_known(connection, known, retry_days, actor)
        since = _since(connection, retry_days)
        stage(connection, delivered.entries)
        profile = judge(tuple(conflicts(connection)))
        number = record_reward_delivery(connection, delivered, profile, since, actor)
        drop_known(connection)
        returned = cancel(connection, number, actor)
        return _pay(connection, number, Scope(since), returned, actor)

    return on_one_day(engine, pay_all)


def pay_known(
    engine: Engine, day: date, content_hash: str, retry_days: int, actor: str
) -> Payment | None:
    """Pay refused entries again if a day's content was paid before; None if it was not."""

    def pay_open(connection: Connection) -> Payment | None:
        lock_program(connection)
        known = find_reward_delivery(connection, day, content_hash)
        return None if known is None else _pay_known(connection, known, retry_days, actor)

    return on_one_day(engine, pay_open)


def _pay_known(connection: Connection, known: int, retry_days: int, actor: str) -> Payment:
    stage(connection)
    since = _since(connection, retry_days)
    again = _pay(connection, None, Scope(since), None, actor)
    # A run that was killed after its commit left answers as they were.
    days, outcomes = retried_days(connection, since), outcomes_of(connection, known)
    return replace(again, delivery_id=known, outcomes=outcomes, days=days)


def pay_again(
    engine: Engine,
    retry_days: int,
    actor: str,
    *,
    seller_id: str | None = None,
    event_id: str | None = None,
) -> Payment:
    """Try the refused entries of the last `retry_days` days again, of a store or an event.

    Raises SellerUnknown, EventUnknown.
    """

    def pay_open(connection: Connection) -> Payment:
        lock_program(connection)
        if seller_id is not None:
            require_seller(connection, seller_id)
        if event_id is not None and not event_is_known(connection, event_id):
            raise EventUnknown(event_id)
        stage(connection)
        scope = Scope(_since(connection, retry_days), seller_id, event_id)
        return _pay(connection, None, scope, None, actor)

    return on_one_day(engine, pay_open)


def _pay(
    connection: Connection, number: int | None, scope: Scope, returned: Posted | None, actor: str
) -> Payment:
    offer(connection, scope)
    paid = pay(connection, number, actor)
    expired = returned and expire(connection, actor, of_posting=returned.posting_no)
    outcomes = {} if number is None else outcomes_of(connection, number)
    days = changed_days(connection, None if paid is None else paid.posting_no, number)
    check_now(connection)
    return Payment(
        number,
        number is not None,
        outcomes,
        retried(connection),
        days,
        paid,
        returned,
        expired,
    )


def _since(connection: Connection, retry_days: int) -> date:
    return today(connection) - timedelta(days=retry_days)
