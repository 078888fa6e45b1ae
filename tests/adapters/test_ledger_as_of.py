"""The ledger as it stood: the same answer today and next year, on screen and in files."""

import csv
import io
import threading
from datetime import date, datetime, timedelta
from itertools import permutations
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow.csv
import pyarrow.parquet
import pytest
from sqlalchemy import Connection, Engine, event, text

from adapters.postgres.as_of import (
    SellerBalance,
    last_seal_of,
    seller_balances,
)
from adapters.postgres.ledger import check_now, entries, seal_now
from adapters.postgres.ledger.export import export_csv, export_parquet
from domain.ledger import Account
from tests.adapters.ledger_world import (
    adjust,
    award,
    awards_of,
    know,
    pay,
    plan,
    program_balances_at,
    reverse,
)
from tests.clocks import RIGHT, SECONDS_AHEAD, YEAR_AHEAD, move_the_databases_clock

CLOCKS = (RIGHT, SECONDS_AHEAD, YEAR_AHEAD, -YEAR_AHEAD)
TODAY = datetime.now(ZoneInfo("Asia/Seoul")).date()
TOMORROW = TODAY + timedelta(days=1)


def _head(connection: Connection) -> int:
    head = seal_now(connection)
    return 0 if head is None else head.seal_no


def _has(seller_id: str, pending: int, available: int) -> SellerBalance:
    return SellerBalance(
        seller_id, {Account.PENDING: pending, Account.AVAILABLE: available, Account.HELD: 0}
    )


def test_balances_can_be_read_as_they_stood_at_every_seal(connection: Connection) -> None:
    award(connection, awards_of("ab"))
    awarded = _head(connection)
    reverse(connection, awards_of("b"), leaving=awards_of("a"))
    reversed_ = _head(connection)
    plan(connection)
    pay(connection)
    adjust(connection, "b", 7)
    paid = _head(connection)

    def at(seal_no: int) -> list[SellerBalance]:
        return list(seller_balances(connection, seal_no=seal_no))

    assert at(0) == []
    assert at(awarded) == [_has("a", 150_000, 0), _has("b", 150_000, 0)]
    assert at(reversed_) == [_has("a", 150_000, 0), _has("b", 0, 0)]
    assert at(paid) == [_has("a", 0, 150_000), _has("b", 0, 7)]
    assert list(seller_balances(connection, seal_no=paid, seller_id="b")) == at(paid)[1:]
    funds = [program_balances_at(connection, at)["program_fund"] for at in (awarded, reversed_)]
    assert funds == [-300_000, -150_000]
    assert program_balances_at(connection, 0) == {}


def test_a_day_ends_with_the_last_seal_of_it_in_seoul(engine: Engine) -> None:
    with engine.begin() as connection:
        known = know(connection, "a")
        adjust(connection, "a", 7)
    with engine.connect() as connection:
        before, until = (last_seal_of(connection, day) for day in (date(2020, 1, 1), TOMORROW))
    assert (before, until) == (0, known + 1)


@pytest.mark.parametrize("clocks", [*permutations(CLOCKS)])
def test_no_day_has_a_transfer_without_the_earlier_ones_and_what_it_has_stays(
    engine: Engine, database_url: str, clocks: tuple[timedelta, ...]
) -> None:
    days = [TODAY + timedelta(days=days) for days in range(-400, 401, 50)]
    move_the_databases_clock(database_url, min(clocks))
    with engine.begin() as connection:
        known = know(connection, "a")
    with engine.begin() as connection:
        before = [last_seal_of(connection, day) for day in days]
    for number, clock in enumerate(clocks, start=known + 1):
        move_the_databases_clock(database_url, clock)
        with engine.begin() as connection:
            adjust(connection, "a", 7, key=f"adjustment/{number}")
        with engine.begin() as connection:
            seals = [last_seal_of(connection, day) for day in days]
        assert seals == sorted(seals)
        assert seals[-1] == number
        # The new record belongs to a day only with all earlier ones; else the day stays as it was.
        assert all(now in (was, number) for was, now in zip(before, seals, strict=True))
        before = seals


def test_a_day_waits_for_the_commit_that_holds_its_last_seal(engine: Engine) -> None:
    answers: list[int] = []

    def ask() -> None:
        with engine.connect() as connection:
            answers.append(last_seal_of(connection, TOMORROW))

    with engine.begin() as connection:
        known = know(connection, "a")
    with engine.begin() as connection:
        adjust(connection, "a", 7)
        check_now(connection)  # noted from here on, but not committed
        reader = threading.Thread(target=ask)
        reader.start()
        reader.join(timeout=0.3)
        assert reader.is_alive()
    reader.join()
    assert answers == [known + 1]


def test_a_day_that_was_asked_for_keeps_nobody_from_recording(engine: Engine) -> None:
    with engine.begin() as connection:
        know(connection, "a")
    with engine.begin() as reading, engine.begin() as recording:
        last_seal_of(reading, TOMORROW)
        recording.execute(text("SET LOCAL lock_timeout = '2s'"))
        adjust(recording, "a", 7)
        check_now(recording)


def test_an_interrupt_leaves_no_lock_on_a_connection_that_goes_back_to_the_pool(
    engine: Engine,
) -> None:
    def interrupt(_: Connection, statement: object, *__: object) -> None:
        if "wait_for_notes" in str(statement):
            raise KeyboardInterrupt

    event.listen(engine, "after_execute", interrupt)
    with pytest.raises(KeyboardInterrupt), engine.connect() as connection:
        last_seal_of(connection, TOMORROW)
    event.remove(engine, "after_execute", interrupt)

    with engine.connect() as connection:
        held = text("SELECT relation::regclass::text FROM pg_locks WHERE pid = pg_backend_pid()")
        assert "growth_points.note_lock" not in connection.scalars(held).all()


@pytest.fixture
def ledger_of_everything(connection: Connection) -> int:
    """A ledger with one entry of each kind, a hostile seller id included; returns its head."""
    hostile = 'a,"quoted"\nseller'
    award(connection, [*awards_of([hostile]), *awards_of("b")])
    reverse(connection, awards_of("b"), leaving=awards_of([hostile]))
    plan(connection)
    pay(connection)
    adjust(connection, "NULL", 7)
    return _head(connection)


def test_the_export_says_what_the_ledger_says(
    connection: Connection, ledger_of_everything: int, tmp_path: Path
) -> None:
    said = [
        {
            **{name: getattr(entry, name) for name in entry.__dataclass_fields__},
            "settlement_month": entry.settlement_month and str(entry.settlement_month),
        }
        for entry in entries(connection)
    ]
    export_parquet(connection, tmp_path / "ledger.parquet", seal_no=ledger_of_everything)
    assert pyarrow.parquet.read_table(tmp_path / "ledger.parquet").to_pylist() == said


def test_the_csv_export_runs_no_seller_as_a_formula(connection: Connection) -> None:
    ids = ["=1+1", "+82", "-1", "@x", "＝1", " =1", "\tx", "a=1"]
    award(connection, awards_of(ids))
    file = io.BytesIO()
    export_csv(connection, file, seal_no=_head(connection))
    rows = csv.DictReader(io.StringIO(file.getvalue().decode(), newline=""))
    assert {row["seller_id"] for row in rows} == {"a=1", *(f"'{each}" for each in ids[:-1])}


def test_the_csv_export_has_a_line_for_each_entry_until_the_seal(
    connection: Connection, ledger_of_everything: int
) -> None:
    whole, before = io.BytesIO(), io.BytesIO()
    export_csv(connection, whole, seal_no=ledger_of_everything)
    export_csv(connection, before, seal_no=ledger_of_everything - 1)
    lines = whole.getvalue().decode().splitlines()
    assert lines[0] == (
        "entry_no,recorded_at,effective_on,kind,seller_id,tier,settlement_month,"
        "debit_account,credit_account,points,reverses_entry_no"
    )
    assert lines[-1].endswith(",adjustment,NULL,,,program_fund,available,7,")
    assert whole.getvalue().startswith(before.getvalue())
    assert len(before.getvalue()) < len(whole.getvalue())
