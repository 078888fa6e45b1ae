"""A store's year: three tiers, conversions, rewards, points that expired, and a month too late."""

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
ANOTHER: Final = "s0000007"
TODAY: Final = date(2026, 11, 29)
_APPROVED_ON: Final = date(2025, 10, 20)
_EXPIRED_ON: Final = date(2026, 2, 3)
_SOLD: Final = {
    "2025-11": 1_212_400,
    "2025-12": 1_804_900,
    "2026-01": 3_640_100,
    "2026-02": 4_127_300,
    "2026-03": 5_019_000,
    "2026-04": 9_270_500,
    "2026-05": 12_036_800,
    "2026-06": 15_402_000,
    "2026-07": 22_871_900,
    "2026-08": 61_250_300,
    "2026-09": 48_003_700,
    "2026-10": 30_118_200,
}
_PAID_ON: Final = {
    "2026-01": date(2026, 2, 10),
    "2026-05": date(2026, 6, 10),
    "2026-09": date(2026, 10, 12),
}


def live_through(engine: Engine, database_url: str, folder: Path) -> Program:
    """Close and pay the year of a store that uses what it gets; today is then `TODAY`."""
    program = Program(engine, folder)
    for name in ("2025-11", "2025-12"):
        program.ingest(name, _delivered(name))
    for name in list(_SOLD)[2:]:
        program.close(name, _delivered(name))
        if name == "2026-01":
            let_it_be(database_url, _EXPIRED_ON)
            program.adjust(STORE, 20_000, "a welcome", on=date(2025, 1, 10))
            expire_points(engine, "tests")
        if name in _PAID_ON:
            program.pay(name, _PAID_ON[name])
            _use(program, database_url, name)
    let_it_be(database_url, TODAY)
    return program


def _delivered(name: str) -> dict[str, Sold]:
    return {STORE: Sold(_SOLD[name], _APPROVED_ON), ANOTHER: Sold(2_500_000, date(2026, 3, 16))}


def _use(program: Program, database_url: str, name: str) -> None:
    """Use some of what a month paid."""

    def give(day: date, entries: list[Entry]) -> None:
        let_it_be(database_url, day)
        deliver(program, day, entries)

    match name:
        case "2026-01":
            let_it_be(database_url, date(2026, 2, 17))
            link_account(program.engine, STORE, "ads-3301", STORE)
            _convert(program, 100_000, "spring", delivered=True)
            give(date(2026, 2, 20), _given("reviews", 1_000, 1_000, 3_000))
        case "2026-05":
            let_it_be(database_url, date(2026, 6, 25))
            _convert(program, 50_000, "summer", delivered=False)
            give(date(2026, 6, 26), _given("summer-sale", 5_000, 2_000, 2_000, 1_000))
            taken_back = Entry("returns", 1, 5_000, STORE, ("summer-sale", 1))
            give(date(2026, 6, 30), [taken_back])
        case _:
            let_it_be(database_url, date(2026, 11, 20))
            _convert(program, 300_000, "autumn", delivered=True)
            _convert(program, 120_000, "winter", delivered=None)


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
