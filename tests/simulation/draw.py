"""What is drawn at random: deliveries that stand at the bounds of the rules, and moments."""

from datetime import date
from random import Random
from typing import Final

from tests.closings import Delivered, Sold

SELLERS: Final = tuple(f"s{number:02}" for number in range(24))
_BOUNDS: Final = tuple(3 * krw for krw in (2_000_000, 8_000_000, 40_000_000, 80_000_000))
_AMOUNTS: Final = (
    *(0, 1, -1, 3_000_000, 12_000_000, -9_000_000),
    *(_BOUNDS + tuple(krw - 1 for krw in _BOUNDS)),
)
_APPROVED_ON: Final = (date(2025, 7, 2), date(2025, 12, 31), date(2026, 4, 1))


def store(chance: Random) -> Sold:
    """Draw what a store sold, and how the snapshot has it."""
    return Sold(
        amount_krw=chance.choice(_AMOUNTS),
        approved_on=chance.choice(_APPROVED_ON),
        status=chance.choice(["NORMAL"] * 5 + ["PAUSED"]),
        uses_api=chance.random() < 1 / 10,
    )


def delivery(chance: Random, before: list[Delivered]) -> Delivered:
    """Draw a delivery of a month: a new one, the newest with a change, or an earlier one."""
    kind = chance.choice(["new", "new", "changed", "earlier"]) if before else "new"
    if kind == "earlier":
        return chance.choice(before)
    if kind == "changed":
        return {**before[-1], **{chance.choice(SELLERS): store(chance) for _ in range(3)}}
    some = [*SELLERS[:8], *(each for each in SELLERS[8:] if chance.random() < 1 / 2)]
    return {seller: store(chance) for seller in some}
