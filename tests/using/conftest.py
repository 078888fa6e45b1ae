"""A store with points and a linked account, on some day after its payout."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from flows.converting.link_ad_account import link_account
from tests.clocks import let_it_be
from tests.closings import Program, Sold
from tests.using.store_a import SOME_DAY

DUE = date(2026, 11, 10)


@pytest.fixture
def program(engine: Engine, database_url: str, tmp_path: Path) -> Program:
    """Store A has 150,000 points from October's payout and a linked account, on some day after."""
    return make_program(engine, database_url, tmp_path)


def make_program(engine: Engine, database_url: str, folder: Path) -> Program:
    """Make that program in an empty database."""
    program = Program(engine, folder)
    for name in ("2026-08", "2026-09"):
        program.ingest(name, {"A": Sold()})
    program.close("2026-10", {"A": Sold(7_000_000), "B": Sold()})
    program.pay("2026-10", DUE)
    link_account(engine, "A", "ads-1", "a store")
    let_it_be(database_url, SOME_DAY)
    return program
