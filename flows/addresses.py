"""Where files of the home and the runbook are served, for links that open elsewhere than here."""

from pathlib import Path

from flows.settings import Settings


def runbook_address(settings: Settings, page: str) -> str:
    """Return the address at which a page of the runbook opens, its path if none is served."""
    return page if settings.pages_url is None else f"{settings.pages_url.rstrip('/')}/{page}"


def address_of(settings: Settings, file: Path) -> str | None:
    """Return the address at which a file in the home is served; None if it is not."""
    if settings.pages_url is None or not file.is_relative_to(settings.home):
        return None
    return f"{settings.pages_url.rstrip('/')}/{file.relative_to(settings.home).as_posix()}"
