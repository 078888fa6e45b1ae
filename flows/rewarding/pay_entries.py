"""Paying a delivered reward day, or refused entries again, in one transaction (U9 to U13)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import Connection, Engine

from adapters.postgres.database import lock_program
from adapters.postgres.ledger import Posted, check_now
from adapters.postgres.ledger.expiring import expire
from adapters.postgres.ledger.rewarding import Scope, cancel, offer, pay, retried
from adapters.postgres.revisions import require_seller
from adapters.postgres.rewards import (
    RewardDay,
    event_is_known,
    find_reward_delivery,
    outcomes_of,
    record_reward_delivery,
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

    `delivery_id` is None for a run without a new delivery. `days` are those of entries that were
    paid at a later try.
    """

    delivery_id: int | None
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    retried: int = 0
    days: tuple[date, ...] = ()
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

    A delivery whose content was paid before does nothing. What a cancellation returns to an
    expired balance expires after everything is paid.
    """

    def pay_all(connection: Connection) -> Payment:
        lock_program(connection)
        if find_reward_delivery(connection, delivered) is not None:
            return Payment(None)
        stage(connection, delivered.entries)
        profile = judge(tuple(conflicts(connection)))
        since = _since(connection, retry_days)
        number = record_reward_delivery(connection, delivered, profile, since, actor)
        drop_known(connection)
        returned = cancel(connection, number, actor)
        return _pay(connection, number, Scope(since), returned, actor)

    return on_one_day(engine, pay_all)


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
    check_now(connection)
    return Payment(number, outcomes, *retried(connection), paid, returned, expired)


def _since(connection: Connection, retry_days: int) -> date:
    return today(connection) - timedelta(days=retry_days)
