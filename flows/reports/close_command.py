"""The command that closes a month, as reports tell it."""

import shlex

from domain.months import SettlementMonth
from flows.settings import Settings


def close_command(
    settings: Settings, month: SettlementMonth, settlements: str, *options: str
) -> str:
    """Write the command that closes a month from where its settlements are."""
    settlements = unless_set(settings, settlements)
    root = ["--from", settlements] if settlements else []
    return shlex.join(["growth-points", "close", str(month), *root, *options])


def unless_set(settings: Settings, settlements: str) -> str:
    """Leave out a root that the settings name."""
    return "" if settlements == settings.settlements else settlements
