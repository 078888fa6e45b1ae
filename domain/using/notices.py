"""When a store is told that its points expire (points in use: U18)."""

from collections.abc import Collection, Mapping
from datetime import date, timedelta


def notice_due(days_left: int, notice_days: Collection[int]) -> int | None:
    """Return which notice is due so many days before the last usable day; None if none is yet.

    If days were missed, it is the nearest one: the earlier ones would come too late.
    """
    return min((days for days in notice_days if days >= days_left), default=None)


def notices_due(today: date, notice_days: Collection[int]) -> Mapping[date, int]:
    """Return the last usable days of which stores are to be told today, each with its notice."""
    return {
        today + timedelta(days=left): due
        for left in range(max(notice_days, default=-1) + 1)
        if (due := notice_due(left, notice_days)) is not None
    }
