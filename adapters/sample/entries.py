"""The reward entries of the generated stores, for any part of a day.

A day is a sequence of places. Every block of 40 places has the same layout: ten events of 1 to 12
entries, the last of which takes back an entry of the day before at the same block.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adapters.sample.draws import Flags, Numbers, below, draw, stride
from adapters.sample.stores import REFERENCE, Stores
from domain.months import SettlementMonth
from domain.using.rewards import RewardKind

MOST_ENTRIES: Final = 10**8
"""An event id has eight digits after its day, which limits the events of a day."""

_SIZES: Final = (1, 3, 2, 12, 1, 5, 8, 1, 6, 1)
_EVENT: Final = np.repeat(np.arange(len(_SIZES)), _SIZES)
_POSITION: Final = np.concatenate([np.arange(1, size + 1) for size in _SIZES])
_BLOCK: Final = len(_EVENT)
_CANCELS: Final = _BLOCK - 1  # the place of the cancellation, and that of what it takes back
_CANCELLED: Final = 4

_KINDS: Final = pa.array([kind.value for kind in RewardKind])
_CANCELLATION: Final = list(RewardKind).index(RewardKind.CANCELLATION)
_KIND_OF_A_HUNDRED: Final = np.repeat(np.arange(4), (60, 20, 15, 5))
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class DayPlan:
    """What is needed to compute any place of a day independently."""

    day: date
    seed: int
    seller_ids: pa.Array

    @classmethod
    def of(cls, sellers: int, seed: int, day: date) -> "DayPlan":
        """Plan a day of the stores of the last snapshot before it."""
        month = min(SettlementMonth.of(day) - 1, REFERENCE)
        return cls(day, seed, Stores.listed(sellers, seed, month).names())

    @property
    def before(self) -> date:
        """The day before."""
        return self.day - timedelta(days=1)

    def events(self, places: Numbers) -> Numbers:
        """Return the number of each place's event."""
        block, place = np.divmod(places, _BLOCK)
        events: Numbers = block * len(_SIZES) + _EVENT[place]
        return events

    def event_ids(self, places: Numbers) -> pa.Array:
        """Return the id of each place's event: its day and its number."""
        number = int(f"{self.day:%Y%m%d}") * MOST_ENTRIES + self.events(places)
        return _named("E", number)

    def seller_ids_at(self, places: Numbers) -> pa.Array:
        """Return each place's store; an event is of one."""
        stores = len(self.seller_ids)
        first = below(stores, draw(f"rewards {self.day}", self.seed, np.zeros(1, np.int64)))
        number = (self.events(places) % stores * stride(stores) + first) % stores
        return self.seller_ids.take(pa.array(number))

    def points(self, places: Numbers) -> Numbers:
        """Return each place's points, 100 to 2,000."""
        return 100 * (1 + below(20, draw(f"points {self.day}", self.seed, places)))


def entries_between(first: int, last: int, plan: DayPlan, before: DayPlan | None) -> pa.Table:
    """Return the entries at places `first` to `last - 1` of a day, in the canonical columns.

    `before` is the plan of the day before, None if none of its entries may be cancelled.
    """
    places = np.arange(first, last, dtype=np.int64)
    cancels = (places % _BLOCK == _CANCELS) & (before is not None)
    of, about = before or plan, places[cancels] - _CANCELS + _CANCELLED
    drawn = below(100, draw(f"kind {plan.day}", plan.seed, places))
    kinds, points = _KIND_OF_A_HUNDRED[drawn], plan.points(places)
    kinds[cancels], points[cancels] = _CANCELLATION, of.points(about)
    customers = 10**9 + below(10**9, draw(f"customer {plan.day}", plan.seed, places))
    nothing = pa.nulls(len(places))
    return pa.table(
        {
            "event_id": plan.event_ids(places),
            "position": pa.array(_POSITION[places % _BLOCK]),
            "seller_id": _where(cancels, of.seller_ids_at(about), plan.seller_ids_at(places)),
            "kind": _KINDS.take(pa.array(kinds)),
            "points": pa.array(points),
            "customer_ref": _named("c", customers),
            "occurred_on": pa.repeat(pa.scalar(plan.day), len(places)),
            "cancels_event_id": _where(cancels, of.event_ids(about), nothing.cast(pa.string())),
            "cancels_position": _where(
                cancels, pa.array(_POSITION[about % _BLOCK]), nothing.cast(pa.int64())
            ),
        }
    )


def _where(chosen: Flags, values: pa.Array, others: pa.Array) -> pa.Array:
    return pc.replace_with_mask(others, pa.array(chosen), values)


def _named(letter: str, numbers: Numbers) -> pa.Array:
    return pc.binary_join_element_wise(letter, pa.array(numbers).cast(pa.string()), "")
