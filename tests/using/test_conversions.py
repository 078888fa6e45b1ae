"""Conversions to search-ad credit: the worked examples of points in use, on a real database."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from adapters.postgres.ledger.converting import end
from adapters.postgres.ledger.expiring import expire
from adapters.postgres.ledger.posting import Posted
from adapters.postgres.ledger.refusals import PointsNotUsable
from adapters.postgres.using import conversions, standing_of
from flows.converting.convert_points import ConversionRequest, hold_points
from flows.converting.link_ad_account import link_account, unlink_account
from flows.converting.refusals import NotLinked, OtherConversion, StoreUnknown
from flows.expiring.expire_points import expire_points
from tests.clocks import let_it_be
from tests.closings import Program, Sold, cause

DUE = date(2026, 11, 10)
LAST_DAY, DAY_AFTER = date(2027, 11, 10), date(2027, 11, 11)
SOME_DAY = date(2026, 12, 1)


@pytest.fixture
def program(engine: Engine, database_url: str, tmp_path: Path) -> Program:
    """Store A has 150,000 points from October's payout and a linked account, on some day after."""
    program = Program(engine, tmp_path)
    for name in ("2026-08", "2026-09"):
        program.ingest(name, {"A": Sold()})
    program.close("2026-10", {"A": Sold(7_000_000), "B": Sold()})
    program.pay("2026-10", DUE)
    link_account(engine, "A", "ads-1", "a store")
    let_it_be(database_url, SOME_DAY)
    return program


def convert(program: Program, points: int, request_id: str = "r1", seller_id: str = "A") -> Posted:
    return hold_points(program.engine, ConversionRequest(seller_id, request_id, points, cause()))


def has(program: Program, seller_id: str = "A") -> tuple[int, int]:
    with program.engine.connect() as connection:
        standing = standing_of(connection, seller_id)
    return standing.available, standing.held


def ends(program: Program, held: Posted, *, delivered: bool) -> Posted:
    with program.engine.begin() as connection:
        return end(
            connection,
            held.posting_no,
            "A",
            held.points,
            answer="an answer",
            delivered=delivered,
            actor="tests",
        )


def test_a_conversion_holds_its_points_and_is_delivered_once(program: Program) -> None:
    held = convert(program, 100_000)
    assert has(program) == (50_000, 100_000)
    assert [ends(program, held, delivered=True).created for _ in range(2)] == [True, False]
    assert has(program) == (50_000, 0)


def test_the_same_request_is_the_first_one_and_other_content_is_refused(program: Program) -> None:
    assert convert(program, 100_000).created
    assert not convert(program, 100_000).created
    with pytest.raises(OtherConversion, match="for other points"):
        convert(program, 50_000)
    assert has(program) == (50_000, 100_000)
