"""Texts in UTF-16, headers with line breaks, and names that only look alike."""

import codecs
import csv
import gzip
import io
import json
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from adapters.ingest.delivery import DeliveryRefused, find_delivery
from adapters.ingest.staged_month import StagedMonth
from domain.columns import Content
from domain.delivery import expected_of
from tests.adapters.test_dialects import SPREADSHEET, in_words
from tests.adapters.test_ingest import TOTALS, read, rows_of, violations
from tests.deliveries import MONTH, Row, SmallDelivery
from tests.workbooks import write_workbook

LE, BE = codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE


@pytest.fixture
def delivery(tmp_path: Path) -> SmallDelivery:
    return SmallDelivery(tmp_path).write()


def assert_same(staged: StagedMonth) -> None:
    assert rows_of(staged.totals) == TOTALS
    assert not [v for v in staged.profile.violations if v.count]


def text_of(rows: Sequence[Row], sign: str = ",", newline: str = "\r\n") -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=sign, lineterminator=newline)
    writer.writerow(rows[0])
    writer.writerows(row.values() for row in rows)
    return out.getvalue()


def refusal(delivery: SmallDelivery) -> str:
    with pytest.raises(DeliveryRefused) as refused:
        read(delivery)
    [finding] = refused.value.findings
    return finding.sentence


def with_memo(rows: Sequence[Row], memo: str) -> list[Row]:
    return [{"비고": memo} | row for row in rows]


UNICODE_TEXTS: dict[str, Callable[[list[Row]], bytes]] = {
    "as Excel writes it": lambda rows: LE + text_of(rows, "\t").encode("utf-16-le"),
    "big-endian": lambda rows: BE + text_of(rows, "\t").encode("utf-16-be"),
    "with commas": lambda rows: LE + text_of(rows).encode("utf-16-le"),
    "with commas, big-endian": lambda rows: BE + text_of(rows).encode("utf-16-be"),
    "with line feeds": lambda rows: text_of(rows, "\t", "\n").encode("utf-16"),
    "with carriage returns": lambda rows: text_of(rows, "\t", "\r").encode("utf-16"),
    "without a last line end": lambda rows: text_of(rows, "\t").rstrip().encode("utf-16"),
    "with quotes": lambda rows: text_of(with_memo(rows, 'a "b"'), "\t").encode("utf-16"),
    "with commas in values": lambda rows: text_of(with_memo(rows, "a,b"), "\t").encode("utf-16"),
    "with tabs in values": lambda rows: text_of(with_memo(rows, "a\tb"), "\t").encode("utf-16"),
    "beyond the first plane": lambda rows: text_of(with_memo(rows, "😀"), "\t").encode("utf-16"),
    "in Korean": lambda rows: text_of([korean(row) for row in rows], "\t").encode("utf-16"),
}


def korean(line: Row) -> Row:
    return {"merchantId": line["seller_id"]} | in_words(line)


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
@pytest.mark.parametrize("form", UNICODE_TEXTS)
def test_a_text_that_says_it_is_utf_16_is_read(
    delivery: SmallDelivery, form: str, suffix: str
) -> None:
    content = UNICODE_TEXTS[form](delivery.lines)
    (delivery.folder / "settlements.csv").unlink()
    packed = gzip.compress(content) if suffix.endswith("gz") else content
    (delivery.folder / f"settlements{suffix}").write_bytes(packed)
    assert_same(read(delivery))


def test_sellers_may_be_in_utf_16_and_compressed(delivery: SmallDelivery) -> None:
    (delivery.folder / "sellers.csv").unlink()
    content = text_of(delivery.sellers, "\t").encode("utf-16")
    with pa.output_stream(str(delivery.folder / "sellers.csv.zst"), compression="zstd") as file:
        file.write(content)
    assert_same(read(delivery))


def test_rows_of_a_text_in_utf_16_have_their_numbers(delivery: SmallDelivery) -> None:
    delivery.lines[3]["payment_amount_krw"] = "?"
    rows = with_memo(delivery.lines, "on\r\ntwo lines")
    header, rest = text_of(rows, "\t").split("\r\n", 1)
    text = f"{header}\r\n\r\n{rest}too\tfew\r\n"
    (delivery.folder / "settlements.csv").write_bytes(text.encode("utf-16"))
    staged = read(delivery)
    assert violations(staged, "amount_unreadable").examples == ("settlements.csv row 6 ('?')",)
    [unreadable] = violations(staged, "line_unreadable").examples
    assert unreadable.startswith("settlements.csv row 7 ")


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda content: content[:-1], "UTF-16 is damaged"),
        (lambda content: content + b"\x00\xd8", "UTF-16 is damaged"),
        (lambda content: content + b"\x00\xd8\x41\x00", "UTF-16 is damaged"),
        (lambda content: LE + b"\x00\xdc" + content[2:], "UTF-16 is damaged"),
        (lambda content: content + '"open\t1'.encode("utf-16-le"), "quotes are unbalanced"),
    ],
)
def test_a_damaged_text_in_utf_16_is_refused(
    delivery: SmallDelivery, harm: Callable[[bytes], bytes], said: str
) -> None:
    content = LE + text_of(delivery.lines, "\t").encode("utf-16-le")
    (delivery.folder / "settlements.csv").write_bytes(harm(content))
    assert said in refusal(delivery)


# Headers by which the needed columns may come, each with a name that has line breaks.
BROKEN_HEADERS: dict[str, dict[str, str]] = {
    "a column that nobody needs": {"비고": "메모\n(선택)"},
    "an amount": {"payment_amount_krw": "결제금액\n(A)"},
    "an amount with spaces around": {"payment_amount_krw": " 결제금액 \n (A) "},
    "several line breaks": {"payment_amount_krw": "결제\n금액\n(A)"},
    "empty lines": {"payment_amount_krw": "결제금액\n\n\n(A)"},
    "several columns": {"confirmed_on": "세금신고\n기준일", "order_id": "주문\n번호", "비고": "\n"},
    "the last column": {"confirmed_on": "세금신고기준일\n"},
    "a comma beside it": {"비고": "메모,\n(선택, 자유)"},
    "quotes in it": {"비고": '"메모"\n(선택)'},
}
NEWLINES = {"line feeds": "\n", "pairs": "\r\n", "carriage returns": "\r"}


def under(names: dict[str, str], rows: Sequence[Row]) -> list[Row]:
    more = [row | {"비고": "x"} for row in rows]
    return [{names.get(name, name): value for name, value in row.items()} for row in more]


@pytest.mark.parametrize("newline", NEWLINES)
@pytest.mark.parametrize("header", BROKEN_HEADERS)
def test_a_header_may_have_line_breaks(delivery: SmallDelivery, header: str, newline: str) -> None:
    text = text_of(under(BROKEN_HEADERS[header], delivery.lines), newline="\n")
    content = text.replace("\n", NEWLINES[newline]).encode()
    (delivery.folder / "settlements.csv").write_bytes(content)
    assert_same(read(delivery))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp949", "utf-16"])
@pytest.mark.parametrize("first", ["memo\n(선택)", "메모\n(free)"])
def test_a_header_with_line_breaks_may_be_in_any_encoding(
    delivery: SmallDelivery, first: str, encoding: str
) -> None:
    rows = [
        {first: "가"} | in_words(line) | {"merchantId": line["seller_id"]}
        for line in delivery.lines
    ]
    sign = "\t" if encoding == "utf-16" else ","
    (delivery.folder / "settlements.csv").write_bytes(text_of(rows, sign).encode(encoding))
    assert_same(read(delivery))


@pytest.mark.parametrize("suffix", [".csv.gz", ".xlsx", ".parquet"])
@pytest.mark.parametrize("name", ["결제금액\n(A)", "결제\r\n금액(A)", "\n결제금액(A)"])
def test_a_header_with_line_breaks_may_come_in_any_format(
    delivery: SmallDelivery, name: str, suffix: str
) -> None:
    (delivery.folder / "settlements.csv").unlink()
    rows = under({"payment_amount_krw": name}, delivery.lines)
    path = delivery.folder / f"settlements{suffix}"
    if suffix == ".xlsx":
        write_workbook(path, [list(rows[0]), *(row.values() for row in rows)])
    elif suffix == ".parquet":
        write_parquet(path, rows)
    else:
        path.write_bytes(gzip.compress(text_of(rows).encode()))
    assert_same(read(delivery))


def write_parquet(path: Path, rows: Sequence[Row]) -> None:
    table = pa.Table.from_pylist(list(rows))
    assert table.num_rows
    with duckdb.connect() as engine:
        engine.from_arrow(table).write_parquet(str(path))


def test_a_header_of_several_lines_is_one_row(delivery: SmallDelivery) -> None:
    delivery.lines[1]["payment_amount_krw"] = "?"
    rows = under({"비고": "메모\n\n(선택)", "order_id": "주문\n번호"}, delivery.lines)
    (delivery.folder / "settlements.csv").write_text(text_of(rows, newline="\n") + "\ntoo,few\n")
    staged = read(delivery)
    assert violations(staged, "amount_unreadable").examples == ("settlements.csv row 3 ('?')",)
    [unreadable] = violations(staged, "line_unreadable").examples
    assert unreadable.startswith("settlements.csv row 7 ")
    assert [file.rows for file in staged.profile.files] == [3, 4]


@pytest.mark.parametrize(
    "end",
    ['"memo\n{rows}', '"memo\n{rows}5"\n', '"memo\n{row}"\n{rows}', '"memo\n\n{row}",x\n{rows}'],
)
def test_a_header_takes_in_no_rows(delivery: SmallDelivery, end: str) -> None:
    header, *rows = text_of(delivery.lines, newline="\n").splitlines()
    text = end.format(rows="".join(f"{row},x\n" for row in rows), row=rows[0])
    (delivery.folder / "settlements.csv").write_text(f"{header},{text}")
    assert "a quote in its header is not closed there" in refusal(delivery)


def decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def in_store_folders(delivery: SmallDelivery, folder: str, suffix: str = ".csv") -> None:
    """Give the lines of store-b, under another name, a folder of that name."""
    for row in (*delivery.lines, *delivery.sellers):
        row["seller_id"] = row["seller_id"].replace("store-b", "가게")
    delivery.write()
    (delivery.folder / "settlements.csv").unlink()
    for name, place in (("store-a", "store-a"), ("가게", folder)):
        path = delivery.folder / f"seller_id={place}" / f"settlements{suffix}"
        path.parent.mkdir()
        rows = [in_words(line) for line in delivery.lines if line["seller_id"] == name]
        if suffix == ".parquet":
            write_parquet(path, rows)
        elif suffix == ".xlsx":
            write_workbook(path, [list(rows[0]), *(row.values() for row in rows)])
        else:
            path.write_text(text_of(rows))


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet"])
@pytest.mark.parametrize("folder", [decomposed("가게"), "가게", "%E1%84%80%E1%85%A1%EA%B2%8C"])
def test_a_folder_in_decomposed_letters_is_the_same_store(
    delivery: SmallDelivery, folder: str, suffix: str
) -> None:
    in_store_folders(delivery, folder, suffix)
    staged = read(delivery)
    assert {row[0] for row in rows_of(staged.totals)} == {"store-a", "가게"}
    assert violations(staged, "seller_unknown").count == 0


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet"])
def test_headers_in_decomposed_letters_are_known(delivery: SmallDelivery, suffix: str) -> None:
    names = {column: decomposed(name) for column, name in SPREADSHEET.items()}
    rows = [{names.get(column, column): v for column, v in row.items()} for row in delivery.lines]
    (delivery.folder / "settlements.csv").unlink()
    path = delivery.folder / f"settlements{suffix}"
    if suffix == ".parquet":
        write_parquet(path, rows)
    elif suffix == ".xlsx":
        write_workbook(path, [list(rows[0]), *(row.values() for row in rows)])
    else:
        path.write_text(text_of(rows))
    assert_same(read(delivery))


@pytest.mark.parametrize("in_manifest", [decomposed, lambda name: name])
@pytest.mark.parametrize("in_folder", [decomposed, lambda name: name])
def test_a_manifest_names_files_in_either_letters(
    delivery: SmallDelivery, in_folder: Callable[[str], str], in_manifest: Callable[[str], str]
) -> None:
    name = "settlements-서울.csv"
    (delivery.folder / "settlements.csv").rename(delivery.folder / in_folder(name))
    entry = {"name": in_manifest(name), "rows": 4, "payment_amount_krw": 259_000}
    sellers = {"name": "sellers.csv", "rows": 3}
    manifest = {"settlement_month": str(MONTH), "files": [entry], "sellers": sellers}
    (delivery.folder / "manifest.json").write_text(json.dumps(manifest))
    assert_same(read(delivery))


def test_the_same_files_have_the_same_hash_in_either_letters(tmp_path: Path) -> None:
    hashes = set()
    for number, name in enumerate(("가게", decomposed("가게"))):
        delivery = SmallDelivery(tmp_path / str(number))
        in_store_folders(delivery, name)
        hashes.add(find_delivery(str(delivery.root), MONTH).content_hash)
    assert len(hashes) == 1


def test_folders_that_look_alike_are_both_read(delivery: SmallDelivery) -> None:
    in_store_folders(delivery, "가게")
    other = delivery.folder / f"seller_id={decomposed('가게')}"
    other.mkdir()
    file = delivery.folder / "seller_id=가게" / "settlements.csv"
    text = file.read_text().replace("2026100700000003", "2026100700000009")
    (other / "settlements-2.csv").write_text(text)
    staged = read(delivery)
    assert rows_of(staged.totals)[-1] == ("가게", "PROD_ORDER", 2, 500_000)


@pytest.mark.parametrize("content", expected_of(MONTH).contents)
def test_files_whose_names_look_alike_are_refused(
    delivery: SmallDelivery, content: Content
) -> None:
    for name in ("서울", decomposed("서울")):
        text = (delivery.folder / f"{content}.csv").read_text()
        (delivery.folder / f"{content}-{name}.csv").write_text(text)
    assert "one with composed letters" in refusal(delivery)
