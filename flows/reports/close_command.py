"""The command that closes a month, as shown in reports."""

import shlex

from domain.months import SettlementMonth
from flows.settings import Settings


def close_command(
    settings: Settings, month: SettlementMonth, settlements: str, *options: str
) -> str:
    """Return the command that closes a month from the given settlement folders."""
    settlements = unless_set(settings, settlements)
    root = ["--from", settlements] if settlements else []
    return shlex.join(["growth-points", "close", str(month), *root, *options])


def unless_set(settings: Settings, settlements: str) -> str:
    """Return the root, or an empty text if it is the one in the settings."""
    return "" if settlements == settings.settlements else settlements
