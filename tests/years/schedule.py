"""The times at which deployments run by themselves, day by day."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any, Final

from prefect import Flow
from prefect.server.schemas.schedules import CronSchedule

from flows.occasion import SEOUL
from flows.prefect.deployments import DEPLOYED, TIME_ZONE

_FEW: Final = (time(7), time(13), time(19))
"""What runs more often than that in a day runs next after each of these times."""


def runs_of(day: date) -> Iterator[tuple[datetime, Flow[..., Any]]]:
    """List what runs on a day, and when."""
    for each in DEPLOYED:
        if each.cron is not None:
            for at in _few(_times(each.cron, day)):
                yield at, each.flow


@cache
def _times(cron: str, day: date) -> tuple[datetime, ...]:
    start = datetime.combine(day, time(), SEOUL)
    schedule = CronSchedule(cron=cron, timezone=TIME_ZONE)
    found = asyncio.run(
        schedule.get_dates(start=start, end=start + timedelta(days=1, seconds=-1), n=300)
    )
    return tuple(each.astimezone(SEOUL) for each in found)


def _few(times: Sequence[datetime]) -> Sequence[datetime]:
    if len(times) <= len(_FEW):
        return times
    return [next(each for each in times if each.time() >= after) for after in _FEW]
