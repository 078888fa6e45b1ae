"""A month in tables of a cluster's catalog is judged as the same month in files."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pytest

from adapters.ingest.damage import DeliveryChanged
from adapters.ingest.delivery import Delivery, DeliveryRefused
from adapters.ingest.engines.troubles import ClusterAway, ClusterFailed, EngineUnfit
from adapters.ingest.listing import FolderUnreadable, list_delivery
from adapters.ingest.root import RootInvalid, source_of, valid_root
from adapters.ingest.signed_manifest import TrustedSenders
from adapters.ingest.staged_month import StagedMonth
from adapters.ingest.table_delivery import find_in_tables
from domain.columns import Kind
from domain.months import SettlementMonth
from domain.settlement import SELLER_COLUMNS
from flows.ingesting.read_delivery import read_delivery
from tests.adapters.test_clusters import EMBEDDED, ODD, SCHEMA, broken, typed, write
from tests.adapters.test_clusters import found as found_in_files
from tests.catalogs import Catalogs, catalogs
from tests.deliveries import MONTH, SmallDelivery

FORMS: Final = ("iceberg", "delta")
FLAGS: Final = tuple(each.name for each in SELLER_COLUMNS if each.kind is Kind.FLAG)
Lines = Sequence[dict[str, Any]]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogs]:
    with catalogs(tmp_path_factory.mktemp("lake")) as running:
        yield running


@pytest.fixture
def lake(running: Catalogs, tmp_path: Path) -> Iterator[Catalogs]:
    """Catalogs without any table."""
    yield running
    running.empty()


@pytest.fixture
def delivery(tmp_path: Path) -> SmallDelivery:
    return SmallDelivery(tmp_path)


def of_month(table: pa.Table, month: object = MONTH) -> pa.Table:
    return table.append_column("settlement_month", pa.array([str(month)] * len(table), pa.string()))


def line_table(lines: Lines) -> pa.Table:
    return of_month(pa.Table.from_pylist(list(lines), SCHEMA))


def seller_table(delivery: SmallDelivery) -> pa.Table:
    flags = [{flag: row[flag] == "true" for flag in FLAGS} for row in delivery.sellers]
    rows = [
        row | of | {"approved_on": date.fromisoformat(row["approved_on"])}
        for row, of in zip(delivery.sellers, flags, strict=True)
    ]
    return of_month(pa.Table.from_pylist(rows))


def put(lake: Catalogs, form: str, delivery: SmallDelivery, lines: Lines | None = None) -> None:
    """Write a delivery's lines and snapshot to tables."""
    every = [typed(line) for line in delivery.lines] if lines is None else lines
    lake.write(form, "settlements", line_table(every))
    lake.write(form, "sellers", seller_table(delivery))


def root(form: str) -> str:
    return f"table:{form}.market.settlements"


def found(lake: Catalogs, form: str, folder: Path, **given: Any) -> Delivery[SettlementMonth]:
    return find_in_tables(root(form), MONTH, lake.address, folder / "fetched", **given)


def read(delivered: Delivery[SettlementMonth], work: Path, engine: str) -> StagedMonth:
    return read_delivery(delivered, work / "staging", work / "quarantine", engine)


def outcome_in(lake: Catalogs, form: str, folder: Path) -> StagedMonth:
    return read(found(lake, form, folder / form), folder / form, lake.address)


def judged(staged: StagedMonth) -> dict[str, object]:
    """Return what must not depend on where lines are: all but names and row numbers."""
    profile = staged.profile
    return {
        "totals": duckdb.read_parquet(str(staged.totals)).fetchall(),
        "sellers": duckdb.read_parquet(str(staged.sellers)).fetchall(),
        "rows": sorted((file.content, file.rows, file.total) for file in profile.files),
        "broken": {each.rule: each.count for each in profile.violations if each.count},
        "words": profile.unknown_words,
    }


def refused(staged: StagedMonth) -> Counter[str]:
    if staged.quarantine is None:
        return Counter()
    rows = duckdb.read_parquet(str(staged.quarantine)).project("* EXCLUDE (file, row)")
    return Counter(map(str, rows.project("COLUMNS(*)::VARCHAR").fetchall()))


def assert_same(
    lake: Catalogs, form: str, delivery: SmallDelivery, lines: Lines | None = None
) -> set[str]:
    """Compare with the same lines in a file; return the rules that are broken."""
    every = [typed(line) for line in delivery.lines] if lines is None else lines
    write(delivery, all=every)
    put(lake, form, delivery, every)
    in_files = read(found_in_files(delivery), delivery.root / "files", EMBEDDED)
    in_tables = outcome_in(lake, form, delivery.root)
    assert judged(in_tables) == judged(in_files)
    assert refused(in_tables) == refused(in_files)
    return broken({"profile": in_tables.profile})


@pytest.mark.parametrize("form", FORMS)
def test_sound_lines_are_the_same(form: str, lake: Catalogs, delivery: SmallDelivery) -> None:
    assert assert_same(lake, form, delivery) == set()


@pytest.mark.parametrize("column", ODD)
def test_odd_values_are_the_same(column: str, lake: Catalogs, delivery: SmallDelivery) -> None:
    sound = [typed(line) for line in delivery.lines]
    odd = [
        sound[2] | {"product_order_id": f"20261007{number:05}0", column: value}
        for number, value in enumerate(ODD[column])
    ]
    assert assert_same(lake, "iceberg", delivery, [*sound, *odd])


def test_lines_that_break_several_rules_are_the_same(
    lake: Catalogs, delivery: SmallDelivery
) -> None:
    sound = [typed(line) for line in delivery.lines]
    wrong = [
        sound[0] | {"product_order_id": "21", "line_type": None, "confirmed_on": None},
        sound[0] | {"product_order_id": "22", "seller_id": "store-z", "line_type": "NEWS"},
        sound[0] | {"product_order_id": "22", "seller_id": "store-z", "line_type": "NEWS"},
        sound[0] | {"product_order_id": "23", "line_type": "NEWS", "settlement_type": "MORE"},
        sound[0] | {"product_order_id": "24", "line_type": "NEWS"},
        sound[1],
    ]
    assert assert_same(lake, "delta", delivery, [*sound, *wrong]) >= {
        *("line_type_missing", "line_duplicated", "seller_unknown", "line_type_unknown"),
        *("settlement_type_unknown", "confirmed_on_missing"),
    }


def test_few_lines_that_are_not_refused_are_fetched(
    lake: Catalogs, delivery: SmallDelivery
) -> None:
    line = typed(delivery.lines[0])
    odd = [line | {"product_order_id": f"{n:03}", "line_type": f"NEW{n % 2}"} for n in range(50)]
    put(lake, "iceberg", delivery, [line, *odd])
    profile = outcome_in(lake, "iceberg", delivery.root).profile
    [unknown] = [each for each in profile.violations if each.rule == "line_type_unknown"]
    assert (unknown.count, len(unknown.examples)) == (50, 3)
    assert [(word.word, word.rows) for word in profile.unknown_words] == [
        ("NEW0", 25),
        ("NEW1", 25),
    ]


@pytest.mark.parametrize("form", FORMS)
def test_a_delivery_is_the_version_of_its_tables(
    form: str, lake: Catalogs, delivery: SmallDelivery
) -> None:
    put(lake, form, delivery)
    first, again = (found(lake, form, delivery.root) for _ in range(2))
    lake.write(form, "settlements", line_table([typed(delivery.lines[0])]))
    later = found(lake, form, delivery.root)
    assert first.content_hash == again.content_hash != later.content_hash
    names = [file.name for file in first.files]
    assert all(name.startswith(f"{form}.market.") and "@" in name for name in names)
    assert names == [file.name for file in again.files] != [file.name for file in later.files]
    assert first.source == f"table:{form}.market.settlements/2026-10"


def test_a_table_made_anew_is_another_one(lake: Catalogs, delivery: SmallDelivery) -> None:
    put(lake, "delta", delivery)
    first = found(lake, "delta", delivery.root)
    lake.empty()
    put(lake, "delta", delivery)
    assert found(lake, "delta", delivery.root).content_hash != first.content_hash


ODD_MONTHS: Final = (
    None,
    "",
    " 2026-10",
    "2026-10 ",
    "202610",
    "2026-10-01",
    "2026-13",
    "2026-10\n",
)


@pytest.mark.parametrize("table", ["settlements", "sellers"])
@pytest.mark.parametrize("month", ODD_MONTHS)
def test_rows_of_no_month_are_told(
    month: str | None, table: str, lake: Catalogs, delivery: SmallDelivery
) -> None:
    put(lake, "iceberg", delivery)
    lines = line_table([typed(line) for line in delivery.lines])
    rows = lines if table == "settlements" else seller_table(delivery)
    column = pa.array([month] * 2, pa.string())
    rows = rows.slice(0, 2).drop_columns("settlement_month")
    lake.write("iceberg", table, rows.append_column("settlement_month", column))
    told = refusal(lake, delivery.root)["table_without_months"]
    assert "its column settlement_month is not a month like 2026-10 in 2 rows" in told


@pytest.mark.parametrize("form", FORMS)
def test_rows_of_other_months_are_not_read(
    form: str, lake: Catalogs, delivery: SmallDelivery
) -> None:
    put(lake, form, delivery)
    other = line_table([typed(line) for line in delivery.lines]).drop_columns("settlement_month")
    lake.write(form, "settlements", of_month(other, MONTH - 1))
    files = {file.content: file for file in outcome_in(lake, form, delivery.root).profile.files}
    assert {content: file.rows for content, file in files.items()} == {
        "settlements": 4,
        "sellers": 3,
    }


def test_a_version_that_was_read_stays_as_it_was(
    lake: Catalogs, delivery: SmallDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    from adapters.ingest.engines.spark_lines import SparkLines

    put(lake, "iceberg", delivery)
    totals = SparkLines.totals

    def replacing(lines: Any) -> Any:
        lake.write("iceberg", "settlements", line_table([typed(delivery.lines[0])]))
        return totals(lines)

    monkeypatch.setattr(SparkLines, "totals", replacing)
    with pytest.raises(
        DeliveryChanged, match=r"iceberg\.market\.settlements changed while 2026-10"
    ):
        outcome_in(lake, "iceberg", delivery.root)


def test_a_property_of_a_table_is_not_taken_for_its_version() -> None:
    from adapters.ingest.engines.tables import _SNAPSHOT

    told = "[backup.current-snapshot-id=5, x=current-snapshot-id=6, metadata.current-snapshot-id=7]"
    assert _SNAPSHOT.findall(told) == ["7"]
    assert _SNAPSHOT.findall("[current-snapshot-id=8,format=iceberg/parquet]") == ["8"]
    assert _SNAPSHOT.findall("[current-snapshot-id=none]") == []


def test_lines_to_refuse_are_numbered_alike_each_time(
    lake: Catalogs, delivery: SmallDelivery
) -> None:
    line = typed(delivery.lines[0])
    odd = [line | {"product_order_id": f"{n:03}", "seller_id": f"z{n % 7}"} for n in range(20)]
    put(lake, "iceberg", delivery, [line, *odd, *odd[:5], line | {"line_type": None}])
    both = [outcome_in(lake, "iceberg", delivery.root / str(n)).quarantine for n in range(2)]
    first, again = (duckdb.read_parquet(str(file)).fetchall() for file in both)
    assert first == again
    assert [row[1] for row in first] == [*range(1, len(first) + 1)]


def refusal(lake: Catalogs, folder: Path, form: str = "iceberg", **given: Any) -> dict[str, str]:
    with pytest.raises(DeliveryRefused) as refused:
        found(lake, form, folder, **given)
    return {each.rule: each.sentence for each in refused.value.findings}


def test_tables_that_are_not_there_are_told_together(lake: Catalogs, tmp_path: Path) -> None:
    with pytest.raises(DeliveryRefused) as refused:
        found(lake, "iceberg", tmp_path)
    assert [each.sentence for each in refused.value.findings] == [
        "iceberg.market.settlements: the cluster's catalogs have no such table.",
        "iceberg.market.sellers: the cluster's catalogs have no such table.",
    ]


def test_a_month_without_rows_is_told(lake: Catalogs, delivery: SmallDelivery) -> None:
    lines = line_table([typed(line) for line in delivery.lines]).drop_columns("settlement_month")
    lake.write("iceberg", "settlements", of_month(lines, MONTH - 1))
    lake.write("iceberg", "sellers", seller_table(delivery))
    assert refusal(lake, delivery.root) == {
        "settlements_absent": "iceberg.market.settlements: the table has no rows of 2026-10."
    }


@pytest.mark.parametrize(
    ("months", "told"),
    [(None, "it has no column settlement_month;"), (pa.array([202610] * 4), "is of type bigint;")],
)
def test_a_table_without_months_is_told(
    months: pa.Array | None, told: str, lake: Catalogs, delivery: SmallDelivery
) -> None:
    put(lake, "delta", delivery)
    lake.empty("delta", "settlements")
    lines = line_table([typed(line) for line in delivery.lines]).drop_columns("settlement_month")
    if months is not None:
        lines = lines.append_column("settlement_month", months)
    lake.write("delta", "settlements", lines)
    assert told in refusal(lake, delivery.root, "delta")["table_without_months"]


def test_missing_columns_are_told(lake: Catalogs, delivery: SmallDelivery) -> None:
    put(lake, "iceberg", delivery)
    lake.empty("iceberg", "settlements")
    lines = line_table([typed(line) for line in delivery.lines])
    lake.write("iceberg", "settlements", lines.drop_columns(["confirmed_on", "seller_id"]))
    told = refusal(lake, delivery.root)
    assert "confirmed_on" in told["column_missing"]


def test_two_columns_for_the_same_are_told(lake: Catalogs, delivery: SmallDelivery) -> None:
    put(lake, "iceberg", delivery)
    lake.empty("iceberg", "settlements")
    lines = line_table([typed(line) for line in delivery.lines])
    lake.write("iceberg", "settlements", lines.append_column("SELLER_ID", lines["seller_id"]))
    told = refusal(lake, delivery.root)
    assert "more than once" in told["column_twice"]


def test_columns_of_other_types_are_told(lake: Catalogs, delivery: SmallDelivery) -> None:
    put(lake, "iceberg", delivery)
    lake.empty("iceberg", "settlements")
    lines = line_table([typed(line) for line in delivery.lines])
    place = lines.column_names.index("payment_amount_krw")
    doubles = lines.set_column(place, "payment_amount_krw", pa.array([1.0] * 4))
    lake.write("iceberg", "settlements", doubles)
    told = r"payment_amount_krw is of type DOUBLE.*; have the month corrected in its table$"
    with pytest.raises(EngineUnfit, match=told):
        outcome_in(lake, "iceberg", delivery.root)


def test_a_table_of_another_kind_is_told(lake: Catalogs, delivery: SmallDelivery) -> None:
    put(lake, "delta", delivery)
    lake.other_format = "PARQUET"
    told = refusal(lake, delivery.root, "delta")
    assert "it is not a table of Iceberg or Delta" in told["table_without_versions"]


def test_a_delta_table_that_this_machine_does_not_see_is_told(
    lake: Catalogs, delivery: SmallDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(lake, "delta", delivery)

    def failing(_: object) -> object:
        raise OSError("Kernel error\n -> https://user:hush@store is gone")

    with monkeypatch.context() as patch:
        patch.setattr("deltalake.DeltaTable.version", failing)
        with pytest.raises(ClusterAway, match=r"Kernel error -> https://user:\*\*\*@store is gone"):
            found(lake, "delta", delivery.root)
    with monkeypatch.context() as patch:
        patch.setattr("tests.catalogs.DELTA_IS_AT", "/nowhere")
        told = refusal(lake, delivery.root, "delta")["table_unseen"]
        assert "this machine does not see the table at file:///nowhere" in told
    monkeypatch.setitem(sys.modules, "deltalake", None)
    assert "install growth-points[delta]" in refusal(lake, delivery.root, "delta")["table_unknown"]


def test_a_table_is_not_signed(lake: Catalogs, delivery: SmallDelivery) -> None:
    put(lake, "iceberg", delivery)
    trusted = TrustedSenders((), datetime.now(UTC))  # type: ignore[arg-type]
    told = refusal(lake, delivery.root, trusted=trusted)
    assert "no manifest that a sender could sign" in told["manifest_absent"]


def test_too_many_lines_to_refuse_are_told(
    lake: Catalogs, delivery: SmallDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.ingest.engines.lines_in_table._REFUSED", 1)
    put(lake, "iceberg", delivery, [typed(line) | {"line_type": None} for line in delivery.lines])
    with pytest.raises(EngineUnfit, match="more than 1 lines are to be refused; have the month"):
        outcome_in(lake, "iceberg", delivery.root)


@pytest.mark.parametrize("in_files", [True, False])
def test_what_another_engine_or_table_mends_does_not_pass_by_itself(in_files: bool) -> None:
    assert not EngineUnfit.because("so", in_files=in_files).may_pass


def test_lines_that_the_cluster_does_not_read_are_noticed(
    lake: Catalogs, delivery: SmallDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(lake, "iceberg", delivery)
    monkeypatch.setattr(
        "adapters.ingest.table_delivery.count_rows",
        lambda _, at, __: 5 if at.table.endswith("settlements") else 3,
    )
    with pytest.raises(ClusterFailed, match="read 4 of 5 settlement lines"):
        outcome_in(lake, "iceberg", delivery.root)
    monkeypatch.setattr("adapters.ingest.table_delivery.count_rows", lambda *_: 5)
    with pytest.raises(ClusterFailed, match=r"read 3 of 5 rows of iceberg\.market\.sellers"):
        found(lake, "iceberg", delivery.root)


def test_without_a_cluster_a_table_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(EngineUnfit, match="which a cluster reads; set GROWTH_POINTS_ENGINE"):
        find_in_tables(root("iceberg"), MONTH, EMBEDDED, tmp_path)
    with pytest.raises(FolderUnreadable, match="which a cluster reads; set GROWTH_POINTS_ENGINE"):
        list_delivery(root("iceberg"), MONTH)


def test_a_cluster_that_is_away_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.ingest.engines.cluster._SECONDS_TO_ANSWER", 0.5)
    with pytest.raises(ClusterAway, match="no Spark Connect server answers"):
        find_in_tables(root("iceberg"), MONTH, "sc://127.0.0.1:1", tmp_path)


@pytest.mark.parametrize("form", FORMS)
def test_a_month_is_listed_once_both_tables_have_it(
    form: str, lake: Catalogs, delivery: SmallDelivery
) -> None:
    lines = line_table([typed(line) for line in delivery.lines])
    lake.write(form, "settlements", lines)
    sellers = seller_table(delivery)
    before = sellers.drop_columns("settlement_month")
    lake.write(form, "sellers", of_month(before, MONTH - 1))
    assert list_delivery(root(form), MONTH, lake.address).changed_at is None
    lake.write(form, "sellers", sellers)
    listed = list_delivery(root(form), MONTH, lake.address)
    assert listed.changed_at is not None
    assert abs(listed.changed_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert not listed.fits
    assert listed == list_delivery(root(form), MONTH, lake.address)
    lake.write(form, "settlements", lines)
    assert list_delivery(root(form), MONTH, lake.address).marks != listed.marks


def test_tables_that_are_not_there_cannot_be_listed(lake: Catalogs) -> None:
    with pytest.raises(FolderUnreadable, match="2026-10 cannot be listed: the cluster's catalogs"):
        list_delivery(root("iceberg"), MONTH, lake.address)


@pytest.mark.parametrize("name", ["a.settlements", "a.b.settlements", "A_1.b2.lines"])
def test_a_table_is_a_root(name: str) -> None:
    assert valid_root(f"table:{name}") == f"table:{name}"


@pytest.mark.parametrize(
    "name",
    ["", "settlements", "a..b", "a.b.c.d", "a.b.sellers", "a.b;x", "a.`b`", "a.b c", "가.나"],
)
def test_what_is_no_table_is_refused(name: str) -> None:
    with pytest.raises(RootInvalid, match=r"write it as table:catalog\.schema\.settlements"):
        valid_root(f"table:{name}")


def test_reward_days_are_not_in_tables() -> None:
    with pytest.raises(RootInvalid, match="reward days are delivered in files"):
        source_of(root("iceberg"), date(2026, 10, 1))
