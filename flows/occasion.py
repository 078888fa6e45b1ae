"""Who does something, and on which date: the only reading of the clock and of the login name."""

import getpass
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

SEOUL = ZoneInfo("Asia/Seoul")


@dataclass(frozen=True, slots=True)
class Occasion:
    """Who does something, and on which calendar date in Seoul."""

    actor: str
    today: date


def this_occasion(actor: str | None = None) -> Occasion:
    """Name the current user, unless an actor is given, and today's date in Seoul."""
    return Occasion(actor or _login_name(), datetime.now(SEOUL).date())


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
