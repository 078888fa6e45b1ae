"""The chart of the months: what was awarded and paid for each, used and expired in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from adapters.postgres.month_points import MonthPoints
from domain.months import SettlementMonth

_HEIGHT: Final = 190
_TOP, _BOTTOM, _LEFT, _RIGHT = 14, 34, 56, 8
_WIDEST_SLOT: Final = 128
_STEPS: Final = (1, 2, 5)
_LINES: Final = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of the chart, by its look, from its top to its foot."""

    look: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a month: its bars, and the area that leads to its page."""

    month: SettlementMonth
    points: MonthPoints
    x: float
    width: float
    middle: float
    bars: tuple[Bar, ...]
    shows_name: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """The chart, drawn to fit a width; `lines` are the points of its scale, and their places."""

    width: int
    height: int
    left: int
    right: float
    floor: int
    slots: tuple[Slot, ...]
    lines: tuple[tuple[int, float], ...]


def chart(points: Mapping[SettlementMonth, MonthPoints], width: int, most: int) -> Chart:
    """Draw the newest months, at most so many, without gaps between the first and the last."""
    months = _shown(points, most)
    scale = _scale([points.get(each, MonthPoints()) for each in months])
    floor = _HEIGHT - _BOTTOM
    room = (width - _LEFT - _RIGHT) / max(len(months), 1)
    slot = min(room, _WIDEST_SLOT)
    every = -(-58 // max(int(slot), 1))  # names need about that much room
    return Chart(
        width=width,
        height=_HEIGHT,
        left=_LEFT,
        right=width - _RIGHT,
        floor=floor,
        slots=tuple(
            _slot(
                month,
                points.get(month, MonthPoints()),
                (_LEFT + place * slot, slot),
                (floor - _TOP) / scale[-1],
                shows_name=(len(months) - 1 - place) % every == 0,
            )
            for place, month in enumerate(months)
        ),
        lines=tuple((line, floor - line * (floor - _TOP) / scale[-1]) for line in scale),
    )


def _shown(points: Mapping[SettlementMonth, MonthPoints], most: int) -> Sequence[SettlementMonth]:
    return tuple(min(points).until(max(points)))[-most:] if points else ()


def _scale(shown: Sequence[MonthPoints]) -> tuple[int, ...]:
    """Choose round numbers up to the largest bar."""
    largest = max((max(each.awarded, each.used + each.expired) for each in shown), default=0)
    step, power = 1, 0
    while step * _LINES < max(largest, 1):
        power += 1
        step = _STEPS[power % 3] * 10 ** (power // 3)
    return tuple(step * each for each in range(1, -(-max(largest, 1) // step) + 1))


def _slot(
    month: SettlementMonth,
    points: MonthPoints,
    place: tuple[float, float],
    unit: float,
    *,
    shows_name: bool,
) -> Slot:
    x, width = place
    thick, gap = width * 0.34, width * 0.05
    first, second = x + width / 2 - thick - gap / 2, x + width / 2 + gap / 2
    floor = _HEIGHT - _BOTTOM
    bars = []
    for look, left, below, points_ in (
        ("awarded", first, 0, points.awarded),
        ("paid", first, 0, points.paid),
        ("used", second, 0, points.used),
        ("expired", second, points.used, points.expired),
    ):
        if points_ > 0:
            height = max(points_ * unit, 1.5)
            bars.append(Bar(look, left, floor - below * unit - height, thick, height))
    return Slot(month, points, x, width, x + width / 2, tuple(bars), shows_name)
