"""Who does something, and when: the only reading of the clock and of the login name."""

import getpass
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from domain.cause import Cause

SEOUL = ZoneInfo("Asia/Seoul")


@dataclass(frozen=True, slots=True)
class Occasion:
    """Who does something, by what means, and at which time in Seoul."""

    actor: str
    origin: str
    now: datetime

    @property
    def today(self) -> date:
        """The calendar date in Seoul."""
        return self.now.date()

    def cause(self, reason: str) -> Cause:
        """Make of it what is recorded with everything that is done now."""
        return Cause(self.actor, reason, self.origin, self.now)


def this_occasion(actor: str | None = None, origin: str = "command line") -> Occasion:
    """Name the current user, unless an actor is given, and the time in Seoul."""
    return Occasion(actor or _login_name(), origin, datetime.now(SEOUL))


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
