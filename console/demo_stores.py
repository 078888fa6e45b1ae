"""The demo's stores, to open the stores' page as; the key for it is made at each start."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.postgres.find_stores import stores_to_show
from flows.program import program_database
from flows.settings import Settings
from web.stores.demo import ISSUER, DemoKey, add_demo

if TYPE_CHECKING:
    from fastapi import FastAPI

_AUDIENCE: Final = "growth-points up --demo"
_LISTED: Final = 30


def make_demo_key(file: Path) -> DemoKey:
    """Make the key, publish it in a file, and have the stores' page accept its tokens alone."""
    key = DemoKey(_AUDIENCE)
    key.publish(file)
    os.environ["GROWTH_POINTS_STORES_JWKS"] = str(file)
    os.environ["GROWTH_POINTS_STORES_ISSUER"] = ISSUER
    os.environ["GROWTH_POINTS_STORES_AUDIENCE"] = _AUDIENCE
    os.environ.pop("GROWTH_POINTS_STORES_DATABASE_URL", None)
    return key


def list_demo_stores(app: "FastAPI", key: DemoKey, settings: Settings) -> None:
    """Add the list of stores to choose from."""
    with program_database(settings) as engine, engine.connect() as connection:
        add_demo(app, key, tuple(stores_to_show(connection, _LISTED)))
