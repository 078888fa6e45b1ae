"""A delivery is held against the months before it: what they were, and who left since."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from shutil import copyfile

import pyarrow as pa
import pyarrow.parquet
import pytest
from sqlalchemy import Connection

from adapters.ingest.staged_month import StagedMonth
from adapters.postgres.previous_months import past_of
from adapters.postgres.revisions import record_revision
from domain.months import SettlementMonth
from domain.profile import Changes, Past, PastMonth, Violations
from domain.settlement import SELLER_FLAGS
from tests.adapters.test_ingest import read
from tests.deliveries import MONTH, SmallDelivery
from tests.staged import staged_month


@pytest.fixture
def staged(tmp_path: Path) -> StagedMonth:
    return read(SmallDelivery(tmp_path).write())


def ingest(connection: Connection, month: SettlementMonth, staged: StagedMonth, lines: int) -> None:
    another = staged_month(
        month,
        staged.directory,
        lines=lines,
        amount_krw=lines * 1_000,
        sellers=3,
        content_hash="0" * 63 + str(lines),
    )
    record_revision(connection, another, (), "test")


Store = dict[str, object]


def store(name: str, **values: object) -> Store:
    """Describe a store as SmallDelivery's are."""
    flags = dict.fromkeys(SELLER_FLAGS, False)
    usual: Store = {"approved_on": date(2026, 5, 20), "status": "NORMAL", **flags}
    return {"seller_id": name, **usual, "uses_fulfilment": True, **values}


STORES = tuple(store(f"store-{letter}") for letter in "abc")


def sellers(folder: Path, *stores: Store | str) -> Path:
    """Stage a snapshot of stores, which may be given by their names alone."""
    path = folder / "now.parquet"
    rows = [store(each) if isinstance(each, str) else each for each in stores]
    pyarrow.parquet.write_table(pa.Table.from_pylist(rows), path)
    return path


def count(past: Past, rule: str) -> Violations:
    (found,) = (each for each in past.changes.counts if each.rule == rule)
    return found


def changed(past: Past) -> dict[str, tuple[int, tuple[str, ...]]]:
    """Tell what changed: how many stores, and the examples."""
    return {each.rule: (each.count, each.examples) for each in past.changes.counts if each.count}


def test_a_first_month_has_no_past(connection: Connection, staged: StagedMonth) -> None:
    past = past_of(connection, MONTH, staged.sellers)
    assert (past.months, past.changes) == ((), Changes())


def test_the_current_revisions_of_three_months_are_compared(
    connection: Connection, staged: StagedMonth
) -> None:
    for back, lines in ((5, 1), (3, 2), (1, 3), (1, 4)):
        ingest(connection, MONTH - back, staged, lines)
    assert past_of(connection, MONTH, staged.sellers).months == (
        PastMonth(MONTH - 1, 4, 4_000),
        PastMonth(MONTH - 3, 2, 2_000),
    )


def test_sellers_that_are_gone_since_the_last_snapshot_are_named(
    connection: Connection, staged: StagedMonth, tmp_path: Path
) -> None:
    ingest(connection, MONTH - 1, staged, 4)
    past = past_of(connection, MONTH, sellers(tmp_path, "store-b", "new"))
    assert changed(past) == {
        "seller_vanished": (2, ("store-a", "store-c")),
        "seller_joined": (1, ("new",)),
    }
    assert (past.changes.since, past.changes.stores) == (MONTH - 1, 3)


@pytest.mark.parametrize(
    ("ingested", "since"),
    [((1, 2), 1), ((2,), 2), ((5, 7), 5), ((0,), 0), ((0, 3), 3), ((-1, -2), -1)],
)
def test_the_nearest_snapshot_before_is_the_last_one(
    connection: Connection,
    staged: StagedMonth,
    tmp_path: Path,
    ingested: tuple[int, ...],
    since: int,
) -> None:
    for back in ingested:
        ingest(connection, MONTH - back, staged, 4)
    past = past_of(connection, MONTH, sellers(tmp_path, "new"))
    assert past.changes.since == MONTH - since
    assert count(past, "seller_vanished").count == 3


def test_the_current_revision_of_the_last_month_is_compared(
    connection: Connection, staged: StagedMonth, tmp_path: Path
) -> None:
    ingest(connection, MONTH - 1, staged, 4)
    other = replace_sellers(staged, tmp_path / "other", "x", "y")
    ingest(connection, MONTH - 1, other, 5)
    assert changed(past_of(connection, MONTH, sellers(tmp_path, "x", "y"))) == {}


def replace_sellers(staged: StagedMonth, folder: Path, *stores: Store | str) -> StagedMonth:
    """Stage the same lines with another snapshot."""
    folder.mkdir()
    copyfile(staged.totals, folder / "totals.parquet")
    sellers(folder, *stores).rename(folder / "sellers.parquet")
    return replace(staged, directory=folder)


def test_a_store_that_comes_back_is_told(
    connection: Connection, staged: StagedMonth, tmp_path: Path
) -> None:
    ingest(connection, MONTH - 3, staged, 4)
    ingest(connection, MONTH - 1, replace_sellers(staged, tmp_path / "two", "store-a"), 5)
    past = past_of(connection, MONTH, sellers(tmp_path, "store-a", "store-c", "new"))
    assert changed(past) == {
        "seller_returned": (1, ("store-c",)),
        "seller_joined": (2, ("new", "store-c")),
    }


@pytest.mark.parametrize(
    ("before", "replaced", "now", "expected"),
    [
        ("ab", "abxy", "ab", {"seller_withdrawn": (2, ("x", "y"))}),
        ("ab", "abxy", "abx", {"seller_joined": (1, ("x",)), "seller_withdrawn": (1, ("y",))}),
        ("ab", "zy", "ab", {"seller_withdrawn": (2, ("y", "z"))}),
        ("ab", "a", "ab", {}),
        ("ab", "ab", "ab", {}),
        ("", "ab", "a", {"seller_vanished": (1, ("b",))}),
    ],
)
def test_stores_that_a_month_has_no_more_are_told(
    connection: Connection,
    staged: StagedMonth,
    tmp_path: Path,
    before: str,
    replaced: str,
    now: str,
    expected: dict[str, tuple[int, tuple[str, ...]]],
) -> None:
    for back, names in ((1, before), (0, replaced)):
        if names:
            other = replace_sellers(staged, tmp_path / f"{back}", *names)
            ingest(connection, MONTH - back, other, back)
    past = past_of(connection, MONTH, sellers(tmp_path, *now))
    assert changed(past) == expected
    assert past.changes.replaced_stores == (len(replaced) if before else 0)


@pytest.mark.parametrize(
    "values",
    [
        {"approved_on": date(2026, 9, 15)},
        {"status": "PAUSED"},
        {"status": "SLEEPING"},
        *({flag: flag != "uses_fulfilment"} for flag in SELLER_FLAGS),
    ],
)
def test_a_row_that_becomes_what_it_was_a_month_before_is_told(
    connection: Connection, staged: StagedMonth, tmp_path: Path, values: Store
) -> None:
    ingest(connection, MONTH - 1, staged, 4)
    once = replace_sellers(staged, tmp_path / "own", STORES[0], STORES[1] | values, STORES[2])
    ingest(connection, MONTH, once, 5)
    past = past_of(connection, MONTH, sellers(tmp_path, *STORES))
    assert changed(past) == {"seller_restated": (1, ("store-b",))}


def approved(name: str, month: int) -> Store:
    return store(name, approved_on=date(2026, month, 1))


@pytest.mark.parametrize(
    ("snapshots", "told"),
    [
        ({3: 4, 1: None}, "from 2026-04-01 to 2026-05-01"),
        ({3: 5, 2: 4, 1: None}, "from 2026-04-01 to 2026-05-01"),
        ({3: 4, 2: 5, 1: None}, None),
        ({30: 4, 1: None}, "from 2026-04-01 to 2026-05-01"),
        ({1: None, 0: 4}, "from 2026-04-01 to 2026-05-01"),
        ({2: 5, 1: None, 0: 4}, "from 2026-04-01 to 2026-05-01"),
        ({2: 4, 1: None, 0: 5}, None),
        ({1: None, -1: 4}, "from 2026-04-01 to 2026-05-01"),
        ({1: 5, 0: 4}, None),
        ({-1: None, -2: 4}, "from 2026-04-01 to 2026-05-01"),
    ],
)
def test_an_approval_date_is_compared_with_that_of_the_nearest_snapshot_that_has_the_store(
    connection: Connection,
    staged: StagedMonth,
    tmp_path: Path,
    snapshots: dict[int, int | None],
    told: str | None,
) -> None:
    for number, (back, month) in enumerate(snapshots.items()):
        stores = [store("a"), *([approved("x", month)] if month is not None else [])]
        other = replace_sellers(staged, tmp_path / str(number), *stores)
        ingest(connection, MONTH - back, other, number)
    past = past_of(connection, MONTH, sellers(tmp_path, "a", approved("x", 5)))
    assert count(past, "approval_date_moved").examples == ((f"x ({told})",) if told else ())


@pytest.mark.parametrize(
    ("months", "returned"),
    [((2, 1), True), ((30, 1), True), ((5, 3), True), ((1, 0), False), ((1, -1), False)],
)
def test_a_store_has_returned_if_a_snapshot_before_the_last_one_had_it(
    connection: Connection,
    staged: StagedMonth,
    tmp_path: Path,
    months: tuple[int, int],
    returned: bool,
) -> None:
    had, lacked = months if months[1] > 0 else months[::-1]
    ingest(connection, MONTH - had, replace_sellers(staged, tmp_path / "had", "a", "x"), 4)
    ingest(connection, MONTH - lacked, replace_sellers(staged, tmp_path / "not", "a"), 5)
    past = past_of(connection, MONTH, sellers(tmp_path, "a", "x"))
    assert count(past, "seller_returned").examples == (("x",) if returned else ())
    assert count(past, "seller_joined").examples == ("x",)


@pytest.mark.parametrize("many", [1, 65_535, 65_536, 70_000])
def test_any_number_of_new_stores_is_compared(
    connection: Connection, staged: StagedMonth, tmp_path: Path, many: int
) -> None:
    ingest(connection, MONTH - 2, replace_sellers(staged, tmp_path / "two", "z0", "old"), 4)
    ingest(connection, MONTH - 1, staged, 5)
    past = past_of(connection, MONTH, sellers(tmp_path, *(f"z{n}" for n in range(many))))
    assert count(past, "seller_joined").count == many
    assert count(past, "seller_returned").examples == ("z0",)


def test_each_date_that_moved_is_told(
    connection: Connection, staged: StagedMonth, tmp_path: Path
) -> None:
    names = [f"s{n:02}" for n in range(60)]
    then = replace_sellers(staged, tmp_path / "then", *(approved(each, 4) for each in names))
    ingest(connection, MONTH - 1, then, 4)
    past = past_of(connection, MONTH, sellers(tmp_path, *(approved(each, 5) for each in names)))
    told = tuple(f"{each} (from 2026-04-01 to 2026-05-01)" for each in names)
    assert count(past, "approval_date_moved").examples == told


CHANGES: list[tuple[tuple[Store, ...], dict[str, tuple[int, tuple[str, ...]]]]] = [
    (
        (store("store-a", approved_on=date(2026, 9, 15)), *STORES[1:]),
        {"approval_date_moved": (1, ("store-a (from 2026-05-20 to 2026-09-15)",))},
    ),
    (
        tuple(each | {"approved_on": date(2026, 5, 21)} for each in STORES),
        {
            "approval_date_moved": (
                3,
                tuple(f"store-{each} (from 2026-05-20 to 2026-05-21)" for each in "abc"),
            )
        },
    ),
    (
        (store("store-a", status="PAUSED"), *STORES[1:]),
        {"status_changed": (1, ("store-a",))},
    ),
    (
        tuple(each | {"status": "CLOSED"} for each in STORES),
        {"status_changed": (3, ("store-a", "store-b", "store-c"))},
    ),
    (STORES[::-1], {}),
]
for _flag in SELLER_FLAGS:
    _value = _flag != "uses_fulfilment"
    _other = (STORES[0], *(each | {_flag: _value} for each in STORES[1:]))
    CHANGES.append((_other, {f"{_flag}_changed": (2, ("store-b", "store-c"))}))


@pytest.mark.parametrize(("now", "expected"), CHANGES)
def test_what_changed_of_a_store_is_counted(
    connection: Connection,
    staged: StagedMonth,
    tmp_path: Path,
    now: tuple[Store, ...],
    expected: dict[str, tuple[int, tuple[str, ...]]],
) -> None:
    ingest(connection, MONTH - 1, staged, 4)
    assert changed(past_of(connection, MONTH, sellers(tmp_path, *now))) == expected


def test_a_status_that_is_as_little_normal_as_before_is_no_change(
    connection: Connection, staged: StagedMonth, tmp_path: Path
) -> None:
    delivery = SmallDelivery(tmp_path / "paused")
    delivery.sellers[0]["status"] = "PAUSED"
    ingest(connection, MONTH - 1, read(delivery.write()), 4)
    now = sellers(tmp_path, STORES[0], store("store-b", status="CLOSED"), STORES[2])
    assert changed(past_of(connection, MONTH, now)) == {}


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ("00510002", "510002"),
        ("510002", "00510002"),
        ("510002.0", "510002"),
        ("５１０００２", "510002"),
        ("51 0002", "510002"),
        ("0", "000"),
        ("510,002", "510002"),
        ("510002", "'510002"),
        ("510002", '="510002"'),
        ("+510002", "510002"),
    ],
)
def test_a_store_with_a_rewritten_id_is_no_new_store(
    connection: Connection, staged: StagedMonth, tmp_path: Path, then: str, now: str
) -> None:
    ingest(connection, MONTH - 1, replace_sellers(staged, tmp_path / "then", "a", then), 4)
    past = past_of(connection, MONTH, sellers(tmp_path, "a", now))
    assert count(past, "seller_rewritten").examples == (f"{now} (was {then})",)


def test_rows_that_the_gate_refuses_are_no_stores(
    connection: Connection, staged: StagedMonth, tmp_path: Path
) -> None:
    ingest(connection, MONTH - 1, staged, 4)
    odd = {"seller_id": None, "approved_on": None, "status": None}
    now = sellers(tmp_path, *STORES, STORES[0] | odd, STORES[1] | {"approved_on": None})
    assert changed(past_of(connection, MONTH, now)) == {}


@pytest.mark.parametrize(
    "name", ["가게", 'a"b', "back\\slash", "comma,", "NULLS", " x", "007", "two\nlines"]
)
def test_any_name_is_recognized(connection: Connection, tmp_path: Path, name: str) -> None:
    delivery = SmallDelivery(tmp_path)
    delivery.sellers[2]["seller_id"] = name
    ingest(connection, MONTH - 1, read(delivery.write()), 4)
    now = sellers(tmp_path, "store-a", "store-b", name)
    assert changed(past_of(connection, MONTH, now)) == {}


@pytest.mark.parametrize("back", [0, 3, 9])
def test_a_store_with_a_rewritten_id_is_known_from_any_snapshot(
    connection: Connection, staged: StagedMonth, tmp_path: Path, back: int
) -> None:
    then = replace_sellers(staged, tmp_path / "then", "00770011", "00510002")
    ingest(connection, MONTH - back, then, 4)
    ingest(connection, MONTH - 1, replace_sellers(staged, tmp_path / "last", "00770011"), 5)
    past = past_of(connection, MONTH, sellers(tmp_path, "00770011", "510002"))
    assert count(past, "seller_rewritten").examples == ("510002 (was 00510002)",)
