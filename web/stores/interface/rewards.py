"""Rewards to customers: send a day's entries, look an event up, try it again."""

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import Annotated, Final, Self

from anyio.to_thread import run_sync
from fastapi import APIRouter, Body, Path, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Engine

from adapters.postgres.revisions import require_seller
from adapters.postgres.rewards import Reward, rewards
from adapters.postgres.using import today
from domain.refusal import Unavailable
from domain.sentence import sentence
from domain.using.allocation import Outcome
from domain.using.rewards import MOST_POSITIONS, RewardKind
from flows.policies import policy_on
from flows.rewarding.pay_entries import pay_again
from flows.rewarding.refusals import EventUnknown
from flows.rewarding.send_entries import SentDay, SentEntry, send_entries
from web.stores.access import REWARDS_WRITE, Asking
from web.stores.asked import Day, EventId, Id, OneStore, Points, ReadStore, RewardingStore
from web.stores.interface.responses import problems_of

router = APIRouter(prefix="/api/v1", tags=["rewards"])
MOST_ENTRIES: Final = 5_000
_Position = Annotated[int, Field(ge=1, le=MOST_POSITIONS, strict=True)]

_MOST_WAITING: Final = 8


class Cancelled(BaseModel):
    """The entry that a cancellation takes back."""

    model_config = ConfigDict(extra="forbid")

    event_id: Id
    position: _Position


class Entry(BaseModel):
    """A reward entry, identified by event and position; a cancellation names what it `cancels`."""

    model_config = ConfigDict(extra="forbid")

    event_id: Id
    position: _Position
    seller_id: Id
    kind: RewardKind
    points: Points
    customer_ref: Id
    cancels: Cancelled | None = None

    def as_sent(self) -> SentEntry:
        """Return the entry as it is delivered."""
        return SentEntry(
            self.event_id,
            self.position,
            self.seller_id,
            self.kind,
            self.points,
            self.customer_ref,
            self.cancels.event_id if self.cancels else None,
            self.cancels.position if self.cancels else None,
        )


class Entries(BaseModel):
    """Entries of a day, all or a part of them; known ones stay as they are."""

    model_config = ConfigDict(extra="forbid")

    entries: Annotated[list[Entry], Field(min_length=1, max_length=MOST_ENTRIES)]


class EntryAnswer(BaseModel):
    """An entry and its outcome: paid, or why not."""

    event_id: str
    position: int
    seller_id: str
    kind: RewardKind
    points: int
    customer_ref: str
    occurred_on: date
    outcome: Outcome
    paid_at: datetime | None
    cancelled_by: str | None

    @classmethod
    def of(cls, entry: Reward) -> Self:
        """Write an entry."""
        return cls(
            event_id=entry.event_id,
            position=entry.position,
            seller_id=entry.seller_id,
            kind=RewardKind(entry.kind),
            points=entry.points,
            customer_ref=entry.customer_ref,
            occurred_on=entry.occurred_on,
            outcome=entry.outcome,
            paid_at=entry.paid_at,
            cancelled_by=entry.cancelled_by,
        )


class EntriesAnswer(BaseModel):
    """The entries of the events that were asked about, in the order in which they are paid."""

    entries: list[EntryAnswer]


@router.post(
    "/rewards/{day}",
    summary="Send reward entries",
    responses=problems_of(400, 401, 403, 409, 413),
)
async def send(
    request: Request,
    caller: Asking,
    day: Annotated[Day, Path(description="The day on which they occurred, in Korea.")],
    sent: Annotated[Entries, Body()],
) -> EntriesAnswer:
    """Pay entries in order, as far as each store's points reach.

    One wrong entry refuses them all (`day_blocked`), and nothing is paid. Entries that are sent
    again are not paid again.
    """
    caller.require(REWARDS_WRITE)
    entries = [each.as_sent() for each in sent.entries]
    return await _in_turn(request, partial(_send, request, caller.actor, day, entries))


def _send(request: Request, actor: str, day: date, entries: list[SentEntry]) -> EntriesAnswer:
    engine: Engine = request.app.state.engine
    with engine.connect() as connection:
        now = today(connection)
    rules = policy_on(request.app.state.policies, now).use
    send_entries(engine, SentDay(day, entries, actor, now), rules)
    events = sorted({each.event_id for each in entries})
    with engine.connect() as connection:
        found = rewards(connection, event_ids=events)
        return EntriesAnswer(entries=[EntryAnswer.of(each) for each in found])


@router.get(
    "/stores/{seller_id}/rewards/{event_id:path}",
    summary="The reward entries of an event",
    responses=problems_of(401, 403, 404),
)
def read_event(store: ReadStore, event_id: EventId) -> EntriesAnswer:
    """Return an event's entries as they stand."""
    return _event(store.engine, store.seller_id, event_id)


@router.post(
    "/stores/{seller_id}/rewards/{event_id:path}/retry",
    summary="Try an event's refused entries again",
    responses=problems_of(401, 403, 404),
)
async def retry(request: Request, store: RewardingStore, event_id: EventId) -> EntriesAnswer:
    """Pay an event's refused entries, in order, as far as the store's points reach."""
    return await _in_turn(request, partial(_retry, store, event_id))


def _retry(store: OneStore, event_id: str) -> EntriesAnswer:
    _event(store.engine, store.seller_id, event_id)
    with store.engine.connect() as connection:
        now = today(connection)
    days = policy_on(store.policies, now).use.reward_retry_days
    pay_again(store.engine, days, store.actor, seller_id=store.seller_id, event_id=event_id)
    return _event(store.engine, store.seller_id, event_id)


async def _in_turn(request: Request, work: Callable[[], EntriesAnswer]) -> EntriesAnswer:
    """Pay rewards one after the other, as the program's lock has it anyway.

    Whoever waits for the turn takes no thread from those who read. Raises Unavailable.
    """
    turn = request.app.state.turn
    if turn.statistics().tasks_waiting >= _MOST_WAITING:
        raise Unavailable(sentence("Too many requests that pay rewards. Try again in a moment."))
    return await run_sync(work, limiter=turn)


def _event(engine: Engine, seller_id: str, event_id: str) -> EntriesAnswer:
    with engine.connect() as connection:
        require_seller(connection, seller_id)
        found = [
            EntryAnswer.of(each)
            for each in rewards(connection, event_id=event_id, seller_id=seller_id)
        ]
    if not found:
        raise EventUnknown(event_id)
    return EntriesAnswer(entries=found)
