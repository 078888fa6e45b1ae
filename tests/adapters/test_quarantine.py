"""Refused lines can be looked at: each with its place and all its rules, as many as counted."""

import csv
import io
from collections import Counter
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from adapters.ingest.delivery import find_delivery
from adapters.ingest.quarantine import latest_quarantine
from adapters.ingest.staged_month import StagedMonth
from console.delivery_listings import quarantine_rows
from console.output import print_rows
from domain.findings import Severity
from expectations.suite import COUNTED_RULES
from flows.ingesting.read_delivery import read_delivery
from flows.showing.month_records import QUARANTINE
from tests.adapters.test_ingest import read
from tests.deliveries import MONTH, SmallDelivery
from tests.workbooks import write_workbook


@pytest.fixture
def staged(tmp_path: Path) -> StagedMonth:
    """A delivery with four refused lines, one of which cannot be taken apart."""
    delivery = SmallDelivery(tmp_path)
    delivery.lines[0] |= {"seller_id": "=cmd()", "payment_amount_krw": "12,3"}
    delivery.lines[1] |= {"line_type": "", "product_order_id": ""}
    delivery.lines.append(dict(delivery.lines[3]))
    delivery.write()
    with (delivery.folder / "settlements.csv").open("ab") as file:
        file.write("홍길동".encode("cp949") + b",2\n")
    return read(delivery)


def exported(staged: StagedMonth) -> list[dict[str, str]]:
    out = io.StringIO()
    with redirect_stdout(out):
        print_rows(QUARANTINE, quarantine_rows(staged.quarantine), "csv")
    return list(csv.DictReader(io.StringIO(out.getvalue())))


REFUSING = {rule.name for rule in COUNTED_RULES if rule.severity is Severity.CRITICAL}


def test_the_quarantine_holds_as_many_rows_of_each_rule_as_were_counted(
    staged: StagedMonth,
) -> None:
    counted = Counter(rule for line in exported(staged) for rule in line["rules"].split(";"))
    profile = {v.rule: v.count for v in staged.profile.violations if v.rule in REFUSING}
    assert counted == Counter({rule: count for rule, count in profile.items() if count})
    assert len(exported(staged)) == 5


def test_refused_snapshot_rows_stand_there_too(tmp_path: Path) -> None:
    delivery = SmallDelivery(tmp_path)
    delivery.sellers[1] |= {"approved_on": "yesterday", "uses_api": "perhaps"}
    delivery.sellers.append(dict(delivery.sellers[2]))
    delivery.write()
    with (delivery.folder / "sellers.csv").open("a") as file:
        file.write("too,few\n")
    staged = read(delivery)
    assert [(r["file"], r["row"], r["rules"], r["seller_id"]) for r in exported(staged)] == [
        ("sellers.csv", "3", "approved_on_unreadable;uses_api_unreadable", "store-a"),
        ("sellers.csv", "4", "snapshot_seller_twice", "store-c"),
        ("sellers.csv", "5", "snapshot_seller_twice", "store-c"),
        ("sellers.csv", "6", "snapshot_row_unreadable", ""),
    ]
    profile = {v.rule: v.count for v in staged.profile.violations if v.count}
    assert profile == Counter(rule for row in exported(staged) for rule in row["rules"].split(";"))


def test_rows_keep_their_numbers_after_rows_that_cannot_be_taken_apart(tmp_path: Path) -> None:
    delivery = SmallDelivery(tmp_path)
    for line in delivery.lines:
        line["payment_amount_krw"] = "?"
    delivery.write()
    file = delivery.folder / "settlements.csv"
    header, first, second, third, fourth = file.read_text().splitlines()
    few, many = "too,few", first + ",1"
    rows = [few, first, few, many, second, third, few, fourth, few]
    file.write_text("\n".join([header, *rows]) + "\n")
    (delivery.folder / "settlements-2.csv").write_text("\n".join([header, few, *rows]) + "\n")
    unreadable = {2, 4, 5, 8, 10}
    found = [
        (row["file"], int(row["row"]), row["rules"] == "line_unreadable")
        for row in exported(read(delivery))
    ]
    assert found == [
        *(("settlements-2.csv", n, n == 2 or n - 1 in unreadable) for n in range(2, 12)),
        *(("settlements.csv", n, n in unreadable) for n in range(2, 11)),
    ]


def test_empty_lines_have_numbers_too(tmp_path: Path) -> None:
    delivery = SmallDelivery(tmp_path)
    for line in delivery.lines:
        line["payment_amount_krw"] = "?"
    delivery.write()
    file = delivery.folder / "settlements.csv"
    header, *rows = file.read_text().splitlines()
    rows[2] = rows[2].replace(",O2,", ',"an order\n\non three lines",')
    file.write_text("\n".join([header, "", rows[0], "", "", "too,few", *rows[1:], "", ""]))
    found = [(int(row["row"]), row["rules"]) for row in exported(read(delivery))]
    refused = "amount_unreadable"
    assert found == [
        (3, refused),
        (6, "line_unreadable"),
        (7, refused),
        (8, refused),
        (9, refused),
    ]


def test_rows_of_a_sheet_are_numbered_as_it_shows_them(tmp_path: Path) -> None:
    delivery = SmallDelivery(tmp_path).write()
    delivery.lines[3]["payment_amount_krw"] = "?"
    (delivery.folder / "settlements.csv").unlink()
    rows = [list(line.values()) for line in delivery.lines]
    empty = [""] * len(rows[0])
    sheet = [empty, empty, list(delivery.lines[0]), *rows[:2], empty, *rows[2:]]
    write_workbook(delivery.folder / "settlements.xlsx", sheet)
    assert [(row["row"], row["rules"]) for row in exported(read(delivery))] == [
        ("8", "amount_unreadable")
    ]


def test_a_refused_line_names_its_file_and_row(staged: StagedMonth) -> None:
    places = [(line["file"], line["row"]) for line in exported(staged)]
    assert places == [("settlements.csv", row) for row in ("2", "3", "5", "6", "7")]


def test_a_text_that_looks_like_a_formula_is_exported_as_text(staged: StagedMonth) -> None:
    assert exported(staged)[0]["seller_id"] == "'=cmd()"


def test_a_line_that_cannot_be_taken_apart_keeps_no_value(staged: StagedMonth) -> None:
    line = exported(staged)[-1]
    assert line["rules"] == "line_unreadable"
    assert not any(line[column] for column in QUARANTINE[3:])


def test_the_last_refused_delivery_of_a_month_is_found(tmp_path: Path) -> None:
    assert latest_quarantine(tmp_path, MONTH) is None
    assert list(quarantine_rows(None)) == []
    for name in ("first", "second"):
        folder = tmp_path / str(MONTH) / name
        folder.mkdir(parents=True)
        (folder / "refused-rows.parquet").touch()
    found = latest_quarantine(tmp_path, MONTH)
    assert found is not None


def test_two_readings_may_refuse_the_same_rows_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = SmallDelivery(tmp_path)
    delivery.lines.append(dict(delivery.lines[0]))
    found = find_delivery(str(delivery.write().root), MONTH)
    put_in_place = Path.replace
    readings: list[int] = []

    def read_in_between(written: Path, target: Path) -> Path:
        if len(readings) == 1:  # the first has written its rows, and not yet put them in place
            reading()
        return put_in_place(written, target)

    def reading() -> None:
        readings.append(len(readings))
        staging = tmp_path / f"staging-{len(readings)}"
        staged = read_delivery(found, staging, tmp_path / "quarantine")
        assert [v.count for v in staged.profile.violations if v.count] == [2]

    monkeypatch.setattr(Path, "replace", read_in_between)
    reading()
    assert len(readings) == 2
    assert [file.name for file in (tmp_path / "quarantine").iterdir()] == ["refused-rows.parquet"]
