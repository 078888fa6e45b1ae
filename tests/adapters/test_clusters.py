"""Lines that a Spark Connect cluster reads are judged as by the embedded engine, or not at all."""

import subprocess
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet
import pytest

from adapters.ingest.damage import DeliveryChanged
from adapters.ingest.delivered_rows import DeliveredRows
from adapters.ingest.delivery import Delivery, DeliveryRefused, find_delivery
from adapters.ingest.engines.address import EngineInvalid, valid_engine
from adapters.ingest.engines.troubles import ClusterAway, ClusterFailed, EngineUnfit
from domain.months import SettlementMonth
from domain.settlement import LARGEST_LINE_KRW, LINE_COLUMNS
from flows.ingesting.read_delivery import read_delivery
from tests.clusters import a_cluster
from tests.deliveries import MONTH, SmallDelivery, write_csv

EMBEDDED: Final = "duckdb://"
SCHEMA: Final = pa.schema(
    [
        (column.name, {"whole": pa.int64(), "date": pa.date32()}.get(column.kind, pa.string()))
        for column in LINE_COLUMNS
    ]
)
ODD: dict[str, list[object]] = {
    "seller_id": [
        *(None, "", " store-a", "store-a ", "store-a\u00a0", "store-a\u3000", "store-a\n"),
        *("store-a\t", "store-\u200ba", "상점", "가", "x" * 65, "null", "NaN", "12.0", "12.0\n"),
        *("9007199254740991.0", "9007199254740993.00", "a\0b", "\0", "0012", "=1+1"),
    ],
    "product_order_id": [
        *(None, "", " ", "x" * 64, "x" * 65, "주문" * 40, "주문1", " 2026100700000009"),
        *("2026100700000009\u3000", "2026100700000010\n", "2026100700000010.0"),
        *("2026\u200b100700000011", "2026100700000011", "1e5", "12.00", "2E+15", "null", "nan "),
        *("12345678901234567.0", "a.b", "20261007\x01000001", "123456\x01", "\u3000"),
        "0012345678901234567",
    ],
    "line_type": [
        *(None, "", "prod_order", " PROD_ORDER", "상품 주문", "상품주문", "nan", "TAX", "TAX\n"),
        *("\x01", "y" * 70, "\u3000DELIVERY", "Ta\u0301X"),
    ],
    "settlement_type": [None, "", "NEW_KIND", "NULL", "z" * 70, "일반정산", "a\x07b"],
    "payment_amount_krw": [
        *(None, 0, LARGEST_LINE_KRW, LARGEST_LINE_KRW + 1, -LARGEST_LINE_KRW - 1),
        *(9223372036854775807, -9223372036854775808),
    ],
    "confirmed_on": [
        *(None, date(2026, 10, 31), date(2026, 11, 1), date(2026, 9, 30), date(1, 1, 1)),
        date(9999, 12, 31),
    ],
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of a cluster."""
    with a_cluster() as address:
        yield address


@pytest.fixture
def delivery(tmp_path: Path) -> SmallDelivery:
    return SmallDelivery(tmp_path)


def typed(line: dict[str, Any]) -> dict[str, Any]:
    return line | {
        "payment_amount_krw": int(line["payment_amount_krw"]),
        "confirmed_on": date.fromisoformat(line["confirmed_on"]),
    }


def write(delivery: SmallDelivery, **files: Sequence[dict[str, Any]]) -> None:
    """Write the delivery with its lines in Parquet, by default in two files."""
    delivery.write()
    (delivery.folder / "settlements.csv").unlink()
    every = [typed(line) for line in delivery.lines]
    for name, lines in (files or {"0": every[:2], "1": every[2:]}).items():
        table = pa.Table.from_pylist(list(lines), SCHEMA)
        pa.parquet.write_table(table, delivery.folder / f"settlements-{name}.parquet")


def shown(file: Path | None) -> object:
    return file and duckdb.read_parquet(str(file)).project("COLUMNS(*)::VARCHAR").fetchall()


def found(delivery: SmallDelivery) -> Delivery[SettlementMonth]:
    return find_delivery(str(delivery.root), MONTH)


def outcome(delivery: SmallDelivery, engine: str) -> dict[str, object]:
    """Read by an engine: everything that a later step can see."""
    return outcome_of(found(delivery), delivery.root / engine[:2], engine)


def outcome_of(found: Delivery[SettlementMonth], work: Path, engine: str) -> dict[str, object]:
    staged = read_delivery(found, work / "staging", work / "quarantine", engine)
    return {
        "hash": staged.content_hash,
        "profile": staged.profile,
        "totals": staged.totals.read_bytes(),
        "sellers": staged.sellers.read_bytes(),
        "refused": shown(staged.quarantine),
    }


def assert_same(delivery: SmallDelivery, cluster: str) -> dict[str, object]:
    embedded, remote = outcome(delivery, EMBEDDED), outcome(delivery, cluster)
    assert remote == embedded
    return remote


def broken(outcome: dict[str, Any]) -> set[str]:
    return {found.rule for found in outcome["profile"].violations if found.count}


def test_sound_lines_are_the_same(delivery: SmallDelivery, cluster: str) -> None:
    write(delivery)
    assert broken(assert_same(delivery, cluster)) == set()


@pytest.mark.parametrize("columns", [("seller_id", "product_order_id"), (*ODD,)[2:]])
def test_odd_values_are_the_same(
    columns: Sequence[str], delivery: SmallDelivery, cluster: str
) -> None:
    sound = [typed(line) for line in delivery.lines]
    odd = {
        column: [
            sound[2] | {"product_order_id": f"20261007{place:03}{number:05}0", column: value}
            for number, value in enumerate(ODD[column])
        ]
        for place, column in enumerate(columns)
    }
    write(delivery, sound=sound, **odd)
    assert broken(assert_same(delivery, cluster))


def test_no_lines_at_all_are_the_same(delivery: SmallDelivery, cluster: str) -> None:
    write(delivery, none=[])
    assert assert_same(delivery, cluster)["refused"] is None


def test_sums_beyond_64_bits_are_the_same(delivery: SmallDelivery, cluster: str) -> None:
    for line in delivery.lines:
        line |= {"payment_amount_krw": str(2**63 - 1), "line_type": "DELIVERY"}
    write(delivery)
    assert "amount_too_large" in broken(assert_same(delivery, cluster))


def test_repeated_lines_and_unknown_sellers_are_the_same(
    delivery: SmallDelivery, cluster: str
) -> None:
    lines = [typed(line) for line in delivery.lines]
    again = [lines[0], lines[1] | {"product_order_id": "\u30002026100700000001\n"}]
    strange = [lines[3] | {"seller_id": "store-z", "product_order_id": "2026100700000009"}]
    write(delivery, first=lines, sound=[], again=again, strange=strange)
    same = assert_same(delivery, cluster)
    assert broken(same) == {"line_duplicated", "seller_unknown"}
    assert isinstance(same["refused"], list)
    assert len(same["refused"]) == 5


def test_only_files_with_lines_to_refuse_are_read_by_the_embedded_engine(
    delivery: SmallDelivery, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    lines = [typed(line) for line in delivery.lines]
    write(delivery, broken=[lines[0] | {"line_type": None}], sound=lines[1:3], strange=lines[3:])
    delivery.sellers = [row for row in delivery.sellers if row["seller_id"] != "store-b"]
    write_csv(delivery.folder / "sellers.csv", delivery.sellers)
    whole = DeliveredRows.whole.func  # type: ignore[attr-defined]

    def noted(rows: DeliveredRows) -> object:
        read.extend(source.file.name for source in rows.sources)
        return whole(rows)

    monkeypatch.setattr(DeliveredRows, "whole", property(noted))
    assert broken(outcome(delivery, cluster)) == {"line_type_missing", "seller_unknown"}
    assert set(read) == {"sellers.csv", "settlements-broken.parquet", "settlements-strange.parquet"}


def test_a_store_stated_by_its_folder_is_the_same(delivery: SmallDelivery, cluster: str) -> None:
    write(delivery)
    for number, name in enumerate(("store-a", "store%20b")):
        folder = delivery.folder / f"seller_id={name}"
        folder.mkdir()
        file = delivery.folder / f"settlements-{number}.parquet"
        table = pa.parquet.read_table(file).drop_columns("seller_id")
        pa.parquet.write_table(table, folder / "settlements.parquet")
        file.unlink()
    assert broken(assert_same(delivery, cluster)) == {"seller_unknown"}


def test_headers_of_the_api_and_small_types_are_the_same(
    delivery: SmallDelivery, cluster: str
) -> None:
    write(delivery)
    file = delivery.folder / "settlements-0.parquet"
    table = pa.parquet.read_table(file)
    amounts = pa.array([1, 2], pa.int16())
    names = ["merchantId", "orderId", "a.b", "상품주문번호", "구분", "settleType", "결제금액(A)"]
    columns = [*(table[n] for n in (0, 1, 1)), pa.array([20261007, 20261008], pa.int32())]
    columns += [table[3], table[4], amounts, table[6]]
    pa.parquet.write_table(pa.table(columns, names=[*names, "taxReturnDate"]), file)
    assert_same(delivery, cluster)


def decimals(*written: str) -> list[Decimal]:
    return [*map(Decimal, written)]


BEYOND: Final = [str(edge + more) for edge in (2**63 - 1, -(2**63)) for more in (-1, 0, 1)]
OTHER_TYPES: Final[dict[str, tuple[str, Sequence[Any], tuple[int, int] | None]]] = {
    "whole decimals": ("payment_amount_krw", decimals("1", "-2", "1E12"), (18, 0)),
    "decimals": ("payment_amount_krw", decimals("1.00", "-2.00", "1.50"), (18, 2)),
    "one decimal": ("payment_amount_krw", decimals("1.0", "-0.1", "0.0"), (5, 1)),
    "decimals beyond 64 bits": (
        "payment_amount_krw",
        decimals(*BEYOND, "1E35", "0.01"),
        (38, 2),
    ),
    "ids as decimals": ("product_order_id", decimals("2026100700000021", "1E19"), (20, 0)),
    "days as texts": (
        "confirmed_on",
        [
            *("2026-10-07", "2026.10.07", " 2026-10-08 ", "2026-10-07 00:00:00", "2026-02-30"),
            *("", "null", None, "2026-11-01", "07/10/2026", "10000-01-01", "0000-01-01"),
            *("infinity", "2026-10-07\n", "2026-10-07 10:00:00", "20261007", "\u3000"),
        ],
        None,
    ),
    "instants": (
        "confirmed_on",
        [
            *map(datetime.fromisoformat, ["2026-10-07", "2026-10-07T10:00", "2026-11-01"]),
            *(datetime.fromisoformat("2026-10-31T23:59:59.999999"), None),
        ],
        None,
    ),
}


@pytest.mark.parametrize("name", OTHER_TYPES)
def test_columns_of_other_types_are_the_same(
    name: str, delivery: SmallDelivery, cluster: str
) -> None:
    column, values, places = OTHER_TYPES[name]
    write(delivery)
    sound = typed(delivery.lines[2])
    lines = [sound | {"product_order_id": f"202610070000{n:03}0"} for n, _ in enumerate(values)]
    table = pa.Table.from_pylist(lines, SCHEMA)
    written = pa.array(values, pa.decimal128(*places) if places else None)
    place = table.column_names.index(column)
    file = delivery.folder / "settlements-2.parquet"
    pa.parquet.write_table(table.set_column(place, column, written), file)
    assert_same(delivery, cluster)


def test_texts_are_read_by_the_embedded_engine(delivery: SmallDelivery) -> None:
    delivery.write()
    assert outcome(delivery, "sc://127.0.0.1:1") == outcome(delivery, EMBEDDED)


def test_lines_in_parquet_and_in_texts_are_refused(delivery: SmallDelivery) -> None:
    write(delivery)
    write_csv(delivery.folder / "settlements.csv", delivery.lines[:1])
    with pytest.raises(EngineUnfit, match="2026-10 are partly in Parquet"):
        outcome(delivery, "sc://127.0.0.1:1")


@pytest.mark.parametrize(
    ("column", "values", "told"),
    [
        ("confirmed_on", pa.array([20261007] * 2), "confirmed_on is of type BIGINT"),
        ("payment_amount_krw", pa.array(["1", "2"]), "payment_amount_krw is of type VARCHAR"),
        ("payment_amount_krw", pa.array([1.0, 2.0]), "payment_amount_krw is of type DOUBLE"),
        ("payment_amount_krw", pa.array([1, 2], pa.uint64()), "is of type UBIGINT"),
        ("product_order_id", pa.array([1.0, 2.0]), "product_order_id is of type DOUBLE"),
        ("line_type", pa.array([1, 2]), "line_type is of type BIGINT"),
    ],
)
def test_columns_of_other_types_are_refused(
    column: str, values: pa.Array, told: str, delivery: SmallDelivery, cluster: str
) -> None:
    write(delivery)
    file = delivery.folder / "settlements-0.parquet"
    table = pa.parquet.read_table(file)
    place = table.column_names.index(column)
    pa.parquet.write_table(table.set_column(place, column, values), file)
    with pytest.raises(EngineUnfit, match=told):
        outcome(delivery, cluster)


@pytest.mark.parametrize("column", ["seller_id", "product_order_id"])
@pytest.mark.parametrize("letters", ["\u1112\u1161\u11ab", "e\u0301", "\u212b"])
def test_ids_with_letters_that_may_be_composed_are_refused(
    column: str, letters: str, delivery: SmallDelivery, cluster: str
) -> None:
    delivery.lines[1][column] = f"store {letters}"
    write(delivery)
    with pytest.raises(EngineUnfit, match="the ids of 1 line have letters"):
        outcome(delivery, cluster)


def test_stable_characters_are_never_composed() -> None:
    pytest.importorskip("pyspark", reason="the extra spark is not installed")
    from adapters.ingest.engines.spark_reading import STABLE

    decomposed = (unicodedata.decomposition(chr(code)) for code in range(sys.maxunicode + 1))
    seconds = {
        int(second, 16) for parts in decomposed if parts[:1] != "<" for second in parts.split()[1:]
    }
    composing = seconds | {*range(0x1161, 0x1176), *range(0x11A8, 0x11C3)}
    for first, last in _ranges(STABLE):
        for code in range(first, last + 1):
            letter = chr(code)
            assert unicodedata.is_normalized("NFC", letter), hex(code)
            assert not unicodedata.combining(letter), hex(code)
            assert code not in composing, hex(code)


def _ranges(characters: str) -> Iterator[tuple[int, int]]:
    rest = characters.replace("\\x00", "\0")
    while rest:
        ranged = rest[1:2] == "-"
        yield ord(rest[0]), ord(rest[2] if ranged else rest[0])
        rest = rest[3:] if ranged else rest[1:]


def test_too_many_different_words_are_refused(
    delivery: SmallDelivery, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.ingest.engines.spark_files._TEXTS", 2)
    write(delivery)
    with pytest.raises(EngineUnfit, match="more than 2 different line types"):
        outcome(delivery, cluster)


def test_too_many_repeated_lines_are_refused(
    delivery: SmallDelivery, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.ingest.engines.spark_lines._KEYS", 1)
    lines = [typed(line) for line in delivery.lines]
    write(delivery, first=lines, second=lines)
    with pytest.raises(EngineUnfit, match="more than 1 lines have the key of another"):
        outcome(delivery, cluster)


def test_another_file_at_the_same_path_is_told(delivery: SmallDelivery, cluster: str) -> None:
    write(delivery)
    own = found(delivery)
    files = tuple(replace(file, sha256="0" * 64) for file in own.files)
    with pytest.raises(ClusterAway, match=r"does not see .*settlements-0\.parquet as this machine"):
        read_delivery(
            replace(own, files=files), delivery.root / "staging", delivery.root / "q", cluster
        )


def test_a_file_that_the_cluster_lacks_is_told(
    delivery: SmallDelivery, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(delivery)
    monkeypatch.setattr("adapters.ingest.engines.spark_files.place_of", lambda _: "/nowhere/x")
    with pytest.raises(ClusterAway, match=r"does not see .*settlements-0\.parquet as this machine"):
        outcome(delivery, cluster)


def test_lines_that_the_cluster_does_not_read_are_noticed(
    delivery: SmallDelivery, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(delivery)
    monkeypatch.setattr(DeliveredRows, "rows_in_parquet", lambda _: 5)
    with pytest.raises(ClusterFailed, match="read 4 of 5 settlement lines"):
        outcome(delivery, cluster)


def test_a_damaged_file_is_named(delivery: SmallDelivery, cluster: str) -> None:
    write(delivery)
    file = delivery.folder / "settlements-1.parquet"
    content = file.read_bytes()
    file.write_bytes(content[:40] + bytes(byte ^ 0xFF for byte in content[40:80]) + content[80:])
    for engine in (EMBEDDED, cluster):
        with pytest.raises(DeliveryRefused, match=r"settlements-1\.parquet: it cannot be read"):
            outcome(delivery, engine)


def test_a_file_that_changes_meanwhile_is_named(
    delivery: SmallDelivery, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from adapters.ingest.engines.spark_lines import SparkLines

    write(delivery)
    by_file = SparkLines.by_file

    def changing(lines: Any, totals: Any) -> Any:
        counts = by_file(lines, totals)
        (delivery.folder / "settlements-0.parquet").touch()
        return counts

    monkeypatch.setattr(SparkLines, "by_file", changing)
    with pytest.raises(DeliveryChanged, match=r"settlements-0\.parquet changed"):
        outcome(delivery, cluster)


_SERVER: Final = """
import sys
from pysail.spark import SparkConnectServer
server = SparkConnectServer()
server.start()
print(server.listening_address[1], flush=True)
sys.stdin.read()
"""


def test_a_cluster_that_dies_midway_leaves_nothing_and_the_next_run_starts_afresh(
    delivery: SmallDelivery, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from adapters.ingest.engines.spark_lines import SparkLines

    write(delivery)
    by_file = SparkLines.by_file
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", _SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdout
        mortal = f"sc://127.0.0.1:{int(server.stdout.readline())}"

        def dying(lines: Any, totals: Any) -> Any:
            server.kill()
            server.wait()
            return by_file(lines, totals)

        monkeypatch.setattr(SparkLines, "by_file", dying)
        with pytest.raises(ClusterAway, match="stopped answering while it read"):
            outcome(delivery, mortal)
    monkeypatch.setattr(SparkLines, "by_file", by_file)
    assert not (delivery.root / "sc" / "staging" / "work").exists()
    assert_same(delivery, cluster)


def test_no_cluster_at_the_address_is_told_without_its_secrets(
    delivery: SmallDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyspark", reason="the extra spark is not installed")
    monkeypatch.setattr("adapters.ingest.engines.cluster._SECONDS_TO_ANSWER", 0.5)
    write(delivery)
    with pytest.raises(ClusterAway) as told:
        outcome(delivery, "sc://127.0.0.1:1/;token=secret;use_ssl=true")
    assert str(told.value).startswith("no Spark Connect server answers at sc://127.0.0.1:1;")


def test_a_cluster_of_another_version_is_told(
    delivery: SmallDelivery, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pyspark.sql.connect.session.SparkSession.version", "3.5.1")
    write(delivery)
    with pytest.raises(ClusterAway, match=r"has Spark 3\.5\.1, and this program's client is of"):
        outcome(delivery, cluster)


def test_a_missing_client_is_told(delivery: SmallDelivery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "grpc", None)
    write(delivery)
    with pytest.raises(ClusterAway, match=r"install growth-points\[spark\]"):
        outcome(delivery, "sc://127.0.0.1:1")


def test_nothing_of_the_client_is_imported_for_the_embedded_engine() -> None:
    imported = "import sys, adapters.ingest.scan; print({'pyspark', 'grpc'} & {*sys.modules})"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", imported], capture_output=True, check=True
    )
    assert done.stdout.strip() == b"set()"


@pytest.mark.parametrize(
    "address",
    [
        *("duckdb://", "sc://spark", "sc://spark.example:15002", "sc://127.0.0.1:15002/"),
        *("sc://[::1]:15002", "sc://spark:15002/;use_ssl=true;token=a.b-c==;x-header=1"),
    ],
)
def test_an_address_is_accepted(address: str) -> None:
    assert valid_engine(address) == address


@pytest.mark.parametrize(
    "address",
    [
        *("", "duckdb", "spark://host:7077", "sc://", "sc://host:0", "sc://host:65536"),
        *("sc://user@host", "sc://host/path", "sc://host:1;token=a", "sc://host/;token"),
        "sc://host:x/;token=secret",
    ],
)
def test_an_address_that_is_none_is_refused_without_its_secrets(address: str) -> None:
    with pytest.raises(EngineInvalid, match="is not an engine; leave it at duckdb://") as told:
        valid_engine(address)
    assert "secret" not in str(told.value)
