"""The settlement lines of the generated stores, for any part of a month.

A month is a sequence of places in the order of confirmation dates. Every block of 64 places has the
same layout: purchases, some followed by a delivery fee, and a few returns. A return refers to a
purchase some blocks earlier, if necessary in the month before, so that every cancellation after
confirmation has its purchase and counts in its own month (rule 3).
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pyarrow as pa

from adapters.sample.draws import Numbers, below, draw, log_normal, stride
from adapters.sample.stores import Stores
from domain.months import SettlementMonth

MOST_LINES: Final = 10**8
"""A product order id has eight digits after its order date, which limits the lines of a month."""

_BLOCK: Final = "PDPPPDQPPDPPQDPPPDPPPQPDPPPDQPPPPDPPQDPPPBPPDPQPPDEPPDQPPDPPrstu"
"""P purchase, Q quick-settled purchase; about the one before: D delivery, E extra fee,
B cancelled before confirmation; r to u returns, described below."""

_LINE_TYPE: Final = {"D": "DELIVERY", "E": "EXTRAFEE"}
_SETTLEMENT_TYPE: Final = {
    "Q": "QUICK_SETTLE_ORIGINAL",
    "B": "NORMAL_SETTLE_BEFORE_CANCEL",
    "r": "NORMAL_SETTLE_AFTER_CANCEL",
    "s": "NORMAL_SETTLE_AFTER_CANCEL",
    "t": "QUICK_SETTLE_CANCEL",
    "u": "QUANTITY_CANCEL_DEDUCTION",
}
_RETURNS: Final = {"r": (3, 40), "s": (18, 300), "t": (28, 800), "u": (8, 150)}
"""Return → the place of its purchase, and the delay in thousandths of a month."""
_HALVES: Final = {"D": 0, "E": 0, "B": -2, "r": -2, "s": -2, "t": -2, "u": -1}
"""The line's amount in halves of the purchase's price; 2 if not listed."""

_FEES_KRW: Final = np.array([2500, 3000, 3000, 3000, 3500, 4000, 5000, 6000], np.int64)
_PRICE_PERMILLE: Final = log_normal(1024, 880, sigma=0.5)
_HUNDREDS_FROM_KRW: Final = 10_000
_WEEKDAY_WEIGHTS: Final = (13, 11, 10, 10, 10, 7, 6)
_LONGEST_WAIT_DAYS: Final = 10
_EPOCH: Final = date(1970, 1, 1)

# The block as columns, one entry per place; a return is about the place of its purchase.
_IS_PURCHASE: Final = np.array([role in "PQ" for role in _BLOCK], np.int64)
_PURCHASES_BEFORE: Final = np.cumsum(_IS_PURCHASE) - _IS_PURCHASE
_PURCHASES_A_BLOCK: Final = int(_IS_PURCHASE.sum())
_LAST_PURCHASE: Final = np.maximum.accumulate(np.arange(len(_BLOCK)) * _IS_PURCHASE)
_ABOUT: Final = np.array(
    [
        _RETURNS[r][0] if r in _RETURNS else last
        for r, last in zip(_BLOCK, _LAST_PURCHASE, strict=True)
    ]
)
_LATER_PERMILLE: Final = np.array([_RETURNS.get(role, (0, 0))[1] for role in _BLOCK], np.int64)
_HALVES_AT: Final = np.array([_HALVES.get(role, 2) for role in _BLOCK], np.int64)
_LINE_TYPES: Final = pa.array([_LINE_TYPE.get(role, "PROD_ORDER") for role in _BLOCK])
_SETTLEMENT_TYPES: Final = pa.array(
    [_SETTLEMENT_TYPE.get(role, "NORMAL_SETTLE_ORIGINAL") for role in _BLOCK]
)


@dataclass(frozen=True, slots=True)
class MonthPlan:
    """What is needed to compute any place of a month independently.

    `purchases_up_to[n]` counts the purchases at the stores numbered up to n, `day_ends[d]` the
    lines of the days up to d; `scale` scales order values so that stores reach their sales with
    the given number of lines.
    """

    month: SettlementMonth
    seed: int
    lines: int
    seller_ids: pa.Array
    purchases_up_to: Numbers
    order_value_krw: Numbers
    scale: float
    day_ends: Numbers

    @classmethod
    def of(cls, stores: Stores, lines: int) -> "MonthPlan":
        """Distribute a month's purchases among its stores, by their sales."""
        order_value = stores.order_value_krw()
        sales = stores.sales_krw()
        milli_orders = np.cumsum(np.maximum(sales * 1000 // order_value, sales > 0))
        purchases, ordinary = _purchases_in(lines), int(milli_orders[-1])
        return cls(
            month=stores.month,
            seed=stores.seed,
            lines=lines,
            seller_ids=stores.names(),
            purchases_up_to=(milli_orders * (purchases / ordinary)).round().astype(np.int64),
            order_value_krw=order_value,
            scale=ordinary / purchases / 1_000_000,
            day_ends=_day_ends(stores.month, lines),
        )

    @property
    def full_blocks(self) -> int:
        """The number of complete blocks; the places after them are plain purchases."""
        return self.lines // len(_BLOCK)

    def confirmed_on(self, places: Numbers) -> Numbers:
        """Return the confirmation date of each place, as days since 1970."""
        first = (self.month.first_day - _EPOCH).days
        days: Numbers = np.searchsorted(self.day_ends, places, side="right")
        return days + first

    def layout_places(self, places: Numbers) -> Numbers:
        """Return the position in the block of each place."""
        kind: Numbers = np.where(places < self.full_blocks * len(_BLOCK), places % len(_BLOCK), 0)
        return kind

    def purchases(self, places: Numbers) -> Numbers:
        """Compute the purchases at places, each of which must be a purchase.

        The rows are the stores' numbers, the prices in KRW, the order ids and the product order
        ids. An order's date, part of its ids, is up to ten days before the confirmation, so that
        orders confirmed early in a month are from the month before.
        """
        store = self._stores_at(places)
        luck = draw(f"purchase {self.month}", self.seed, places)
        price = self.order_value_krw[store] * _PRICE_PERMILLE[below(1024, luck)] * self.scale
        first_of_order = places - (places & 1)
        ordered_on = self._ordered_on(first_of_order)
        order_id = ordered_on * MOST_LINES + self._serial(first_of_order // 2)
        product_order_id = ordered_on * MOST_LINES + self._serial(places)
        return np.stack((store, _rounded(price.astype(np.int64)), order_id, product_order_id))

    def _stores_at(self, places: Numbers) -> Numbers:
        block, place = np.divmod(places, len(_BLOCK))
        in_block = np.where(block < self.full_blocks, _PURCHASES_BEFORE[place], place)
        purchases = int(self.purchases_up_to[-1])
        shuffled = (block * _PURCHASES_A_BLOCK + in_block) * stride(purchases) % purchases
        store: Numbers = np.searchsorted(self.purchases_up_to, shuffled, side="right")
        return store

    def _ordered_on(self, places: Numbers) -> Numbers:
        """Return the order date of each place as the number YYYYMMDD."""
        luck = draw(f"order {self.month}", self.seed, places)
        wait = 2 + below(_LONGEST_WAIT_DAYS - 1, luck)
        before = (self.month.first_day - _EPOCH).days - _LONGEST_WAIT_DAYS
        days = range(before, before + _LONGEST_WAIT_DAYS + len(self.day_ends))
        spelled = [int(f"{date.fromordinal(_EPOCH.toordinal() + d):%Y%m%d}") for d in days]
        ordered_on: Numbers = np.array(spelled, np.int64)[self.confirmed_on(places) - wait - before]
        return ordered_on

    def _serial(self, places: Numbers) -> Numbers:
        """Return serial numbers, unique in a month and for one order date."""
        return (places * 61_803_399 + self.seed % MOST_LINES) % MOST_LINES


def lines_between(first: int, last: int, plan: MonthPlan, before: MonthPlan) -> pa.Table:
    """Return the lines at places `first` to `last - 1` of a month, in the canonical columns.

    `before` is the plan of the month before, which some returns refer to.
    """
    places = np.arange(first, last, dtype=np.int64)
    kind = plan.layout_places(places)
    store, price_krw, order_id, product_order_id = _purchases_about(places, kind, plan, before)
    fee = _FEES_KRW[below(len(_FEES_KRW), draw(f"fee {plan.month}", plan.seed, places))]
    halves = _HALVES_AT[kind]
    amount = np.where(halves == 0, fee, price_krw * halves // 20 * 10)
    confirmed_on = plan.confirmed_on(places).astype(np.int32)
    return pa.table(
        {
            "seller_id": plan.seller_ids.take(pa.array(store)),
            "order_id": pa.array(order_id).cast(pa.string()),
            "product_order_id": pa.array(product_order_id).cast(pa.string()),
            "line_type": _LINE_TYPES.take(pa.array(kind)),
            "settlement_type": _SETTLEMENT_TYPES.take(pa.array(kind)),
            "payment_amount_krw": pa.array(amount),
            "confirmed_on": pa.array(confirmed_on).cast(pa.date32()),
        }
    )


def _purchases_about(places: Numbers, kind: Numbers, plan: MonthPlan, before: MonthPlan) -> Numbers:
    ago = _LATER_PERMILLE[kind] * plan.full_blocks // 1000
    about = places - kind + _ABOUT[kind] - ago * len(_BLOCK)
    about = np.where(places < plan.full_blocks * len(_BLOCK), about, places)
    purchases = plan.purchases(np.maximum(about, 0))
    last_month = np.flatnonzero(about < 0)
    earlier = about[last_month] + plan.full_blocks * len(_BLOCK)
    purchases[:, last_month] = before.purchases(earlier)
    return purchases


def _purchases_in(lines: int) -> int:
    blocks, rest = divmod(lines, len(_BLOCK))
    return blocks * _PURCHASES_A_BLOCK + rest


def _day_ends(month: SettlementMonth, lines: int) -> Numbers:
    """Distribute a month's lines among its days: more on Mondays, fewer on weekends."""
    first = month.first_day.weekday()
    days = (month.last_day - month.first_day).days + 1
    weights = [_WEEKDAY_WEIGHTS[(first + day) % 7] for day in range(days)]
    ends = np.cumsum(np.array(weights, np.int64))
    return ends * lines // int(ends[-1])


def _rounded(price_krw: Numbers) -> Numbers:
    """Round prices down to tens of won, to hundreds from 10,000 on."""
    step = np.where(price_krw < _HUNDREDS_FROM_KRW, 10, 100)
    return np.maximum(price_krw // step * step, 10)
