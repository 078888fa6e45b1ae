"""The parameters of requests, as the interface describes them, and the store they are about."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final

from fastapi import Depends, Header, Path, Query, Request
from pydantic import AfterValidator, BeforeValidator, Field
from sqlalchemy import Engine

from adapters.languages.catalog import Language
from adapters.policy_files import PolicyText
from adapters.postgres.own_rows import of_store
from domain.ledger import MOST_POINTS
from domain.months import FIRST_YEAR, LAST_YEAR, SettlementMonth
from web.stores.access import CONVERSIONS_WRITE, POINTS_READ, REWARDS_WRITE, Asking
from web.stores.languages import language_of

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
LONGEST_ID: Final = 64
MOST_LINES: Final = 500


def _in_one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("has a character that is not printable")
    return text


def _written_as_day(value: object) -> object:
    if not isinstance(value, date) and not (isinstance(value, str) and _DAY.fullmatch(value)):
        raise ValueError("is not a day, written as YYYY-MM-DD")
    return value


def _in_range(day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"is not a day of {FIRST_YEAR} to {LAST_YEAR}")
    return day


Id = Annotated[
    str, Field(min_length=1, max_length=LONGEST_ID, strict=True), AfterValidator(_in_one_line)
]
Points = Annotated[int, Field(ge=1, le=MOST_POINTS, strict=True)]
Day = Annotated[date, BeforeValidator(_written_as_day), AfterValidator(_in_range)]
SellerId = Annotated[Id, Path(description="The store.")]
Month = Annotated[
    str,
    Path(pattern=r"^[0-9]{4}-[0-9]{2}$", description="The settlement month, as YYYY-MM."),
]
RequestId = Annotated[Id, Path(description="The request: its Idempotency-Key.")]
EventId = Annotated[Id, Path(description="The event of the reward entries.")]
RequestKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern="^[!-~]{1,64}$",
        description="The store's own id of this request. The same id is always the same request.",
    ),
]
After = Annotated[
    int, Query(ge=0, le=2**62, description="The `next` of the previous page: only what follows it.")
]
Limit = Annotated[int, Query(ge=1, le=MOST_LINES, description="At most this many.")]


def month_of(text: str) -> SettlementMonth:
    """Read a settlement month; raises MonthInvalid."""
    return SettlementMonth.parse(text)


@dataclass(frozen=True, slots=True)
class OneStore:
    """The store that a request is about, and whoever may ask about it."""

    seller_id: str
    actor: str
    asks_itself: bool
    language: Language
    engine: Engine
    policies: Sequence[PolicyText]

    @property
    def own(self) -> Engine:
        """The engine whose connections show the raw months of this store only."""
        return of_store(self.engine, self.seller_id)


def _store_by(scope: str) -> Any:
    async def find(request: Request, seller_id: SellerId, caller: Asking) -> OneStore:
        caller.require(scope, seller_id)
        state = request.app.state
        language = language_of(request)
        itself = caller.seller_id is not None
        return OneStore(seller_id, caller.actor, itself, language, state.engine, state.policies)

    return Depends(find)


ReadStore = Annotated[OneStore, _store_by(POINTS_READ)]
"""A parameter of routes: a store that may be read."""

ConvertingStore = Annotated[OneStore, _store_by(CONVERSIONS_WRITE)]
"""A parameter of routes: a store whose points may be converted."""

RewardingStore = Annotated[OneStore, _store_by(REWARDS_WRITE)]
"""A parameter of routes: a store whose rewards may be paid."""
