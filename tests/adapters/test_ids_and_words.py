"""The same id and the same word, however a format, a spreadsheet or a person writes it."""

import itertools
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.ingest.engine import open_engine
from adapters.ingest.staged_month import StagedMonth
from domain.delivery import KNOWN_WORDS
from domain.written import lookalike_key, word_key
from tests.adapters.test_ingest import TOTALS, read, rows_of, violations
from tests.deliveries import Row, SmallDelivery, write_csv
from tests.workbooks import write_workbook

Write = Callable[[Path, list[Row]], None]


@pytest.fixture
def delivery(tmp_path: Path) -> SmallDelivery:
    return SmallDelivery(tmp_path)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_engine(tmp_path_factory.mktemp("spill")) as connection:
        yield connection


def _simple_csv(path: Path, rows: list[Row]) -> None:
    write_csv(path.with_suffix(".csv"), rows)


def _quoted_csv(path: Path, rows: list[Row]) -> None:
    lines = [list(rows[0]), *(list(row.values()) for row in rows)]
    text = "\n".join(",".join(f'"{value}"' for value in line) for line in lines)
    path.with_suffix(".csv").write_text(text, encoding="utf-8")


def _parquet(path: Path, rows: list[Row]) -> None:
    table = pa.table({name: [row[name] or None for row in rows] for name in rows[0]})
    pyarrow.parquet.write_table(table, path.with_suffix(".parquet"))


def _workbook(path: Path, rows: list[Row]) -> None:
    write_workbook(path.with_suffix(".xlsx"), [list(rows[0]), *(row.values() for row in rows)])


FORMATS: dict[str, Write] = {
    "simple text": _simple_csv,
    "quoted text": _quoted_csv,
    "Parquet": _parquet,
    "workbook": _workbook,
}


def written(delivery: SmallDelivery, form: str) -> StagedMonth:
    """Deliver the lines and the snapshot in one of the formats, and read them."""
    delivery.folder.mkdir(parents=True)
    FORMATS[form](delivery.folder / "settlements", delivery.lines)
    FORMATS[form](delivery.folder / "sellers", delivery.sellers)
    return read(delivery)


def broken(staged: StagedMonth) -> set[str]:
    return {found.rule for found in staged.profile.violations if found.count}


def more_lines(delivery: SmallDelivery, column: str, values: Iterable[str]) -> list[Row]:
    """Add a line of 1 won for each value, of a store that had none."""
    line = delivery.lines[0] | {"seller_id": "store-c", "payment_amount_krw": "1"}
    added = [
        line | {"product_order_id": f"{number:016}", column: value}
        for number, value in enumerate(values, 10**15)
    ]
    delivery.lines += added
    return added


LIKE_PROD_ORDER = (
    *("PROD_ORDER ", " PROD_ORDER", "prod_order", "Prod_Order", "PROD-ORDER", "PROD ORDER"),
    *("ProdOrder", "PROD_ORDER\u00a0", "\u3000PROD_ORDER", "PROD_ORDER\u200b", "\ufeffPROD_ORDER"),
    *("ＰＲＯＤ＿ＯＲＤＥＲ", "상품주문", "상품 주문", " 상품주문\u200b"),
    unicodedata.normalize("NFD", "상품주문"),
)
LIKE_NORMAL_SETTLE = (
    *("normal_settle_original", "일반 정산", "일반정산", "NORMAL-SETTLE-ORIGINAL\t"),
    "NORMAL_SETTLE_ORIGINAL\u2060",
)
LIKE_NORMAL = ("normal", "NORMAL ", "Normal", "NORMAL\u200b", "정상")


@pytest.mark.parametrize("form", FORMATS)
def test_a_line_type_that_nearly_matches_counts(form: str, delivery: SmallDelivery) -> None:
    more_lines(delivery, "line_type", LIKE_PROD_ORDER)
    staged = written(delivery, form)
    count = len(LIKE_PROD_ORDER)
    assert rows_of(staged.totals) == [*TOTALS, ("store-c", "PROD_ORDER", count, count)]
    assert broken(staged) == set()


@pytest.mark.parametrize("form", FORMATS)
def test_a_line_that_came_twice_is_noticed_though_its_settlement_type_is_written_otherwise(
    form: str, delivery: SmallDelivery
) -> None:
    for line in more_lines(delivery, "settlement_type", LIKE_NORMAL_SETTLE):
        delivery.lines.append(line | {"settlement_type": "NORMAL_SETTLE_ORIGINAL"})
    twice = 2 * len(LIKE_NORMAL_SETTLE)
    assert violations(written(delivery, form), "line_duplicated").count == twice


@pytest.mark.parametrize("form", FORMATS)
def test_a_status_that_nearly_matches_is_the_known_one(form: str, delivery: SmallDelivery) -> None:
    delivery.sellers += [
        delivery.sellers[0] | {"seller_id": f"store-{number}", "status": word}
        for number, word in enumerate(LIKE_NORMAL)
    ]
    staged = written(delivery, form)
    assert {row[2] for row in rows_of(staged.sellers)} == {"NORMAL"}
    assert broken(staged) == set()


@pytest.mark.parametrize(
    ("column", "word"),
    [
        ("line_type", "PROD_ORDERS"),
        ("line_type", "GIFT"),
        ("line_type", "상품"),
        ("settlement_type", "NORMAL_SETTLE"),
        ("settlement_type", "정산"),
    ],
)
def test_an_unknown_word_is_told_with_its_amount(
    column: str, word: str, delivery: SmallDelivery
) -> None:
    delivery.lines[-1][column] = word
    staged = read(delivery.write())
    [told] = staged.profile.unknown_words
    assert (told.column, told.word, told.rows, told.amount_krw) == (column, word, 1, 250_000)


def test_an_unknown_status_is_told_with_its_stores(delivery: SmallDelivery) -> None:
    delivery.sellers[-1]["status"] = "SLEEPING"
    [told] = read(delivery.write()).profile.unknown_words
    assert (told.column, told.word, told.rows, told.amount_krw) == ("status", "SLEEPING", 1, None)


def test_the_known_words_are_told_apart_by_their_keys() -> None:
    for column, words in KNOWN_WORDS.items():
        keys = [word_key(written) for code, others in words.items() for written in (code, *others)]
        assert len(keys) == len(set(keys)), column


def with_stores(delivery: SmallDelivery, ids: tuple[str, str, str]) -> SmallDelivery:
    """Name the stores by numbers, and the lines' product orders, too."""
    names = dict(zip(("store-a", "store-b", "store-c"), ids, strict=True))
    for row in (*delivery.lines, *delivery.sellers):
        row["seller_id"] = names[row["seller_id"]]
    return delivery


STORES = ("510001", "510002", "510003")
NUMBERED = [(STORES[0], *TOTALS[0][1:]), (STORES[0], *TOTALS[1][1:]), (STORES[1], *TOTALS[2][1:])]


@pytest.mark.parametrize(
    "kind", ["BIGINT", "INTEGER", "UBIGINT", "HUGEINT", "DOUBLE", "DECIMAL(18,0)", "DECIMAL(20,2)"]
)
@pytest.mark.parametrize("column", ["seller_id", "product_order_id"])
def test_an_id_that_is_a_number_in_parquet_is_the_same_id(
    column: str, kind: str, delivery: SmallDelivery
) -> None:
    with_stores(delivery, STORES)
    for number, line in enumerate(delivery.lines):
        line["product_order_id"] = f"20261007{number:02}"
    delivery.lines.append(dict(delivery.lines[-1]))  # which is noticed only as the same id
    delivery.write()
    _with_number_ids(delivery, column, kind)
    staged = read(delivery)
    assert [row[0] for row in rows_of(staged.sellers)] == [*STORES]
    assert {row[0] for row in rows_of(staged.totals)} == {*STORES[:2]}
    assert broken(staged) == {"line_duplicated"}


def _with_number_ids(delivery: SmallDelivery, column: str, kind: str) -> None:
    """Write half of the lines as Parquet with a column of numbers, half as text, and the stores."""
    half = duckdb.read_csv(str(delivery.folder / "settlements.csv"), all_varchar=True)
    number, amount = f"{column}::{kind} AS {column}", "payment_amount_krw::BIGINT"
    typed = f"* REPLACE ({number}, {amount} AS payment_amount_krw)"
    half.limit(4).project(typed).write_parquet(str(delivery.folder / "settlements-1.parquet"))
    write_csv(delivery.folder / "settlements.csv", delivery.lines[4:])
    if column == "seller_id":
        sellers = duckdb.read_csv(str(delivery.folder / "sellers.csv"), all_varchar=True)
        stores = sellers.project(f"* REPLACE (seller_id::{kind} AS seller_id)")
        stores.write_parquet(str(delivery.folder / "sellers.parquet"))
        (delivery.folder / "sellers.csv").unlink()


@pytest.mark.parametrize("form", FORMATS)
def test_an_id_with_decimal_zeros_is_the_id_without(form: str, delivery: SmallDelivery) -> None:
    with_stores(delivery, STORES)
    endings = itertools.cycle((".0", ".00", ".000000", ""))
    for row, ending in zip((*delivery.lines, *delivery.sellers), endings, strict=False):
        row["seller_id"] += ending
    staged = written(delivery, form)
    assert rows_of(staged.totals) == NUMBERED
    assert [row[0] for row in rows_of(staged.sellers)] == [*STORES]


def test_a_number_in_a_workbook_is_the_same_id(delivery: SmallDelivery) -> None:
    delivery.write()
    rows = [[float(line["product_order_id"]), *list(line.values())[3:]] for line in delivery.lines]
    folder = delivery.folder / "seller_id=store-a"
    folder.mkdir()
    header = ["product_order_id", *list(delivery.lines[0])[3:], "order_id"]
    write_workbook(folder / "settlements.xlsx", [header, *([*row, ""] for row in rows)])
    assert violations(read(delivery), "line_duplicated").count == 2 * len(delivery.lines)


SAME_ID = ("{} ", " {}", "{}\u00a0", "\u200b{}", "{}.0", "\ufeff{}", "\t{}", "{}\t")
ROUNDED = (
    *("2.02610E+15", "2.0261e+16", "2E+15", "2.0261E15", "20261010000000010.0", "1.5"),
    *("9007199254740994.0", "9007199254740992.0"),
)


@pytest.mark.parametrize("form", FORMATS)
def test_a_line_that_came_twice_is_noticed_though_its_id_is_written_otherwise(
    form: str, delivery: SmallDelivery
) -> None:
    for line, same in zip(more_lines(delivery, "order_id", SAME_ID), SAME_ID, strict=True):
        again = same.format(line["product_order_id"])
        delivery.lines.append(line | {"product_order_id": again})
    assert violations(written(delivery, form), "line_duplicated").count == 2 * len(SAME_ID)


@pytest.mark.parametrize("form", FORMATS)
def test_an_id_that_may_have_been_rounded_is_refused(form: str, delivery: SmallDelivery) -> None:
    more_lines(delivery, "product_order_id", ROUNDED)
    delivery.sellers += [delivery.sellers[-1] | {"seller_id": each} for each in ROUNDED]
    staged = written(delivery, form)
    assert violations(staged, "product_order_inexact").count == len(ROUNDED)
    assert violations(staged, "snapshot_seller_inexact").count == len(ROUNDED)


@pytest.mark.parametrize(
    ("kind", "number"),
    [("DOUBLE", "1e16"), ("DOUBLE", "2026101000000001.5"), ("FLOAT", "2026101000000001")],
)
def test_a_number_beyond_what_its_type_holds_is_refused(
    kind: str, number: str, delivery: SmallDelivery
) -> None:
    delivery.write()
    lines = duckdb.read_csv(str(delivery.folder / "settlements.csv"), all_varchar=True)
    typed = f"* REPLACE ({number}::{kind} AS product_order_id, 1::BIGINT AS payment_amount_krw)"
    lines.limit(1).project(typed).write_parquet(str(delivery.folder / "settlements-1.parquet"))
    assert broken(read(delivery)) == {"product_order_inexact"}


NOTHINGS = ("null", "NULL", "NaN", "None", "nan", "", "     ", " null", "nan  ", "\u200b")
NULLABLE = ("product_order_id", "settlement_type", "confirmed_on")


@pytest.mark.parametrize("form", FORMATS)
def test_a_word_for_nothing_is_nothing(form: str, delivery: SmallDelivery) -> None:
    for column in NULLABLE:
        more_lines(delivery, column, NOTHINGS)
    staged = written(delivery, form)
    for rule in ("product_order_missing", "settlement_type_missing", "confirmed_on_missing"):
        assert violations(staged, rule).count == len(NOTHINGS), rule


@pytest.mark.parametrize("form", FORMATS)
def test_a_line_that_never_counts_may_lack_what_the_interface_leaves_out(
    form: str, delivery: SmallDelivery
) -> None:
    for line_type, column in itertools.product(("DELIVERY", "REVIEW", "리뷰 적립"), NULLABLE):
        for line in more_lines(delivery, column, ["", "null"]):
            line["line_type"] = line_type
    staged = written(delivery, form)
    assert broken(staged) == {"line_incomplete"}
    assert violations(staged, "line_incomplete").count == 18
    assert set(TOTALS) < set(rows_of(staged.totals))


@pytest.mark.parametrize("line_type", ["PROD_ORDER", "상품주문", "prod_order", "GIFT"])
def test_a_line_that_may_count_lacks_nothing(line_type: str, delivery: SmallDelivery) -> None:
    for column in NULLABLE:
        [line] = more_lines(delivery, column, [""])
        line["line_type"] = line_type
    missing = {"product_order_missing", "settlement_type_missing", "confirmed_on_missing"}
    assert broken(read(delivery.write())) - {"line_type_unknown"} == missing


ALIKE = [("0051", "51"), ("0062", "062"), ("７１", "71"), ("8 1", "81"), ("9\u200b1", "91")]


def test_no_two_stores_differ_only_by_what_a_spreadsheet_does(delivery: SmallDelivery) -> None:
    ids = itertools.chain.from_iterable(ALIKE)
    delivery.sellers += [delivery.sellers[-1] | {"seller_id": each} for each in ids]
    staged = read(delivery.write())
    assert violations(staged, "snapshot_seller_lookalike").count == 2 * len(ALIKE)


@pytest.mark.parametrize(
    ("ids", "lost"),
    [
        (["0000260000000001", "260000000002"], True),
        (["0126", "127"], True),
        (["0126", "0127", "1128"], False),
        (["126", "12700"], False),
        (["0126", "27000000"], False),
    ],
)
def test_zeros_that_a_spreadsheet_dropped_are_missed(
    ids: list[str], lost: bool, delivery: SmallDelivery
) -> None:
    seller = delivery.lines[0] | {"seller_id": "store-c"}
    delivery.lines += [seller | {"product_order_id": each} for each in ids]
    found = violations(read(delivery.write()), "product_order_zeros_lost")
    assert found.examples == (("store-c",) if lost else ())


UNSEEN_AND_OTHERS = st.text(
    st.sampled_from([*"aB0.1_- +-\t\n\x00\x7f\u00a0\u200b\u3000\ufeff０ａ가é", "\u0301", "\u1100"]),
    max_size=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(written=UNSEEN_AND_OTHERS)
def test_the_engine_and_the_domain_compare_alike(
    engine: duckdb.DuckDBPyConnection, written: str
) -> None:
    assert_compared_alike(engine, written)


@pytest.mark.parametrize(
    "written", ["0051.00", " 7.0\u200b", "\x00é.0", "00", "00.0", "PROD-ORDER"]
)
def test_they_compare_these_alike(engine: duckdb.DuckDBPyConnection, written: str) -> None:
    assert_compared_alike(engine, written)


def assert_compared_alike(engine: duckdb.DuckDBPyConnection, written: str) -> None:
    found = engine.execute("SELECT word_key($1), lookalike_key($1)", [written]).fetchone()
    assert found == (word_key(written), lookalike_key(written))
