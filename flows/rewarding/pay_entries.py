"""Paying a delivered reward day, or refused entries again, in one transaction (U9 to U13)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import Connection, Engine

from adapters.postgres.database import lock_program
from adapters.postgres.ledger import Posted, check_now
from adapters.postgres.ledger.expiring import expire
from adapters.postgres.ledger.rewarding import Scope, cancel, offer, pay, retried
from adapters.postgres.rewards import (
    RewardDay,
    find_reward_delivery,
    outcomes_of,
    record_reward_delivery,
)
from adapters.postgres.staged_rewards import conflicts, stage
from adapters.postgres.using import today
from domain.profile import Profile, Violations
from domain.using.allocation import Outcome

Judge = Callable[[Sequence[Violations]], Profile]
"""Judges a day with what contradicts the known entries; raises what blocks it."""


@dataclass(frozen=True, slots=True)
class Payment:
    """What a run paid: the new entries by outcome, those paid at a later try, and the postings.

    `delivery_id` is None for a run without a new delivery.
    """

    delivery_id: int | None
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    retried: int = 0
    paid: Posted | None = None
    returned: Posted | None = None
    expired: Posted | None = None


def pay_delivered(
    engine: Engine, delivered: RewardDay, judge: Judge, retry_days: int, actor: str
) -> Payment:
    """Pay what is new of a day, and refused entries of the last `retry_days` days again.

    A delivery whose content was paid before does nothing. What a cancellation returns to an
    expired balance expires after everything is paid.
    """
    with engine.begin() as connection:
        lock_program(connection)
        if find_reward_delivery(connection, delivered) is not None:
            return Payment(None)
        stage(connection, delivered.entries)
        profile = judge(tuple(conflicts(connection)))
        since = _since(connection, retry_days)
        number = record_reward_delivery(connection, delivered, profile, since, actor)
        returned = cancel(connection, number, actor)
        payment = _pay(connection, number, Scope(since), returned, actor)
        check_now(connection)
    return payment


def pay_again(
    engine: Engine,
    retry_days: int,
    actor: str,
    *,
    seller_id: str | None = None,
    event_id: str | None = None,
) -> Payment:
    """Try the refused entries of the last `retry_days` days again, of a store or an event."""
    with engine.begin() as connection:
        lock_program(connection)
        stage(connection, None)
        scope = Scope(_since(connection, retry_days), seller_id, event_id)
        payment = _pay(connection, None, scope, None, actor)
        check_now(connection)
    return payment


def _pay(
    connection: Connection, number: int | None, scope: Scope, returned: Posted | None, actor: str
) -> Payment:
    offer(connection, scope)
    paid = pay(connection, number, actor)
    expired = returned and expire(connection, actor, of_posting=returned.posting_no)
    outcomes = {} if number is None else outcomes_of(connection, number)
    return Payment(number, outcomes, retried(connection), paid, returned, expired)


def _since(connection: Connection, retry_days: int) -> date:
    return today(connection) - timedelta(days=retry_days)
