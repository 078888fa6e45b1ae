"""Adding the pages to an application; their routes come last, since one of them takes any name."""

from fastapi import FastAPI

from web.stores.page.converting import converting
from web.stores.page.reading import reading


def add_pages(app: FastAPI) -> None:
    """Add the pages to an application whose state has `engine`, `policies` and `tokens`."""
    app.include_router(converting)
    app.include_router(reading)
