"""The marketplace of the year: a store opens every month, sells more, and uses its points."""

import os
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from domain.months import SettlementMonth
from tests.command_line import Line, Marketplace, Store, midmonth

FIRST_OPENED: Final = SettlementMonth(2024, 4)
HISTORY: Final = (SettlementMonth(2024, 10), SettlementMonth(2024, 11))
FIRST: Final = SettlementMonth(2024, 12)
LAST: Final = SettlementMonth(2025, 11)
MONTHS: Final = tuple(FIRST.until(LAST))
_GROWS_AFTER: Final = 5  # months: from tier 1 to tier 2


def store_id(number: int) -> str:
    """Name the store that opened so many months after the first one."""
    return f"store-{number:02}"


def stores(month: SettlementMonth) -> Sequence[Store]:
    """List the stores that had opened by the end of a month."""
    opened = FIRST_OPENED.until(month)
    return [Store(store_id(number), f"{each}-01") for number, each in enumerate(opened)]


def lines(month: SettlementMonth) -> list[Line]:
    """List what was sold in a month: 3 million a store, 12 million from its sixth month on."""
    opened = tuple(FIRST_OPENED.until(month))
    return [
        Line(store_id(number), _amount(len(opened) - 1 - number), midmonth(str(month)))
        for number in range(len(opened))
    ]


def _amount(age: int) -> int:
    return 3_000_000 if age < _GROWS_AFTER else 12_000_000


def deliver(
    marketplace: Marketplace, month: SettlementMonth, sold: Sequence[Line], at: datetime
) -> None:
    """Put a month's files in place, as of a time."""
    marketplace.deliver(str(month), sold, stores(month))
    folder = marketplace.root / str(month)
    for each in (*folder.iterdir(), folder):
        os.utime(each, (at.timestamp(), at.timestamp()))
