"""A program with three months, and the operators' pages of it."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from flows.settings import Settings
from tests.closings import Program, Sold
from web.serving import serving

TIER_1 = Sold(6_000_000)
Ask = Callable[..., httpx.Response]


@pytest.fixture
def program(engine: Engine, tmp_path: Path) -> Program:
    """October closed, with awards for maru and nuri alone; the two months before it ingested."""
    program = Program(engine, tmp_path)
    for name in ("2026-08", "2026-09"):
        program.ingest(name, {"maru": Sold(1_000)})
    program.close("2026-10", {"maru": TIER_1, "nuri": TIER_1, "sora": Sold(1_000)})
    return program


@pytest.fixture
def settings(program: Program, tmp_path: Path, database_url: str) -> Settings:
    """The settings of the pages, whose home has nothing yet."""
    return Settings(home=tmp_path / "home", database_url=database_url)


@pytest.fixture
def ask(settings: Settings) -> Iterator[Ask]:
    """Ask for a page by its path."""
    with serving(settings, 0) as address, httpx.Client(base_url=address) as client:

        def ask(path: str, **asked: str) -> httpx.Response:
            return client.get(f"/{path}", params=asked or None)

        yield ask


def restate_after_payout(program: Program) -> None:
    """Pay October, then deliver it without nuri's sales, but with sora's."""
    program.pay("2026-10", date(2026, 11, 12))
    program.close(
        "2026-10",
        {"maru": TIER_1, "nuri": Sold(1_000), "sora": TIER_1},
        acknowledge_paid=True,
        reason="corrected files",
    )
