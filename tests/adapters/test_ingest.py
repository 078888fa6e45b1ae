"""A scan reads what was delivered: totals, snapshot, profile, refused lines; nothing else."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from adapters.ingest.damage import DeliveryChanged
from adapters.ingest.delivery import DeliveryRefused, find_delivery
from adapters.ingest.file_layout import Contents, contents_of
from adapters.ingest.staged_month import StagedMonth
from domain.profile import Violations
from domain.settlement import LINE_COLUMNS, SELLER_COLUMNS
from flows.ingesting.read_delivery import read_delivery
from tests.deliveries import MONTH, SmallDelivery, write_csv

TOTALS = [
    ("store-a", "DELIVERY", 1, 3_000),
    ("store-a", "PROD_ORDER", 2, 6_000),
    ("store-b", "PROD_ORDER", 1, 250_000),
]


def read(delivery: SmallDelivery) -> StagedMonth:
    found = find_delivery(str(delivery.root), MONTH)
    return read_delivery(found, delivery.root / "staging", delivery.root / "quarantine")


def rows_of(path: Path | None) -> list[tuple[Any, ...]]:
    return duckdb.read_parquet(str(path), hive_partitioning=False).fetchall()


def columns_of(path: Path | None) -> list[str]:
    return duckdb.read_parquet(str(path)).columns


def violations(staged: StagedMonth, rule: str) -> Violations:
    found = staged.profile.of(rule)
    assert found is not None
    return found


def as_parquet(delivery: SmallDelivery, name: str, select: str = "*") -> None:
    """Turn a CSV of the delivery into Parquet, its columns as `select` says."""
    source = delivery.folder / f"{name}.csv"
    text = {"product_order_id": "VARCHAR"} if name == "settlements" else {}
    typed = duckdb.read_csv(str(source), dtype=text).project(select)
    typed.write_parquet(str(delivery.folder / f"{name}.parquet"))
    source.unlink()


@pytest.fixture
def delivery(tmp_path: Path) -> SmallDelivery:
    return SmallDelivery(tmp_path)


def test_lines_become_totals_per_seller_and_line_type(delivery: SmallDelivery) -> None:
    staged = read(delivery.write())
    assert columns_of(staged.totals) == ["seller_id", "line_type", "lines", "amount_krw"]
    assert rows_of(staged.totals) == TOTALS


def test_parquet_gives_the_same_as_csv(delivery: SmallDelivery) -> None:
    from_csv = read(delivery.write())
    totals, sellers = rows_of(from_csv.totals), rows_of(from_csv.sellers)
    as_parquet(delivery, "settlements")
    as_parquet(delivery, "sellers")
    staged = read(delivery)
    assert (rows_of(staged.totals), rows_of(staged.sellers)) == (totals, sellers)
    assert staged.profile.violations == from_csv.profile.violations


def test_the_snapshot_is_staged_sorted_by_seller(delivery: SmallDelivery) -> None:
    staged = read(delivery.write())
    assert columns_of(staged.sellers) == [column.name for column in SELLER_COLUMNS]
    assert [row[0] for row in rows_of(staged.sellers)] == ["store-a", "store-b", "store-c"]
    assert [row[3:] for row in rows_of(staged.sellers)] == [(False, False, True, False)] * 3


def test_the_profile_holds_the_control_totals(delivery: SmallDelivery) -> None:
    profile = read(delivery.write()).profile
    assert (profile.lines, profile.amount_krw, profile.sellers) == (4, 259_000, 3)
    assert profile.as_data()["files"][1]["rows"] == 4


def test_many_files_of_both_formats_are_one_delivery(delivery: SmallDelivery) -> None:
    delivery.write()
    write_csv(delivery.folder / "settlements-0.csv", delivery.lines[:1])
    write_csv(delivery.folder / "settlements.csv", delivery.lines[1:2])
    as_parquet(delivery, "settlements")
    shuffled = [dict(reversed(line.items())) for line in delivery.lines[2:]]
    write_csv(delivery.folder / "settlements.csv", shuffled)
    staged = read(delivery)
    assert rows_of(staged.totals) == TOTALS
    assert [(file.name, file.rows) for file in staged.profile.files] == [
        ("sellers.csv", 3),
        ("settlements-0.csv", 1),
        ("settlements.csv", 2),
        ("settlements.parquet", 1),
    ]


def test_other_columns_are_ignored_and_go_nowhere(delivery: SmallDelivery) -> None:
    for line in delivery.lines:
        line["purchaserName"] = "홍길동"
    delivery.lines[0]["payment_amount_krw"] = "?"
    staged = read(delivery.write())
    assert columns_of(staged.quarantine) == [
        "file",
        "row",
        *(column.name for column in LINE_COLUMNS),
        *(column.name for column in SELLER_COLUMNS[1:]),
        "payment_amount_krw_unreadable",
        "confirmed_on_unreadable",
        *(column.unreadable for column in SELLER_COLUMNS[1:] if column.name != "status"),
        "rules",
    ]


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("7", 7),
        ("-7", -7),
        ("1,234,000", 1_234_000),
        ("-1,234,000", -1_234_000),
        ("+7", 7),
        ("007", 7),
        (" 7 ", 7),
        ("7.00", 7),
        ("1.5", None),
        ("1e3", None),
        ("1_000", None),
        ("0x10", None),
        ("12,34", None),
        ("7원", None),
        ("NaN", None),
        ("=1+1", None),
    ],
)
def test_an_amount_is_read_exactly_or_not_at_all(
    delivery: SmallDelivery, written: str, amount: int | None
) -> None:
    delivery.lines[-1]["payment_amount_krw"] = written
    staged = read(delivery.write())
    assert violations(staged, "amount_unreadable").count == (amount is None)
    assert rows_of(staged.totals)[-1][3] == (amount or 0)


@pytest.mark.parametrize(
    ("written", "readable"),
    [
        ("2026-10-07", True),
        ("2026.10.07", True),
        ("2026-10-07 00:00:00", True),
        ("2026-10-07 13:00:00", False),
        ("2026/10/07", False),
        ("20261007", False),
        ("07-10-2026", False),
        ("2026-02-30", False),
        ("infinity", False),
    ],
)
def test_both_spellings_of_a_date_are_read(
    delivery: SmallDelivery, written: str, readable: bool
) -> None:
    delivery.lines[-1]["confirmed_on"] = written
    staged = read(delivery.write())
    assert violations(staged, "confirmed_on_unreadable").count == (not readable)


@pytest.mark.parametrize(
    ("select", "broken"),
    [
        ("* REPLACE (payment_amount_krw::DOUBLE AS payment_amount_krw)", 0),
        ("* REPLACE (payment_amount_krw + 0.5 AS payment_amount_krw)", 4),
        ("* REPLACE (payment_amount_krw::DECIMAL(18, 2) AS payment_amount_krw)", 0),
        ("* REPLACE (payment_amount_krw::VARCHAR AS payment_amount_krw)", 0),
        ("* REPLACE (payment_amount_krw::HUGEINT AS payment_amount_krw)", 0),
        ("* REPLACE ('NaN'::DOUBLE AS payment_amount_krw)", 4),
        ("* REPLACE ([payment_amount_krw] AS payment_amount_krw)", 4),
    ],
)
def test_amounts_of_an_odd_parquet_type_are_never_rounded(
    delivery: SmallDelivery, select: str, broken: int
) -> None:
    delivery.write()
    as_parquet(delivery, "settlements", select)
    staged = read(delivery)
    assert violations(staged, "amount_unreadable").count == broken
    if not broken:
        assert rows_of(staged.totals) == TOTALS


@pytest.mark.parametrize(
    ("select", "rule"),
    [
        ("* REPLACE (confirmed_on::TIMESTAMP AS confirmed_on)", None),
        ("* REPLACE (confirmed_on::TIMESTAMP + INTERVAL 1 HOUR AS confirmed_on)", "unreadable"),
        ("* REPLACE ('2026-10-31 14:59:59+00'::TIMESTAMPTZ AS confirmed_on)", None),
        ("* REPLACE ('2026-10-31 15:00:00+00'::TIMESTAMPTZ AS confirmed_on)", "outside"),
        ("* REPLACE ('infinity'::DATE AS confirmed_on)", "outside"),
        ("* REPLACE (product_order_id::BIGINT AS product_order_id)", None),
        ("* REPLACE (NULL AS confirmed_on)", "missing"),
    ],
)
def test_an_instant_counts_in_its_month_in_seoul(
    delivery: SmallDelivery, select: str, rule: str | None
) -> None:
    delivery.write()
    as_parquet(delivery, "settlements", select)
    staged = read(delivery)
    of_fees = "line_incomplete"  # a fee may lack its date
    broken = [v.rule for v in staged.profile.violations if v.count and v.rule != of_fees]
    names = {"unreadable": "confirmed_on_unreadable", "outside": "confirmed_outside_month"}
    expected = [] if rule is None else [names.get(rule, "confirmed_on_missing")]
    assert broken == expected


def test_refused_lines_go_to_quarantine_with_every_rule_they_broke(delivery: SmallDelivery) -> None:
    delivery.lines[0] |= {"seller_id": "store-z", "payment_amount_krw": "12,3"}
    delivery.lines[0] |= {"line_type": "GIFT"}
    delivery.lines.append(dict(delivery.lines[2]))
    delivery.lines[3]["settlement_type"] = "SLOW"
    staged = read(delivery.write())
    assert staged.quarantine is not None
    refused = [(row[0], row[1], sorted(row[-1])) for row in rows_of(staged.quarantine)]
    assert refused == [
        ("settlements.csv", 2, ["amount_unreadable", "line_type_unknown", "seller_unknown"]),
        ("settlements.csv", 4, ["line_duplicated"]),
        ("settlements.csv", 6, ["line_duplicated"]),
    ]
    counts = {v.rule: v.count for v in staged.profile.violations if v.count}
    assert counts == {
        "amount_unreadable": 1,
        "line_type_unknown": 1,
        "settlement_type_unknown": 1,
        "line_duplicated": 2,
        "seller_unknown": 1,
    }


def test_a_line_that_only_warns_is_not_refused(delivery: SmallDelivery) -> None:
    delivery.lines[0]["line_type"] = "GIFT"
    staged = read(delivery.write())
    assert staged.quarantine is None
    assert violations(staged, "line_type_unknown").examples == ("settlements.csv row 2 ('GIFT')",)


@pytest.mark.parametrize("part", ["product_order_id", "line_type", "settlement_type"])
def test_lines_that_differ_in_any_part_of_the_key_are_no_duplicates(
    delivery: SmallDelivery, part: str
) -> None:
    other = {
        "product_order_id": "other",
        "line_type": "EXTRAFEE",
        "settlement_type": "QUICK_SETTLE_ORIGINAL",
    }
    delivery.lines.append(delivery.lines[0] | {part: other[part]})
    assert violations(read(delivery.write()), "line_duplicated").count == 0


def test_examples_name_a_few_rows_and_cut_long_values(delivery: SmallDelivery) -> None:
    for line in delivery.lines:
        line["payment_amount_krw"] = "x" * 1_000_000
    found = violations(read(delivery.write()), "amount_unreadable")
    assert found.count == 4
    assert found.examples[0] == f"settlements.csv row 2 ('{'x' * 40}…')"
    assert len(found.examples) == 3


def test_a_row_that_cannot_be_taken_apart_is_counted(delivery: SmallDelivery) -> None:
    delivery.write()
    with (delivery.folder / "settlements.csv").open("ab") as file:
        file.write(b"too,few\r\n" + b"\xff" * 3 + b",2,3,4,5,6,7\r\n")
    found = violations(read(delivery), "line_unreadable")
    assert found.count == 2
    assert found.by_file == (("settlements.csv", 2),)
    assert found.examples[0].startswith("settlements.csv row 6 (")


def test_quotes_and_newlines_inside_a_field_are_text(delivery: SmallDelivery) -> None:
    delivery.lines[0]["order_id"] = 'say "hi",\nthen go'
    staged = read(delivery.write())
    broken = [(v.rule, v.count) for v in staged.profile.violations if v.count]
    assert broken == [("line_continued", 1)]
    assert rows_of(staged.totals) == TOTALS


def _overwrite_the_middle(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4:60] = b"\x00" * 56
    path.write_bytes(bytes(content))


def test_parquet_damaged_in_the_middle_is_refused_by_name(delivery: SmallDelivery) -> None:
    delivery.write()
    as_parquet(delivery, "settlements")
    _overwrite_the_middle(delivery.folder / "settlements.parquet")
    with pytest.raises(DeliveryRefused) as refused:
        read(delivery)
    assert [f.where for f in refused.value.findings] == ["settlements.parquet"]


def _append(path: Path) -> None:
    with path.open("a") as file:
        file.write("\n")


@pytest.mark.parametrize("change", [_append, Path.unlink, lambda path: os.utime(path, (1, 1))])
def test_a_file_that_changes_meanwhile_is_refused(
    delivery: SmallDelivery, change: Callable[[Path], object]
) -> None:
    found = find_delivery(str(delivery.write().root), MONTH)
    change(delivery.folder / "settlements.csv")
    with pytest.raises(DeliveryChanged, match=r"settlements\.csv changed"):
        read_delivery(found, delivery.root / "staging", delivery.root / "quarantine")


def test_reading_twice_gives_the_same(delivery: SmallDelivery) -> None:
    delivery.lines[0]["seller_id"] = "store-z"
    first = read(delivery.write())
    before = first.totals.read_bytes(), rows_of(first.quarantine), first.profile
    second = read(delivery)
    assert (second.totals.read_bytes(), rows_of(second.quarantine), second.profile) == before


def test_nothing_but_the_results_remains(delivery: SmallDelivery) -> None:
    staged = read(delivery.write())
    assert sorted(path.name for path in staged.directory.iterdir()) == [
        "sellers.parquet",
        "totals.parquet",
    ]
    assert staged.quarantine is None
    assert not (delivery.root / "quarantine").exists()


def test_the_place_of_a_delivery_says_nothing_of_its_rows(tmp_path: Path) -> None:
    """A folder named like a column of the data must not stand for it."""
    root = tmp_path / "payment_amount_krw=5" / "status=NORMAL" / "seller_id=zz"
    delivery = SmallDelivery(root).write()
    for name in ("settlements", "sellers"):
        text = delivery.folder / f"{name}.csv"
        duckdb.read_csv(str(text), hive_partitioning=False, all_varchar=True).write_parquet(
            str(text.with_suffix(".parquet"))
        )
        text.unlink()
    assert rows_of(read(delivery).totals) == TOTALS


def test_a_file_that_took_another_ones_place_has_changed(tmp_path: Path) -> None:
    delivery = SmallDelivery(tmp_path).write()
    file = delivery.folder / "settlements.csv"
    found = find_delivery(str(delivery.root), MONTH)
    other = tmp_path / "other"
    other.write_bytes(file.read_bytes().replace(b"250000", b"950000"))
    status = file.stat()
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(file)
    with pytest.raises(DeliveryChanged):
        read_delivery(found, tmp_path / "staging", tmp_path / "quarantine")


def test_a_file_replaced_while_others_are_opened_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its columns were read before its lines: they need not be in the same order any more."""
    delivery = SmallDelivery(tmp_path).write()
    file = delivery.folder / "settlements.csv"

    def replacing(path: Path, *rest: object) -> Contents:
        contents = contents_of(path, *rest)  # type: ignore[arg-type]
        if path == file:
            names = ("order_id,product_order_id", "product_order_id,order_id")
            swapped = file.read_text().replace(*names)
            file.unlink()
            file.write_text(swapped)
        return contents

    monkeypatch.setattr("adapters.ingest.delivery.contents_of", replacing)
    found = find_delivery(str(delivery.root), MONTH)
    with pytest.raises(DeliveryChanged):
        read_delivery(found, tmp_path / "staging", tmp_path / "quarantine")


def test_a_folder_of_a_seller_says_nothing_where_a_column_does(tmp_path: Path) -> None:
    for suffix in (".csv", ".parquet"):
        delivery = SmallDelivery(tmp_path / suffix).write()
        text = delivery.folder / "settlements.csv"
        target = delivery.folder / "seller_id=store-c" / f"settlements{suffix}"
        target.parent.mkdir()
        if suffix == ".csv":
            text.rename(target)
        else:
            duckdb.read_csv(str(text), all_varchar=True).write_parquet(str(target))
            text.unlink()
        assert rows_of(read(delivery).totals) == TOTALS
