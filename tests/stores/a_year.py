"""A store's year: an award that is paid, one that is coming, conversions, rewards, an expiry."""

from datetime import date
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from adapters.postgres.database import lock_program
from adapters.postgres.ledger.converting import end
from adapters.postgres.using import find_conversion
from flows.converting.link_ad_account import link_account
from flows.expiring.expire_points import expire_points
from tests.clocks import let_it_be
from tests.closings import Program, Sold
from tests.using.reward_days import Entry, deliver, event
from tests.using.store_a import convert

STORE: Final = "s0002692"
TODAY: Final = date(2026, 11, 5)
_APPROVED_ON: Final = date(2026, 1, 20)
_FIRST: Final = "2026-04"
_SOLD: Final = {
    "2025-11": 0,
    "2025-12": 0,
    "2026-01": 412_300,
    "2026-02": 1_204_900,
    "2026-03": 2_340_100,
    "2026-04": 3_127_300,
    "2026-05": 3_619_000,
    "2026-06": 4_270_500,
    "2026-07": 5_036_800,
    "2026-08": 6_402_000,
    "2026-09": 8_871_900,
    "2026-10": 11_250_300,
}


def live_through(engine: Engine, database_url: str, folder: Path) -> Program:
    """Close the months of a store that uses what it gets; today is then `TODAY`."""
    program = Program(engine, folder)
    for name in list(_SOLD)[:2]:
        program.ingest(name, _delivered(name))
    for name in list(_SOLD)[2:]:
        program.close(name, _delivered(name))
        if name == _FIRST:
            _let_old_points_expire(program, database_url)
            program.pay(name, date(2026, 5, 11))
            _use(program, database_url)
    let_it_be(database_url, TODAY)
    return program


def _delivered(name: str) -> dict[str, Sold]:
    return {
        STORE: Sold(_SOLD[name], _APPROVED_ON),
        "s0000007": Sold(2_500_000, date(2026, 3, 16)),
    }


def _let_old_points_expire(program: Program, database_url: str) -> None:
    let_it_be(database_url, date(2026, 5, 8))
    program.adjust(STORE, 20_000, "a welcome", on=date(2025, 5, 6))
    expire_points(program.engine, "tests")


def _use(program: Program, database_url: str) -> None:
    """Convert points, with each of the three ends, and reward customers."""

    def give(day: date, entries: list[Entry]) -> None:
        let_it_be(database_url, day)
        deliver(program, day, entries)

    let_it_be(database_url, date(2026, 5, 20))
    link_account(program.engine, STORE, "ads-3301", STORE)
    _convert(program, 50_000, "spring", delivered=True)
    give(date(2026, 6, 26), _given("summer-sale", 5_000, 2_000, 2_000, 1_000))
    give(date(2026, 6, 30), [Entry("returns", 1, 5_000, STORE, ("summer-sale", 1))])
    let_it_be(database_url, date(2026, 8, 3))
    _convert(program, 25_000, "summer", delivered=False)
    let_it_be(database_url, TODAY)
    _convert(program, 30_000, "autumn", delivered=None)


def _given(name: str, *points: int) -> list[Entry]:
    return event(name, *points, seller_id=STORE)


def _convert(program: Program, points: int, request_id: str, *, delivered: bool | None) -> None:
    """Convert points, and have the ad system take or refuse them; None: it has not answered."""
    number = convert(program, points, request_id, STORE).posting_no
    if delivered is None:
        return
    answer = "credited as C-1" if delivered else "ACCOUNT_CLOSED: the account is closed"
    with program.engine.begin() as connection:
        lock_program(connection)
        end(connection, find_conversion(connection, number), answer, "tests", delivered=delivered)
