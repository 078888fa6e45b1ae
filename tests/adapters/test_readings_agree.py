"""Whichever way a text is read, typed at once or carefully, the delivery is the same one."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from adapters.ingest.delivery import DeliveryRefused, find_delivery
from adapters.ingest.opening import Reading
from adapters.ingest.simple_texts import NotSimple, Text, typed_tables
from domain.profile import Profile
from flows.ingesting.read_delivery import read_delivery
from tests.deliveries import MONTH, SmallDelivery

VALUES = {
    "seller_id": ["", " store-a", "store-a ", "상점", "store-\u200ba", "x" * 65, "=1+1", "0x1"],
    "order_id": ["", "상점", "0x1F", "a b"],
    "product_order_id": [
        "",
        " ",
        "x" * 64,
        "x" * 65,
        "주문" * 40,
        "2026100700000001",
        "1e5",
        "12.00",
        "2E+15",
        "null",
    ],
    "line_type": ["", " PROD_ORDER", "prod_order", "상품 주문", "nan", "TAX", "\x01", "y" * 70],
    "settlement_type": ["", "NEW_KIND", "NULL", "z" * 70],
    "payment_amount_krw": [
        *("", " ", "0", "-0", "007", "+5", "--5", " 5", "5 ", "5.0", "5.5", "1e3", "1_000", "0x10"),
        *("1 000", "NULL", "nan", "inf", "true", "9" * 18, "9" * 19, "9" * 20, "-" + "9" * 18),
        *("9223372036854775807", "9223372036854775808", "1000000000001", "٣", "12원"),
    ],
    "confirmed_on": [
        *(
            "",
            " ",
            "\t2026-10-07",
            "\t2026-10-32",
            "2026-10-07\t",
            "\t2026.10.39",
            "2026-10-31",
            "2026-11-01",
            "2026.10.07",
            "2026/10/07",
            "20261007",
        ),
        *("2026-10-7", "2026-1-07", "2026-10-32", "2026-02-30", "9999-12-31", "10000-01-01"),
        *("2026-10-07 ", "2026-10-07 00:00:00", "2026-10-07T00:00:00", "infinity", "epoch"),
        *("07-10-2026", "2026-10-07 (BC)", "0001-01-01", "-2026-10-07"),
    ],
}
SNAPSHOT_VALUES = {
    "seller_id": ["", "store-b", " store-c", "상점"],
    "approved_on": ["", "2026.05.20", "1899-12-31", "soon", "2026-5-2"],
    "status": ["", "PAUSED", "SOLD", "\x01"],
    "uses_api": ["", "true", "TRUE", "Y", "1", "0", "maybe", "False"],
}


@dataclass(frozen=True)
class Outcome:
    """Everything that a reading shows; a refusal's sentence if it ends there."""

    refusal: str = ""
    profile: Profile | None = None
    totals: object = None
    sellers: object = None
    refused: object = None


def outcome(delivery: SmallDelivery, first: Reading, patch: pytest.MonkeyPatch) -> Outcome:
    work = delivery.root / first.name
    patch.setattr("adapters.ingest.scanning._FIRST_READING", first)
    try:
        found = find_delivery(str(delivery.root), MONTH)
        staged = read_delivery(found, work / "staging", work / "quarantine")
    except DeliveryRefused as refused:
        return Outcome(str(refused))
    refused_rows = staged.quarantine and shown(staged.quarantine)
    return Outcome("", staged.profile, shown(staged.totals), shown(staged.sellers), refused_rows)


def shown(file: Path) -> list[tuple[object, ...]]:
    """Show every row as the engine writes it: Python has no year 10000."""
    return duckdb.read_parquet(str(file)).project("COLUMNS(*)::VARCHAR").fetchall()


def assert_readings_agree(delivery: SmallDelivery, patch: pytest.MonkeyPatch) -> None:
    simply, carefully = (outcome(delivery, r, patch) for r in (Reading.SIMPLE, Reading.TOGETHER))
    assert simply == carefully


@pytest.mark.parametrize(
    ("column", "value"), [(column, value) for column, values in VALUES.items() for value in values]
)
def test_they_agree_about_a_line(
    column: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = SmallDelivery(tmp_path)
    delivery.lines[2][column] = value
    assert_readings_agree(delivery.write(), monkeypatch)


@pytest.mark.parametrize(
    ("column", "value"),
    [(column, value) for column, values in SNAPSHOT_VALUES.items() for value in values],
)
def test_they_agree_about_a_snapshot_row(
    column: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = SmallDelivery(tmp_path)
    delivery.sellers[1][column] = value
    assert_readings_agree(delivery.write(), monkeypatch)


def _row(text: bytes, number: int, new: Callable[[bytes], bytes]) -> bytes:
    lines = text.split(b"\r\n")
    lines[number] = new(lines[number])
    return b"\r\n".join(lines)


def _spoiled(text: bytes, column: int, bad: bytes) -> bytes:
    """Write what is no text into a column of the third row."""

    def spoil(row: bytes) -> bytes:
        values = row.split(b",")
        values[column] = bad
        return b",".join(values)

    return _row(text, 3, spoil)


def _quoted(row: bytes) -> bytes:
    return b'"' + row.replace(b",", b'","') + b'"'


LAYOUTS: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda text: text,
    "line feeds": lambda text: text.replace(b"\r\n", b"\n"),
    "carriage returns": lambda text: text.replace(b"\r\n", b"\r"),
    "line feeds, one pair": lambda text: text.replace(b"\r\n", b"\n", 3),
    "pairs, one line feed": lambda text: text[::-1].replace(b"\n\r", b"\n", 2)[::-1],
    "pairs below a header with a line feed": lambda text: text.replace(b"\r\n", b"\n", 1),
    "a carriage return in a value": lambda text: _row(text, 2, lambda row: b"\r".join([row, b""])),
    "no end": lambda text: text.removesuffix(b"\r\n"),
    "an empty line": lambda text: _row(text, 2, lambda row: b"\r\n" + row),
    "empty lines at the end": lambda text: text + b"\r\n" * 3,
    "byte-order mark": lambda text: b"\xef\xbb\xbf" + text,
    "a header alone": lambda text: text.split(b"\r\n")[0] + b"\r\n",
    "a header alone without an end": lambda text: text.split(b"\r\n")[0],
    "quoted header": lambda text: _row(
        text, 0, lambda row: b'"' + row.replace(b",", b'","') + b'"'
    ),
    "quoted values": lambda text: _row(
        text, 2, lambda row: b'"' + row.replace(b",", b'","') + b'"'
    ),
    "a stray quote": lambda text: _row(text, 2, lambda row: row.replace(b"-", b'"', 1)),
    "a column too many": lambda text: _row(text, 2, lambda row: row + b",x"),
    "a column too few": lambda text: _row(text, 2, lambda row: row.rpartition(b",")[0]),
    "one more column for all": lambda text: text.replace(b"\r\n", b",\xed\x99\x8d\r\n"),
    "no text in one more column": lambda text: text.replace(b"\r\n", b",\xff\r\n"),
    "no text in a value": lambda text: _row(text, 2, lambda row: b"\xff" + row),
    "a mark in the first line": lambda text: _row(text, 1, lambda row: b"\xef\xbb\xbf" + row),
    **{
        f"no text in column {column} as {bad!r}": partial(_spoiled, column=column, bad=bad)
        for column in range(7)
        for bad in (b"\xff", b"A\xff", b"NORMAL_SETTLE_ORIGINA\xed\xa0\x80", b"A\xc3_B")
    },
    "NUL": lambda text: _row(text, 2, lambda row: b"\0" + row),
    "spaces": lambda text: text.replace(b",", b", "),
    "a line twice": lambda text: text + text.split(b"\r\n")[2] + b"\r\n",
    "a field of three megabytes": lambda text: (
        text + b"s," + b"x" * 3_000_000 + b",1,PROD_ORDER,NORMAL_SETTLE_ORIGINAL,1,2026-10-01\r\n"
    ),
}


def test_a_line_that_is_no_text_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for column in range(7):
        delivery = SmallDelivery(tmp_path / str(column)).write()
        file = delivery.folder / "settlements.csv"
        file.write_bytes(_spoiled(file.read_bytes(), column, b"A\xff"))
        found = outcome(delivery, Reading.SIMPLE, monkeypatch).profile
        unreadable = found and found.of("line_unreadable")
        assert unreadable
        assert unreadable.count == 1
        assert unreadable.examples[0].startswith("settlements.csv row 4 ")


def test_a_line_below_zero_without_a_seller_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = SmallDelivery(tmp_path)
    delivery.lines[1]["seller_id"] = ""
    found = outcome(delivery.write(), Reading.SIMPLE, monkeypatch).profile
    assert found
    assert {rule for v in found.violations for rule in [v.rule] if v.count} == {
        "line_seller_missing"
    }


@pytest.mark.parametrize("name", ["settlements.csv", "sellers.csv"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_they_agree_about_a_text(
    layout: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = SmallDelivery(tmp_path).write()
    file = delivery.folder / name
    file.write_bytes(LAYOUTS[layout](file.read_bytes()))
    assert_readings_agree(delivery, monkeypatch)


def test_they_agree_about_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    delivery = SmallDelivery(tmp_path).write()
    text = (delivery.folder / "settlements.csv").read_bytes()
    (delivery.folder / "settlements-2.csv.gz").write_bytes(gzip.compress(text.replace(b"O", b"P")))
    (delivery.folder / "settlements-3.csv").write_bytes(text.replace(b"-10-", b"-11-"))
    assert_readings_agree(delivery, monkeypatch)


def test_they_agree_wherever_a_part_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.ingest.simple_texts._READ_AT_ONCE", 1_000)
    monkeypatch.setattr("adapters.ingest.simple_texts._CHECKED_AT_ONCE", 300)
    monkeypatch.setattr("adapters.ingest.line_parts._NOTED_AT_ONCE", 2_000)
    delivery = SmallDelivery(tmp_path)
    kinds = ("PROD_ORDER", "DELIVERY", "EXTRAFEE", "상품권")
    delivery.lines = [
        delivery.lines[number % 4]
        | {"product_order_id": f"주문{number * 7 % 300:05}", "line_type": kinds[number // 50 % 4]}
        for number in range(500)
    ]
    delivery.write()
    text = (delivery.folder / "settlements.csv").read_bytes()
    header, _, rows = text.partition(b"\r\n")
    (delivery.folder / "settlements-1.csv").write_bytes(
        b"\r\n".join([header, *rows.split(b"\r\n")[:250]])
    )
    assert_readings_agree(delivery, monkeypatch)
    found = outcome(delivery, Reading.SIMPLE, monkeypatch).profile
    assert found
    assert [file.rows for file in found.files if "settlements" in file.name] == [250, 500]


def test_a_simple_delivery_is_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reading, "more_careful", property(lambda _: pytest.fail("read again")))
    assert outcome(SmallDelivery(tmp_path).write(), Reading.SIMPLE, monkeypatch).profile


@pytest.mark.parametrize(
    "value", ["0x10", "0X1f", "1e3", "1_000", "+5", "5.0", '"5"', "1,000", "5\0"]
)
def test_an_amount_that_must_be_interpreted_is_not_read_at_once(value: str, tmp_path: Path) -> None:
    delivery = SmallDelivery(tmp_path).write()
    [layout] = [file.layout for file in find_delivery(str(tmp_path), MONTH).files[1:]]
    assert sum(map(len, _typed(delivery, layout.names, layout.columns))) == 4
    file = delivery.folder / "settlements.csv"
    file.write_text(file.read_text().replace(",-4000,", f",{value},"))
    with pytest.raises(NotSimple):
        _typed(delivery, layout.names, layout.columns)


def _typed(delivery: SmallDelivery, names: object, columns: object) -> list[pa.Table]:
    text = Text("settlements.csv", delivery.folder / "settlements.csv")
    return list(typed_tables([text], names, columns))  # type: ignore[arg-type]
