"""Who acts, and when: the only place that reads the clock and the login name."""

import getpass
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from domain.cause import Cause

SEOUL = ZoneInfo("Asia/Seoul")


@dataclass(frozen=True, slots=True)
class Occasion:
    """Who acts, through what, and at which time in Seoul."""

    actor: str
    origin: str
    now: datetime

    @property
    def today(self) -> date:
        """The calendar date in Seoul."""
        return self.now.date()

    def cause(self, reason: str) -> Cause:
        """Add a reason; the result is recorded with every change."""
        return Cause(self.actor, reason, self.origin, self.now)


def this_occasion(actor: str | None = None, origin: str = "command line") -> Occasion:
    """Return the actor, by default the login name, and the time in Seoul."""
    return Occasion(actor or _login_name(), origin, datetime.now(SEOUL))


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
