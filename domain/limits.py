"""How much of a snapshot may change from one month to the next, unless an operator says otherwise.

A limit is a share: of the stores of the last snapshot, or of the rows that a rule looks at.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from domain.refusal import WrongUsage

LIMITS: Final[Mapping[str, float]] = {
    # Seldom does more than one store of a hundred leave, or come back.
    "sellers_vanished": 0.01,
    "sellers_returned": 0.01,
    "sellers_joined": 0.5,
    # Another marketplace's snapshot shares none, a cut one few.
    "snapshot_unlike_last": 0.5,
    # A store is approved once; a few dates are corrected, many are another column's.
    "approval_dates_moved": 0.01,
    "statuses_changed": 0.05,
    "statuses_flipped": 0.25,
    "flags_changed": 0.05,
    "flags_flipped": 0.25,
    "seller_negative": 0.05,
    # A few words are new upstream; many say that a column is written otherwise.
    "words_often_unknown": 0.01,
    "words_mostly_unknown": 0.5,
}
"""The limits that may be set, each by the name of its rule."""

_ENTRY = re.compile(r"\s*([a-z_]+)\s*=\s*([0-9]*\.?[0-9]+)\s*(%?)\s*")


class LimitInvalid(WrongUsage):
    """A limit that is no share of a rule that has one."""


def parse_limits(text: str) -> dict[str, float]:
    """Read limits from `name=share` pairs with commas between; raises LimitInvalid.

    A share is a number from 0 to 1 or a percentage: `snapshot_unlike_last=80%`.
    """
    limits: dict[str, float] = {}
    for name, share in (_parse(entry) for entry in text.split(",") if entry.strip()):
        if name in limits:
            raise LimitInvalid(f"{name} is given twice; give each limit once")
        limits[name] = share
    return limits


def allowed(share: float, total: int) -> int:
    """Say how many of `total` a share allows: 29% of 100 are 29, though 0.29 * 100 is less."""
    return int(Decimal(str(share)) * total)


def _parse(entry: str) -> tuple[str, float]:
    found = _ENTRY.fullmatch(entry)
    if found is None:
        raise LimitInvalid(
            f"{entry.strip()!r} is no limit; write one like snapshot_unlike_last=80%"
        )
    name, share = found[1], float(Decimal(found[2]) / (100 if found[3] else 1))
    if name not in LIMITS:
        raise LimitInvalid(f"there is no limit {name!r}; there are {', '.join(LIMITS)}")
    if share > 1:
        raise LimitInvalid(
            f"{name}={found[2]}{found[3]} is more than all; give 0 to 1, or 0% to 100%"
        )
    return name, share
