"""A marketplace of three stores from August to November 2024, and a correction of October.

In October *maru* and *sora* reach tier 1 and *dana* uses the API; in November *maru* reaches
tier 2. As corrected, October gives *maru* tier 2 and *sora* nothing. October is due on
2024-11-11, since the 10th is a Sunday.
"""

from collections.abc import Mapping
from typing import Final

from tests.command_line import Line, Marketplace, Store, midmonth

AUGUST, SEPTEMBER, OCTOBER, NOVEMBER = "2024-08", "2024-09", "2024-10", "2024-11"
OCTOBER_DUE_ON, NOVEMBER_DUE_ON = "2024-11-11", "2024-12-10"

STORES: Final = (
    Store("dana", "2024-05-20", frozenset({"uses_api"})),
    Store("maru", "2024-04-10"),
    Store("sora", "2024-05-02"),
)

AS_SENT: Final[Mapping[str, Mapping[str, int]]] = {
    AUGUST: {"dana": 9_000_000, "maru": 2_000_000, "sora": 1_000_000},
    SEPTEMBER: {"dana": 9_000_000, "maru": 2_500_000, "sora": 1_500_000},
    OCTOBER: {"dana": 9_000_000, "maru": 3_000_000, "sora": 4_000_000},
    NOVEMBER: {"dana": 9_000_000, "maru": 20_000_000, "sora": 1_000_000},
}
OCTOBER_CORRECTED: Final = {"dana": 9_000_000, "maru": 30_000_000, "sora": 1_000_000}


def deliver(marketplace: Marketplace, month: str, amounts: Mapping[str, int] | None = None) -> None:
    """Put a month's files in place, with the amounts as sent or as corrected."""
    lines = [
        Line(seller_id, amount_krw, midmonth(month))
        for seller_id, amount_krw in (amounts or AS_SENT[month]).items()
    ]
    marketplace.deliver(month, lines, STORES)


def deliver_all(marketplace: Marketplace) -> None:
    """Put the files of all four months in place, as sent."""
    for month in AS_SENT:
        deliver(marketplace, month)


def ingest_history(marketplace: Marketplace) -> None:
    """Ingest the two months before October."""
    marketplace.done("ingest", AUGUST)
    marketplace.done("ingest", SEPTEMBER)
