"""Moves the program's clock, in every process that finds this folder on its path.

The instant stands in the file that GROWTH_POINTS_TEST_CLOCK names; the tests write another one
there instead of waiting. Only the program's own clock moves: Prefect's goes on as it does.
"""

import os
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Self

import flows.occasion

_CLOCK = Path(os.environ["GROWTH_POINTS_TEST_CLOCK"])


class _Moved(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls.fromisoformat(_CLOCK.read_text().strip()).astimezone(tz)


flows.occasion.datetime = _Moved  # type: ignore[attr-defined]
