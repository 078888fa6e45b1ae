"""Limits on how much may change from one delivery to the next, with their defaults.

A limit is a share of the stores of the last snapshot, or of the rows that a rule checks.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from domain.refusal import WrongUsage
from domain.sentence import sentence

LIMITS: Final[Mapping[str, float]] = {
    # More than one store in a hundred rarely leaves or returns.
    "sellers_vanished": 0.01,
    "sellers_returned": 0.01,
    "sellers_joined": 0.5,
    # Another marketplace's snapshot has none of these stores, a truncated one few.
    "snapshot_unlike_last": 0.5,
    # A store is approved once: a few dates may be corrected, many mean a wrong column.
    "approval_dates_moved": 0.01,
    "statuses_changed": 0.05,
    "statuses_flipped": 0.25,
    "flags_changed": 0.05,
    "flags_flipped": 0.25,
    "seller_negative": 0.05,
    # A few new words come from upstream; many mean that the column's format changed.
    "words_often_unknown": 0.01,
    "words_mostly_unknown": 0.5,
}
"""The default limits by the name of their setting."""

_ENTRY = re.compile(r"\s*([a-z_]+)\s*=\s*([0-9]*\.?[0-9]+)\s*(%?)\s*")


class LimitInvalid(WrongUsage):
    """A limit that is malformed, or for a rule that has none."""


def parse_limits(text: str) -> dict[str, float]:
    """Parse comma-separated `name=share` pairs; raises LimitInvalid.

    A share is a number from 0 to 1 or a percentage: `snapshot_unlike_last=80%`.
    """
    limits: dict[str, float] = {}
    for name, share in (_parse(entry) for entry in text.split(",") if entry.strip()):
        if name in limits:
            raise LimitInvalid(sentence("{name} is given twice; give each limit once", name=name))
        limits[name] = share
    return limits


def allowed(share: float, total: int) -> int:
    """Return how many of `total` a share allows: 29% of 100 is 29, although 0.29 * 100 is less."""
    return int(Decimal(str(share)) * total)


def _parse(entry: str) -> tuple[str, float]:
    found = _ENTRY.fullmatch(entry)
    if found is None:
        raise LimitInvalid(
            sentence(
                "{entry!r} is not a limit; write one like snapshot_unlike_last=80%",
                entry=entry.strip(),
            )
        )
    name, share = found[1], float(Decimal(found[2]) / (100 if found[3] else 1))
    if name not in LIMITS:
        raise LimitInvalid(
            sentence(
                "there is no limit {name!r}; choose from {names}",
                name=name,
                names=", ".join(LIMITS),
            )
        )
    if share > 1:
        raise LimitInvalid(
            sentence(
                "{limit} is above 100%; give 0 to 1, or 0% to 100%",
                limit=f"{name}={found[2]}{found[3]}",
            )
        )
    return name, share
