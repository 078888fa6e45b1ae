"""The picture of a store's months against the tiers, as places to draw at.

Each tier is a band of the same height, however far apart its bounds are, so that a store sees how
far it is from the next one. A page draws it twice, wide and narrow, and shows what fits.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from domain.months import SettlementMonth
from domain.policy import Tier

_TOP, _FLOOR, _BOTTOM = 14, 250, 290
_LEFT: Final = {True: 76, False: 52}
_RIGHT: Final = {True: 750, False: 344}
_WIDTH: Final = {True: 880, False: 344}
_ABOVE: Final = 0.4  # of a band's height, since a store up there gets nothing


@dataclass(frozen=True, slots=True)
class PicturedMonth:
    """A month's average over its window, None if it was not decided, and the tier it was awarded.

    Of the month `to_come` it is what the window has so far; `wanted_krw` is the average at which
    the next tier begins.
    """

    month: SettlementMonth
    average_krw: int | None
    tier: int | None
    to_come: bool = False
    wanted_krw: int | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """A month's column: the middle of it, its top, and the top that is wanted."""

    of: PicturedMonth
    x: float
    y: float
    wanted_y: float | None
    shows_year: bool


@dataclass(frozen=True, slots=True)
class Band:
    """A tier's band, number 0 below the lowest tier; `lower_krw` is written at its lower edge."""

    number: int
    points: int | None
    lower_krw: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything to draw, in a box of `width` and `height` from 0, 0."""

    wide: bool
    width: int
    height: int
    left: int
    right: int
    floor: int
    bar_width: float
    bands: tuple[Band, ...]
    bars: tuple[Bar, ...]


def picture(months: Sequence[PicturedMonth], tiers: Sequence[Tier], *, wide: bool) -> Picture:
    """Lay out months, oldest first, against the tiers."""
    step = (_RIGHT[wide] - _LEFT[wide]) / max(len(months), 1)
    return Picture(
        wide=wide,
        width=_WIDTH[wide],
        height=_BOTTOM,
        left=_LEFT[wide],
        right=_RIGHT[wide],
        floor=_FLOOR,
        bar_width=round(step * 0.52, 1),
        bands=tuple(_bands(tiers)),
        bars=tuple(_bars(months, tiers, _LEFT[wide], step)),
    )


def _bands(tiers: Sequence[Tier]) -> Iterator[Band]:
    """List the bands from the floor up; the last one is above the highest tier."""
    edges = [0, *(each.lower_average_krw for each in tiers), tiers[-1].upper_average_krw]
    points = [None, *(each.points for each in tiers), None]
    height = _band_height(tiers)
    for number, lower in enumerate(edges):
        share = _ABOVE if number == len(tiers) + 1 else 1
        y = _FLOOR - height * (number + share)
        yield Band(number, points[number], lower, round(y, 1), round(height * share, 1))


def _band_height(tiers: Sequence[Tier]) -> float:
    return (_FLOOR - _TOP) / (len(tiers) + 1 + _ABOVE)


def _bars(
    months: Sequence[PicturedMonth], tiers: Sequence[Tier], left: int, step: float
) -> Iterator[Bar]:
    for number, each in enumerate(months):
        yield Bar(
            of=each,
            x=round(left + step * (number + 0.5), 1),
            y=_height_of(each.average_krw or 0, tiers),
            wanted_y=None if each.wanted_krw is None else _height_of(each.wanted_krw, tiers),
            shows_year=number == 0 or each.month.month == 1,
        )


def _height_of(average_krw: int, tiers: Sequence[Tier]) -> float:
    """Return how high an average is drawn: in proportion within its band, at most to the top."""
    edges = [0, *(each.lower_average_krw for each in tiers), tiers[-1].upper_average_krw]
    edges.append(edges[-1] * 2)
    height, reached = _band_height(tiers), 0.0
    for lower, upper in pairwise(edges):
        reached += min(max(average_krw - lower, 0) / (upper - lower), 1)
    reached = min(reached, len(tiers) + 1 + _ABOVE)
    return round(_FLOOR - height * reached, 1)
