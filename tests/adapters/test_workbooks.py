"""Every sheet of a workbook that holds rows of a delivery is read, or the file is refused."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from adapters.ingest import sheets, workbook_trial
from adapters.ingest.delivery import DeliveryRefused, find_delivery
from adapters.ingest.sheets import choose_sheets
from domain.columns import Content
from flows.ingesting.read_delivery import read_delivery
from tests.adapters.test_ingest import TOTALS, read, rows_of, violations
from tests.deliveries import MONTH, Row, SmallDelivery
from tests.workbooks import write_sheets, write_workbook

Rows = list[list[object]]
Sheets = dict[str, Rows]


def table(rows: list[Row], names: list[str] | None = None) -> Rows:
    """Give rows under a header, with only the named columns if any are named."""
    names = names or list(rows[0])
    cells: Rows = [[row[name] for name in names] for row in rows]
    return [[*names], *cells]


def quarters(rows: list[Row]) -> Sheets:
    """Give each row a sheet of its own."""
    return {f"{n}일": table([row]) for n, row in enumerate(rows, 1)}


def in_other_order(rows: list[Row]) -> Sheets:
    return {"가": table(rows[:2]), "나": table(rows[2:], list(reversed(rows[0])))}


def with_more_columns(rows: list[Row]) -> Sheets:
    more = [{"비고": "x"} | row for row in rows[1:]]
    return {"가": table(rows[:1]), "나": table(more)}


def below_empty_rows(rows: list[Row]) -> Sheets:
    second: Rows = [[], [], *(["", *row] for row in table(rows[2:]))]
    return {"가": table(rows[:2]), "나": second}


def with_line_breaks(rows: list[Row]) -> Sheets:
    [header, *others] = table(rows[1:])
    broken: list[object] = [f" {str(name)[:4]}\n{str(name)[4:]} " for name in header]
    return {"가": table(rows[:1]), "나": [broken, *others]}


SPREAD: dict[str, Callable[[list[Row]], Sheets]] = {
    "one sheet": lambda rows: {"가": table(rows)},
    "the header alone in the first sheet": lambda rows: {"가": table(rows)[:1], "나": table(rows)},
    "the rows go on": lambda rows: {"가": table(rows[:2]), "나": table(rows[2:])},
    "a sheet for each row": quarters,
    "columns in another order": in_other_order,
    "more columns in the second sheet": with_more_columns,
    "empty rows and an empty column": below_empty_rows,
    "line breaks in the second header": with_line_breaks,
    "empty sheets around": lambda rows: {"빈": [], "가": table(rows), "또": [["", ""], [""]]},
    "a name that is no file's": lambda rows: {"../x": table(rows[:1]), "..": table(rows[1:])},
    "a header alone at the end": lambda rows: {"가": table(rows), "나": table(rows)[:1]},
    "a long name": lambda rows: {"가" * 40: table(rows[:1]), "나" * 90: table(rows[1:])},
}
STATES = ("visible", "hidden", "veryHidden")


@pytest.fixture
def delivery(tmp_path: Path) -> SmallDelivery:
    return SmallDelivery(tmp_path).write()


def deliver(
    delivery: SmallDelivery, content: Content, sheets: Sheets, state: str = "visible"
) -> None:
    """Replace a CSV by a workbook whose sheets after the first are in that state."""
    (delivery.folder / f"{content}.csv").unlink()
    states = dict.fromkeys(list(sheets)[1:], state)
    write_sheets(delivery.folder / f"{content}.xlsx", sheets, states)


def refusal(delivery: SmallDelivery) -> str:
    with pytest.raises(DeliveryRefused) as refused:
        find_delivery(str(delivery.root), MONTH)
    [finding] = refused.value.findings
    return finding.sentence


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("spread", SPREAD)
def test_lines_of_all_sheets_are_read(delivery: SmallDelivery, spread: str, state: str) -> None:
    deliver(delivery, Content.SETTLEMENTS, SPREAD[spread](delivery.lines), state)
    staged = read(delivery)
    assert rows_of(staged.totals) == TOTALS
    assert not [found for found in staged.profile.violations if found.count]
    read_from = [(f.name, f.rows, f.total) for f in staged.profile.files]
    assert read_from == [("sellers.csv", 3, None), ("settlements.xlsx", 4, 259_000)]


@pytest.mark.parametrize("spread", SPREAD)
def test_stores_of_all_sheets_are_read(delivery: SmallDelivery, spread: str) -> None:
    before = rows_of(read(delivery).sellers)
    deliver(delivery, Content.SELLERS, SPREAD[spread](delivery.sellers))
    staged = read(delivery)
    assert rows_of(staged.sellers) == before
    [found, _] = staged.profile.files
    assert (found.name, found.rows) == ("sellers.xlsx", 3)


def test_a_store_may_have_a_sheet_for_each_day(delivery: SmallDelivery) -> None:
    (delivery.folder / "settlements.csv").unlink()
    for store in ("store-a", "store-b"):
        lines = [dict(line) for line in delivery.lines if line["seller_id"] == store]
        for line in lines:
            del line["seller_id"]
        folder = delivery.folder / f"seller_id={store}"
        folder.mkdir()
        write_sheets(folder / "settlements.xlsx", quarters(lines))
    assert rows_of(read(delivery).totals) == TOTALS


@pytest.mark.parametrize("wrong", [0, 1])
def test_a_manifest_declares_the_sum_of_all_sheets(delivery: SmallDelivery, wrong: int) -> None:
    deliver(delivery, Content.SETTLEMENTS, quarters(delivery.lines))
    files = [{"name": "settlements.xlsx", "rows": 4 + wrong, "payment_amount_krw": 259_000}]
    manifest = {
        "settlement_month": str(MONTH),
        "files": files,
        "sellers": {"name": "sellers.csv", "rows": 3},
    }
    (delivery.folder / "manifest.json").write_text(json.dumps(manifest))
    [found] = [file for file in read(delivery).profile.files if file.declared and file.total]
    assert (found.rows, found.declared and found.declared.rows) == (4, 4 + wrong)


def test_a_row_is_named_with_its_sheet_and_its_number_there(delivery: SmallDelivery) -> None:
    delivery.lines[3]["payment_amount_krw"] = "?"
    rows = delivery.lines
    second = [[], [], *table(rows[2:3]), [], *table(rows[3:])[1:]]
    deliver(delivery, Content.SETTLEMENTS, {"가": table(rows[:2]), "나": second})
    staged = read(delivery)
    found = violations(staged, "amount_unreadable")
    assert found.examples == ("settlements.xlsx/나 row 6 ('?')",)
    assert found.by_file == (("settlements.xlsx/나", 1),)
    assert [row[:2] for row in rows_of(staged.quarantine)] == [("settlements.xlsx/나", 6)]


def test_a_sheet_that_is_there_twice_is_a_duplicate(delivery: SmallDelivery) -> None:
    deliver(delivery, Content.SETTLEMENTS, dict.fromkeys("가나", table(delivery.lines)))
    assert violations(read(delivery), "line_duplicated").count == 8


OTHERS: dict[str, Rows] = {
    "a summary": [["합계", "259000"], ["건수", "4"]],
    "a note": [["이 파일은 매월 1일에 만듭니다."]],
    "a pivot by kind": [["구분", "정산상태", "합계"], ["상품주문", "일반정산", 256_000]],
    "a pivot by day": [["세금신고기준일", "정산기준금액"], ["2026-10-02", 6_000]],
    "commissions of the same orders": [
        ["주문번호", "상품주문번호", "구분", "수수료구분", "기준일", "수수료", "비고"],
        ["O1", "2026100700000001", "상품주문", "결제", "2026-10-02", -100, "일반정산"],
    ],
    "a wide table of something else": [list("abcdefgh"), list("12345678")],
}


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("other", OTHERS)
def test_a_sheet_of_another_kind_is_told(delivery: SmallDelivery, other: str, place: str) -> None:
    sheets = {"가": table(delivery.lines[:2]), "나": table(delivery.lines[2:])}
    more = {"표지": OTHERS[other]}
    deliver(delivery, Content.SETTLEMENTS, more | sheets if place == "before" else sheets | more)
    staged = read(delivery)
    assert rows_of(staged.totals) == TOTALS
    assert violations(staged, "sheet_not_read").examples == ("settlements.xlsx/표지",)
    assert violations(staged, "sheet_not_read").count == 1


def test_a_snapshot_among_lines_is_told(delivery: SmallDelivery) -> None:
    sheets: Sheets = {"가": table(delivery.lines), "매장": table(delivery.sellers)}
    deliver(delivery, Content.SETTLEMENTS, sheets)
    assert violations(read(delivery), "sheet_not_read").examples == ("settlements.xlsx/매장",)


def lacking(column: str) -> Callable[[list[Row]], Rows]:
    return lambda rows: table(rows, [name for name in rows[0] if name != column])


UNCLEAR: dict[str, tuple[Callable[[list[Row]], Rows], str]] = {
    "rows without a header": (lambda rows: table(rows)[1:], "are not under a header"),
    "rows in other words": (
        lambda rows: [["O9", "P9", "상품주문", "일반 정산", "1,000", "2026.10.09", "store-a"]],
        "are not under a header",
    ),
    "a title over the header": (lambda rows: [["정산 내역"], *table(rows)], "not under a header"),
    "a title over rows": (lambda rows: [["(계속)"], *table(rows)[1:]], "not under a header"),
    "another table over the header": (
        lambda rows: [list("abcdefg"), list("1234567"), [], *table(rows)],
        "are not under a header",
    ),
    "no amount": (lacking("payment_amount_krw"), "it has no column payment_amount_krw ("),
    "no date": (lacking("confirmed_on"), "it has no column confirmed_on ("),
    "no store": (lacking("seller_id"), "it has no column seller_id ("),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("unclear", UNCLEAR)
def test_a_sheet_that_may_hold_rows_is_refused(
    delivery: SmallDelivery, unclear: str, state: str
) -> None:
    make, said = UNCLEAR[unclear]
    sheets = {"가": table(delivery.lines[:2]), "이어서": make(delivery.lines[2:])}
    deliver(delivery, Content.SETTLEMENTS, sheets, state)
    sentence = refusal(delivery)
    assert sentence.startswith("settlements.xlsx: ")
    assert said in sentence
    assert "sheet 이어서" in sentence


@pytest.mark.parametrize(
    "make",
    [
        lambda rows: table(rows)[1:],
        lambda rows: [["매장 목록"], *table(rows)],
        lacking("status"),
        lacking("approved_on"),
        lambda rows: [["9", "2026-05-20", "휴점", "Y", "N", "N", "Y"]],
    ],
)
def test_a_sheet_that_may_hold_stores_is_refused(
    delivery: SmallDelivery, make: Callable[[list[Row]], Rows]
) -> None:
    sheets = {"가": table(delivery.sellers[:2]), "이어서": make(delivery.sellers[2:])}
    deliver(delivery, Content.SELLERS, sheets)
    assert "sheet 이어서" in refusal(delivery)


def test_columns_missing_in_every_sheet_are_missing_in_the_nearest(delivery: SmallDelivery) -> None:
    sheets: Sheets = {"표지": [["합계", 4]], "나": [["주문번호", "구분"], ["1", "2"]]}
    deliver(delivery, Content.SETTLEMENTS, sheets)
    assert "in its sheet 나; its columns are 주문번호, 구분." in refusal(delivery)


def test_a_workbook_without_a_cell_has_no_columns(delivery: SmallDelivery) -> None:
    deliver(delivery, Content.SETTLEMENTS, {"가": [], "나": []})
    assert "its columns are none" in refusal(delivery)


def test_a_column_that_a_further_sheet_has_twice_is_named(delivery: SmallDelivery) -> None:
    twice = [[*row, "x" if n else "order_id"] for n, row in enumerate(table(delivery.lines[2:]))]
    deliver(delivery, Content.SETTLEMENTS, {"가": table(delivery.lines[:2]), "나": twice})
    assert "the column order_id more than once in its sheet 나" in refusal(delivery)


def test_two_sheets_of_one_name_are_refused(delivery: SmallDelivery) -> None:
    sheets = {"a": table(delivery.lines[:2]), "A": table(delivery.lines[2:])}
    deliver(delivery, Content.SETTLEMENTS, sheets)
    assert "two of its sheets have the name a" in refusal(delivery)


_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def _named(*streams: str) -> bytes:
    return b"".join(name.encode("utf-16-le").ljust(128, b"\0") for name in streams)


CONTAINERS = {
    "a password": (("Root Entry", "EncryptionInfo", "EncryptedPackage"), "encrypted"),
    "a password, in another order": (("EncryptedPackage", "\x06DataSpaces"), "encrypted"),
    "an old workbook": (("Root Entry", "Workbook"), "old .xls"),
    "a very old workbook": (("Root Entry", "Book"), "old .xls"),
    "an old workbook with macros": (("Workbook", "_VBA_PROJECT_CUR"), "old .xls"),
}


@pytest.mark.parametrize("file", ["settlements", "sellers"])
@pytest.mark.parametrize("container", CONTAINERS)
def test_what_is_no_open_workbook_is_named(
    delivery: SmallDelivery, container: str, file: str
) -> None:
    streams, said = CONTAINERS[container]
    (delivery.folder / f"{file}.csv").unlink()
    content = _COMPOUND.ljust(2_000, b"\0") + _named(*streams)
    (delivery.folder / f"{file}.xlsx").write_bytes(content)
    assert said in refusal(delivery)


@pytest.mark.parametrize("number", [2**53, 2**53 + 2, 2.0261e16, 1e21, -(2.0**60)])
def test_a_number_that_a_cell_cannot_hold_exactly_shows_it(
    delivery: SmallDelivery, number: float
) -> None:
    rows = table(delivery.lines)
    rows[4][2] = float(number)
    (delivery.folder / "settlements.csv").unlink()
    write_workbook(delivery.folder / "settlements.xlsx", rows)
    written = {row[2] for row in _texts(delivery)}
    assert str(float(number)) in written
    assert not any(text.lstrip("-").isdigit() and len(text) > 16 for text in written)


def _texts(delivery: SmallDelivery) -> list[list[str]]:
    from adapters.ingest.opening import Reading, readable_sources

    found = find_delivery(str(delivery.root), MONTH).of(Content.SETTLEMENTS)
    [source] = readable_sources(found, delivery.root / "texts", Reading.SIMPLE)
    return [line.split(",") for line in source.path.read_text().splitlines()]


def test_a_workbook_is_closed_when_looking_at_its_sheets_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bool:
        raise KeyboardInterrupt

    path = tmp_path / "settlements.xlsx"
    write_workbook(path, [["seller_id"]])
    monkeypatch.setattr(sheets, "_holds_rows", fail)

    with pytest.raises(KeyboardInterrupt) as failure:
        choose_sheets(path, Content.SETTLEMENTS, frozenset())

    assert failure.traceback  # which keeps what the failing functions held
    opened = [each.resolve() for each in Path("/proc/self/fd").iterdir()]
    assert path.resolve() not in opened


FIRST = "<row r='1'><c r='A1'><v>1</v></c></row>"
LAST = "<row r='{0}'><c r='{1}{0}'><v>1</v></c></row>"
BEYOND = {
    "a cell in the last corner": FIRST + LAST.format(1_048_576, "XFD"),
    "a row that no workbook has": FIRST + LAST.format(4_000_000_000, "A"),
}


@pytest.mark.parametrize("sheet", BEYOND)
def test_a_workbook_that_no_memory_could_hold_is_refused(tmp_path: Path, sheet: str) -> None:
    delivery = SmallDelivery(tmp_path).write()
    sound = delivery.folder / "settlements-1.xlsx"
    write_workbook(sound, table(delivery.lines))
    with_sheet(sound, delivery.folder / "settlements-2.xlsx", BEYOND[sheet])
    with pytest.raises(DeliveryRefused, match="larger than can be read") as refused:
        find_delivery(str(delivery.root), MONTH)
    assert [each.where for each in refused.value.findings] == ["settlements-2.xlsx"]


def test_a_workbook_that_breaks_its_library_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook_trial, "_try", lambda paths: [b"broken"] * len(paths))
    delivery = SmallDelivery(tmp_path).write()
    write_workbook(delivery.folder / "settlements-1.xlsx", table(delivery.lines))
    with pytest.raises(DeliveryRefused, match="it is damaged so that it cannot be read"):
        find_delivery(str(delivery.root), MONTH)


def with_sheet(sound: Path, target: Path, rows: str) -> None:
    """Copy a workbook with other rows in its first sheet."""
    head = "<worksheet xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'>"
    sheet = f"{head}<sheetData>{rows}</sheetData></worksheet>"
    with ZipFile(sound) as read, ZipFile(target, "w", ZIP_DEFLATED) as written:
        for name in read.namelist():
            written.writestr(name, sheet if "sheet1" in name else read.read(name))


@pytest.mark.parametrize("seed", range(40))
def test_a_workbook_with_damaged_bytes_is_read_or_refused(tmp_path: Path, seed: int) -> None:
    delivery = SmallDelivery(tmp_path).write()
    file = delivery.folder / "settlements-1.xlsx"
    write_workbook(file, table(delivery.lines))
    chance = Random(seed)  # noqa: S311 reproducible
    content = bytearray(file.read_bytes())
    start = content.find(b"PK\1\2") if seed % 2 else 0  # the list of its parts, or anything
    for _ in range(chance.randint(1, 9)):
        content[chance.randrange(start, len(content))] = chance.randrange(256)
    file.write_bytes(content)
    with suppress(DeliveryRefused):
        read_delivery(find_delivery(str(delivery.root), MONTH), tmp_path / "s", tmp_path / "q")
