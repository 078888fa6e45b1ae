"""Who or what starts something: recorded with everything that comes of it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Cause:
    """Who starts something, by what means (`origin`), why, and when (with its time zone)."""

    actor: str
    reason: str
    origin: str
    started_at: datetime
