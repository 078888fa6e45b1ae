"""The same month in every form that senders use becomes the same totals."""

import csv
import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from adapters.ingest.delivery import DeliveryRefused, find_delivery
from adapters.ingest.staged_month import StagedMonth
from domain.columns import Content
from tests.adapters.test_ingest import TOTALS, read, rows_of, violations
from tests.deliveries import MONTH, Row, SmallDelivery, write_csv
from tests.workbooks import write_workbook

API = {
    "seller_id": "merchantId",
    "order_id": "orderId",
    "product_order_id": "productOrderId",
    "line_type": "productOrderType",
    "settlement_type": "settleType",
    "payment_amount_krw": "paySettleAmount",
    "confirmed_on": "taxReturnDate",
}
SPREADSHEET = {
    "order_id": "주문번호",
    "product_order_id": "상품주문번호",
    "line_type": "구분",
    "settlement_type": "정산상태",
    "payment_amount_krw": "정산기준금액(A)",
    "confirmed_on": "세금신고기준일",
}
WORDS = {
    "PROD_ORDER": "상품주문",
    "DELIVERY": " 배송비",
    "NORMAL_SETTLE_ORIGINAL": "일반 정산",
}


@pytest.fixture
def delivery(tmp_path: Path) -> SmallDelivery:
    return SmallDelivery(tmp_path).write()


def renamed(line: Row, names: dict[str, str]) -> Row:
    return {name: line[column] for column, name in names.items()}


def in_words(line: Row) -> Row:
    """Write a line as the downloadable spreadsheet does, with a column that is not wanted."""
    written = {
        "line_type": WORDS[line["line_type"]],
        "settlement_type": WORDS[line["settlement_type"]],
        "payment_amount_krw": f"{int(line['payment_amount_krw']):,}",
        "confirmed_on": line["confirmed_on"].replace("-", "."),
    }
    return {"구매자명": "홍길동"} | renamed(line | written, SPREADSHEET)


def text_of(rows: list[Row], newline: str = "\r\n") -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator=newline)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def by_seller(delivery: SmallDelivery) -> dict[Path, list[Row]]:
    """Give each seller's lines in words, beside a folder for them."""
    (delivery.folder / "settlements.csv").unlink()
    rows: dict[Path, list[Row]] = {}
    for line in delivery.lines:
        folder = delivery.folder / f"seller_id={line['seller_id']}"
        folder.mkdir(exist_ok=True)
        rows.setdefault(folder, []).append(in_words(line))
    return rows


def assert_same(staged: StagedMonth) -> None:
    assert rows_of(staged.totals) == TOTALS
    assert not [v for v in staged.profile.violations if v.count]


def test_api_headers_in_any_order_are_known(delivery: SmallDelivery) -> None:
    rows = [renamed(line, dict(reversed(API.items()))) for line in delivery.lines]
    write_csv(delivery.folder / "settlements.csv", rows)
    assert_same(read(delivery))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_spreadsheet_exports_of_single_sellers_are_known(
    delivery: SmallDelivery, encoding: str
) -> None:
    for folder, rows in by_seller(delivery).items():
        (folder / "settlements.csv").write_bytes(text_of(rows).encode(encoding))
    staged = read(delivery)
    assert_same(staged)
    names = [file.name for file in staged.profile.files]
    assert names[:2] == ["seller_id=store-a/settlements.csv", "seller_id=store-b/settlements.csv"]


def test_workbooks_are_read_like_texts(delivery: SmallDelivery) -> None:
    for folder, rows in by_seller(delivery).items():
        write_workbook(folder / "settlements.xlsx", [list(rows[0]), *(r.values() for r in rows)])
    assert_same(read(delivery))


def test_a_workbook_may_hold_numbers_and_dates(delivery: SmallDelivery) -> None:
    def typed(line: Row) -> list[object]:
        return [float(v) if c == "payment_amount_krw" else v for c, v in line.items()]

    write_workbook(
        delivery.folder / "settlements.xlsx",
        [list(delivery.lines[0]), *map(typed, delivery.lines)],
    )
    (delivery.folder / "settlements.csv").unlink()
    assert_same(read(delivery))


def test_a_workbook_may_begin_with_an_empty_column(delivery: SmallDelivery) -> None:
    rows = [list(delivery.lines[0]), *(list(line.values()) for line in delivery.lines)]
    write_workbook(delivery.folder / "settlements.xlsx", [["", *row] for row in rows])
    (delivery.folder / "settlements.csv").unlink()
    assert_same(read(delivery))


def _zstd(content: bytes) -> bytes:
    compressed = pa.compress(content, codec="zstd", asbytes=True)
    assert isinstance(compressed, bytes)
    return compressed


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.compress, ".zst": _zstd}


def compress(delivery: SmallDelivery, suffix: str) -> Path:
    plain = delivery.folder / "settlements.csv"
    packed = delivery.folder / f"settlements.csv{suffix}"
    packed.write_bytes(COMPRESSIONS[suffix](plain.read_bytes()))
    plain.unlink()
    return packed


@pytest.mark.parametrize("suffix", COMPRESSIONS)
def test_compressed_texts_are_read(delivery: SmallDelivery, suffix: str) -> None:
    compress(delivery, suffix)
    assert_same(read(delivery))


@pytest.mark.parametrize("suffix", COMPRESSIONS)
@pytest.mark.parametrize("damage", ["cut off at the end", "mislabeled", "not compressed"])
def test_a_damaged_compressed_text_is_refused(
    delivery: SmallDelivery, suffix: str, damage: str
) -> None:
    packed = compress(delivery, suffix)
    whole = packed.read_bytes()
    other = ".zst" if suffix == ".gz" else ".gz"
    packed.write_bytes(
        {
            "cut off at the end": whole[:-9],
            "mislabeled": COMPRESSIONS[other](b"a,b\n"),
            "not compressed": text_of(delivery.lines).encode(),
        }[damage]
    )
    with pytest.raises(DeliveryRefused) as refused:
        read(delivery)
    (finding,) = refused.value.findings
    assert finding.where == packed.name


def test_a_checksum_that_differs_is_damage_and_no_wrong_name(delivery: SmallDelivery) -> None:
    packed = compress(delivery, ".gz")
    whole = packed.read_bytes()
    packed.write_bytes(whole[:-8] + b"\0\0\0\0" + whole[-4:])
    with pytest.raises(DeliveryRefused, match="it cannot be read") as refused:
        read(delivery)
    assert [finding.rule for finding in refused.value.findings] == ["file_damaged"]


def test_a_text_that_is_cut_off_after_its_first_megabyte_is_refused(
    delivery: SmallDelivery,
) -> None:
    rows = delivery.lines * 20_000
    (delivery.folder / "settlements.csv").write_text(text_of(rows))
    packed = compress(delivery, ".gz")
    packed.write_bytes(packed.read_bytes()[:-100])
    with pytest.raises(DeliveryRefused, match="it cannot be read"):
        read(delivery)


@pytest.mark.parametrize(
    "ends",
    [("\r\n", "\n"), ("\n", "\r\n"), ("\r\n", "\r"), ("\r", "\r"), ("\n", "\n"), ("\r\n", "\r\n")],
)
def test_no_line_is_lost_to_its_line_end(delivery: SmallDelivery, ends: tuple[str, str]) -> None:
    head, rest = text_of(delivery.lines, "\n").split("\n", 1)
    content = head + ends[0] + rest.replace("\n", ends[1])
    (delivery.folder / "settlements.csv").write_bytes(content.encode())
    assert_same(read(delivery))


def test_a_row_that_is_no_text_in_its_encoding_is_counted(delivery: SmallDelivery) -> None:
    folder, rows = next(iter(by_seller(delivery).items()))
    content = text_of(rows).encode("cp949") + b"a,b,\xff\xff,\xbb\xf3,c,1,2026-10-01\r\n"
    (folder / "settlements.csv").write_bytes(content)
    assert violations(read(delivery), "line_unreadable").count == 1


def test_rows_are_numbered_within_their_own_file(delivery: SmallDelivery) -> None:
    for number in range(3):
        lines = [dict(line) for line in delivery.lines]
        for line in lines:
            line["product_order_id"] = f"{number}-{line['product_order_id']}"
        lines[number]["payment_amount_krw"] = "?"
        write_csv(delivery.folder / f"settlements-{number}.csv", lines)
    staged = read(delivery)
    assert [row[:2] for row in rows_of(staged.quarantine)] == [
        ("settlements-0.csv", 2),
        ("settlements-1.csv", 3),
        ("settlements-2.csv", 4),
    ]


def test_a_seller_folder_names_any_seller(delivery: SmallDelivery) -> None:
    for line in delivery.lines:
        line["seller_id"] = "가게 1/2"
    delivery.sellers[0]["seller_id"] = "가게 1/2"
    write_csv(delivery.folder / "sellers.csv", delivery.sellers)
    (delivery.folder / "settlements.csv").unlink()
    folder = delivery.folder / "seller_id=가게 1%2F2"
    folder.mkdir()
    write_csv(folder / "settlements.csv", [in_words(line) for line in delivery.lines])
    staged = read(delivery)
    assert {row[0] for row in rows_of(staged.totals)} == {"가게 1/2"}


def test_without_its_folder_a_spreadsheet_does_not_say_whose_it_is(delivery: SmallDelivery) -> None:
    write_csv(delivery.folder / "settlements.csv", [in_words(line) for line in delivery.lines])
    with pytest.raises(DeliveryRefused, match="no column seller_id"):
        find_delivery(str(delivery.root), MONTH)


def test_a_column_that_is_there_twice_is_refused(delivery: SmallDelivery) -> None:
    path = delivery.folder / "settlements.csv"
    path.write_text(path.read_text().replace("order_id,product", "confirmed_on,product", 1))
    text = path.read_text().splitlines()
    assert text[0].count("confirmed_on") == 2
    path.write_text("\n".join([text[0] + ",order_id", *(f"{line},1" for line in text[1:])]))
    with pytest.raises(DeliveryRefused, match="more than once"):
        find_delivery(str(delivery.root), MONTH)


@pytest.mark.parametrize("name", ["a[1]*", "quote's", "매출 2026", "100%"])
def test_any_folder_and_file_name_can_be_read(tmp_path: Path, name: str) -> None:
    delivery = SmallDelivery(tmp_path / name).write()
    plain = delivery.folder / "settlements.csv"
    plain.rename(delivery.folder / f"settlements {name}.csv")
    staged = read(delivery)
    assert_same(staged)
    assert staged.profile.files[1].name == f"settlements {name}.csv"


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def _text(path: Path) -> None:
    path.write_text("not a workbook")


def _another_archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "hello")


@pytest.mark.parametrize("damage", [_cut, _text, _another_archive])
def test_a_damaged_workbook_is_refused(
    delivery: SmallDelivery, damage: Callable[[Path], None]
) -> None:
    path = delivery.folder / "settlements.xlsx"
    write_workbook(path, [list(delivery.lines[0]), *(d.values() for d in delivery.lines)])
    (delivery.folder / "settlements.csv").unlink()
    damage(path)
    with pytest.raises(DeliveryRefused) as refused:
        find_delivery(str(delivery.root), MONTH)
    assert [f.where for f in refused.value.findings] == ["settlements.xlsx"]


def test_sellers_may_come_in_any_form_too(delivery: SmallDelivery) -> None:
    write_workbook(
        delivery.folder / "sellers.xlsx",
        [list(delivery.sellers[0]), *(row.values() for row in delivery.sellers)],
    )
    (delivery.folder / "sellers.csv").unlink()
    found = find_delivery(str(delivery.root), MONTH)
    assert [file.name for file in found.of(Content.SELLERS)] == ["sellers.xlsx"]
    assert_same(read(delivery))
