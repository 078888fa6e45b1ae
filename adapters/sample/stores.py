"""The generated stores: their approval dates, properties and monthly sales.

Stores are numbered in the order of approval; everything else is computed from the number, the month
and the seed.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adapters.sample.draws import Flags, Numbers, below, draw, interpolated, log_normal, spread
from domain.months import SettlementMonth

FOUNDED: Final = SettlementMonth(2012, 1)
REFERENCE: Final = SettlementMonth(2026, 10)
"""The month at whose end the requested number of stores is listed; it grows by 2 % a month."""

_GROWTH: Final = (51, 50)
_BILLION: Final = 10**9
_EPOCH: Final = date(1970, 1, 1)
_OLDEST: Final = 60

_MONTHLY_SALES_KRW: Final = np.minimum(log_normal(4096, 600_000, sigma=2.5), 300_000_000)
_ORDER_VALUE_KRW: Final = log_normal(256, 20_000, sigma=0.6)
_LARGER_ORDERS_PERMILLE: Final = log_normal(4096, 1000, sigma=0.9)
_MOOD_PERMILLE: Final = log_normal(256, 960, sigma=0.3)
_SEASON_PERMILLE: Final = (990, 930, 980, 990, 1040, 980, 960, 940, 1020, 1040, 1150, 1100)

_CAREERS: Final = np.array(
    [
        interpolated(knots, _OLDEST + 1)  # thousandths of a store's sales, by months since approval
        for knots in (
            ((0, 250), (4, 900), (12, 1000), (36, 1200)),
            ((0, 100), (12, 700), (24, 1000), (48, 1300)),
            ((0, 50), (3, 400), (6, 1600), (10, 6000), (16, 8000), (36, 2500)),
            ((0, 100), (2, 800), (5, 2500), (9, 5000), (14, 6000), (36, 2000)),
            ((0, 700), (3, 1600), (8, 500), (24, 250)),
            ((0, 900), (2, 1000), (12, 450), (36, 200)),
        )
    ],
    np.int64,
)
_SIZES: Final = len(_MONTHLY_SALES_KRW)
_LARGE: Final = _SIZES * 7 // 8
_LATE_IN_THE_MONTH: Final = 18
_CLOSING_PERMILLE: Final = 200
_PAUSED_PERMILLE: Final = 15
_NEVER: Final = 10_000


@dataclass(frozen=True, slots=True)
class Stores:
    """All stores listed at a month's end, as columns in the order of their numbers.

    `approved_on` counts days since 1970; `age` and `closed_for` count months since approval and
    closing (negative while open); `size` is a rank, the largest sellers last.
    """

    month: SettlementMonth
    seed: int
    number: Numbers
    approved_on: Numbers
    approval_day: Numbers
    age: Numbers
    size: Numbers
    closed_for: Numbers
    paused: Flags

    @classmethod
    def listed(cls, sellers: int, seed: int, month: SettlementMonth) -> "Stores":
        """Generate the stores approved up to the month's last day."""
        number = np.arange(listed_stores(sellers, month), dtype=np.int64)
        cohort = _cohorts(sellers, month, number)
        age = _months_between(FOUNDED, month) - cohort
        first_days = _first_days(month)
        lengths = np.diff(first_days, append=first_days[-1] + month.last_day.day)
        approval_day = below(31, draw("approval day", seed, number)) + 1
        approval_day = np.minimum(approval_day, lengths[cohort])
        return cls(
            month=month,
            seed=seed,
            number=number,
            approved_on=first_days[cohort] + approval_day - 1,
            approval_day=approval_day,
            age=age,
            size=spread(0.7548776662466927, "size", seed, number, _SIZES),
            closed_for=_closed_for(seed, number, age, founders=cohort == 0),
            paused=_paused(seed, number, month),
        )

    def sales_krw(self) -> Numbers:
        """Return each store's target sales in the month: whole KRW, before returns.

        It is zero in the month of approval, in the next one after a late approval, so that no
        order is older than its store, and after the month of closing.
        """
        career = spread(0.5698402909980532, "career", self.seed, self.number, len(_CAREERS))
        mood = below(256, draw(f"mood {self.month}", self.seed, self.number))
        sales = _MONTHLY_SALES_KRW[self.size] * _CAREERS[career, np.minimum(self.age, _OLDEST)]
        sales = sales // 1000 * _MOOD_PERMILLE[mood] // 1000
        sales = sales * _SEASON_PERMILLE[self.month.month - 1] // 1000
        sales = np.where(self.paused, sales // 4, sales)
        begins = np.where(self.approval_day > _LATE_IN_THE_MONTH, 2, 1)
        sells = (self.age >= begins) & (self.closed_for <= 0)
        return np.where(sells, np.maximum(sales, 1), 0)

    def order_value_krw(self) -> Numbers:
        """Return the average order value at each store; it grows with the seller's size."""
        wares = _ORDER_VALUE_KRW[below(256, draw("order value", self.seed, self.number))]
        return wares * _LARGER_ORDERS_PERMILLE[self.size] // 1000

    def names(self) -> pa.Array:
        """Return the seller ids: `s0000001` is the oldest store."""
        digits = pa.array(self.number + 10_000_001).cast(pa.string())
        return pc.binary_join_element_wise("s", pc.utf8_slice_codeunits(digits, 1), "")

    def snapshot(self) -> pa.Table:
        """Return the snapshot as of the first day of the next month, in the canonical columns."""
        status = np.where(self.closed_for >= 0, 2, self.paused)
        return pa.table(
            {
                "seller_id": self.names(),
                "approved_on": pa.array(self.approved_on.astype(np.int32)).cast(pa.date32()),
                "status": pa.array(["NORMAL", "PAUSED", "CLOSED"]).take(pa.array(status)),
                "runs_department_store_window": self._adopted("department store", 5, 30),
                "runs_outlet_window": self._adopted("outlet", 10, 30),
                "uses_fulfilment": self._adopted("fulfilment", 25, 50),
                "uses_api": self._adopted("api", 35, 90),
            }
        )

    def _adopted(self, what: str, small_permille: int, large_permille: int) -> pa.Array:
        draws = draw(what, self.seed, self.number)
        chance = np.where(self.size < _LARGE, small_permille, large_permille)
        since = below(18, draws, skip_bits=20)
        return pa.array((below(1000, draws) < chance) & (self.age >= since))


def listed_stores(sellers: int, month: SettlementMonth) -> int:
    """Return the number of stores listed at a month's end, given `sellers` in REFERENCE."""
    share, (more, fewer) = _BILLION, _GROWTH
    for _ in range(_months_between(month, REFERENCE)):
        share = share * fewer // more
    for _ in range(_months_between(REFERENCE, month)):
        share = share * more // fewer
    return max(1, sellers * share // _BILLION)


def _cohorts(sellers: int, month: SettlementMonth, number: Numbers) -> Numbers:
    """Return how many months after FOUNDED each store was approved."""
    listed = [listed_stores(sellers, m) for m in FOUNDED.until(month)]
    return np.searchsorted(np.array(listed), number, side="right")


def _first_days(month: SettlementMonth) -> Numbers:
    """Return the first days of all months from FOUNDED on, as days since 1970."""
    return np.array([(m.first_day - _EPOCH).days for m in FOUNDED.until(month)], np.int64)


def _closed_for(seed: int, number: Numbers, age: Numbers, founders: Flags) -> Numbers:
    """Return for how many months each store has been closed. Founders never close."""
    draws = draw("closing", seed, number)
    closes = (below(1000, draws) < _CLOSING_PERMILLE) & ~founders
    return age - np.where(closes, 4 + below(48, draws, skip_bits=20), _NEVER)


def _paused(seed: int, number: Numbers, month: SettlementMonth) -> Flags:
    """Return whether each store is paused, which lasts a quarter of a year."""
    quarter = f"paused {month.year} {(month.month - 1) // 3}"
    return below(1000, draw(quarter, seed, number)) < _PAUSED_PERMILLE


def _months_between(first: SettlementMonth, last: SettlementMonth) -> int:
    return (last.year - first.year) * 12 + last.month - first.month
