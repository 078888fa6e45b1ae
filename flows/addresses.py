"""Where files of the home and the runbook are served, for links that open elsewhere than here."""

from pathlib import Path
from typing import Final

from domain.months import SettlementMonth
from flows.settings import Settings

SERVED: Final = ("reports", "docs")
"""The folders of the home whose files are served; those of the others never are."""


def runbook_address(settings: Settings, page: str) -> str:
    """Return the address at which a page of the runbook opens, its path if none is served."""
    return page if settings.pages_url is None else f"{settings.pages_url.rstrip('/')}/{page}"


def address_of(settings: Settings, file: Path) -> str | None:
    """Return the address at which a file in the home is served; None if it is not."""
    served = any(file.is_relative_to(settings.home / each) for each in SERVED)
    if settings.pages_url is None or not served:
        return None
    return f"{settings.pages_url.rstrip('/')}/{file.relative_to(settings.home).as_posix()}"


def refused_rows_address(settings: Settings, month: SettlementMonth) -> str | None:
    """Return the address of the page that lists a month's refused rows; None if none is served."""
    if settings.pages_url is None:
        return None
    return f"{settings.pages_url.rstrip('/')}/months/{month}/refused"
