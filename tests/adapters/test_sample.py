"""The sample marketplace: sound files, the same every time, and all that the program knows."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import duckdb
import pytest

from adapters.sample import NotThatSample, SampleInvalid, write_sample
from domain.decision import SellerFacts, decide
from domain.eligibility import Reason, Terms
from domain.months import SettlementMonth
from tests.d_commerce import D_COMMERCE_2020

MAY, OCTOBER = SettlementMonth(2026, 5), SettlementMonth(2026, 10)
DEMO = tuple((MAY - 2).until(OCTOBER))


def sample(
    directory: Path,
    *,
    sellers: int = 300,
    lines: int = 2_000,
    months: Sequence[SettlementMonth] = (OCTOBER,),
    seed: int = 7,
    file_format: Literal["parquet", "csv"] = "parquet",
) -> list[SettlementMonth]:
    """Write a sample and list the months that it reported."""
    reported: list[SettlementMonth] = []
    write_sample(
        directory,
        sellers=sellers,
        lines=lines,
        months=months,
        seed=seed,
        file_format=file_format,
        progress=reported.append,
    )
    return reported


@pytest.fixture(scope="module", name="demo")
def written_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight months of a small marketplace: six to be closed, and two before them."""
    directory = tmp_path_factory.mktemp("sample")
    sample(directory, sellers=3_000, lines=60_000, months=DEMO, seed=1)
    return directory


@pytest.fixture
def query(demo: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The demo's files as the views `line` and `seller`, each row with its folder's month."""
    with duckdb.connect() as connection:
        for view, files in (("line", "settlements*"), ("seller", "sellers")):
            rows = connection.read_parquet(f"{demo}/*/{files}.parquet", filename=True)
            rows.project("*, split_part(filename, '/', -2) AS folder").create_view(view)
        yield connection


def one(query: duckdb.DuckDBPyConnection, sql: str) -> int:
    """Answer a query's single number."""
    row = query.execute(sql).fetchone()
    assert row is not None
    return int(row[0])


def hashes(directory: Path) -> dict[str, str]:
    return {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_equal_arguments_write_equal_bytes(tmp_path: Path) -> None:
    sample(tmp_path / "one")
    sample(tmp_path / "two")
    assert hashes(tmp_path / "one") == hashes(tmp_path / "two")


def test_the_bytes_are_the_same_on_every_machine(tmp_path: Path) -> None:
    sample(tmp_path, lines=640, file_format="csv")
    manifest = json.loads((tmp_path / "2026-10" / "manifest.json").read_text())
    assert manifest == {
        "settlement_month": "2026-10",
        "files": [
            {
                "name": "settlements-000.csv",
                "rows": 640,
                "payment_amount_krw": 2915124750,
                "sha256": "1fd757be6fce31a131628f4efcb134800bd28bb81b5ba1b36cb6025ff8085dbe",
            }
        ],
        "sellers": {
            "name": "sellers.csv",
            "rows": 300,
            "sha256": "fe58b0fe222e9e2a959af6bfd61529bb90927ff42bb2bc6d81ae8150d8d85004",
        },
    }


def test_another_seed_is_another_marketplace(tmp_path: Path) -> None:
    sample(tmp_path / "one", seed=1)
    sample(tmp_path / "two", seed=2)
    assert not set(hashes(tmp_path / "one").values()) & set(hashes(tmp_path / "two").values())


def test_a_month_is_the_same_whichever_others_are_asked_for(tmp_path: Path) -> None:
    sample(tmp_path / "alone", months=[OCTOBER])
    sample(tmp_path / "last", months=tuple(MAY.until(OCTOBER)))
    assert hashes(tmp_path / "alone" / "2026-10") == hashes(tmp_path / "last" / "2026-10")


def test_months_can_be_added_to_a_sample_and_the_present_ones_stay(tmp_path: Path) -> None:
    sample(tmp_path, months=[OCTOBER])
    before = hashes(tmp_path)
    assert sample(tmp_path, months=[OCTOBER - 1, OCTOBER]) == [OCTOBER - 1, OCTOBER]
    assert before.items() < hashes(tmp_path).items()


def test_an_interrupted_month_is_written_anew(tmp_path: Path) -> None:
    sample(tmp_path / "whole")
    sample(tmp_path / "broken", months=[OCTOBER - 1])
    leftover = tmp_path / "broken" / ".2026-10.unfinished"
    leftover.mkdir()
    (leftover / "settlements-099.parquet").write_text("half")
    sample(tmp_path / "broken")
    assert hashes(tmp_path / "whole" / "2026-10") == hashes(tmp_path / "broken" / "2026-10")
    assert not leftover.exists()


def test_csv_holds_what_parquet_holds(tmp_path: Path) -> None:
    for file_format in ("parquet", "csv"):
        sample(tmp_path / file_format, file_format=file_format)
    for name in ("settlements-000", "sellers"):
        parquet = duckdb.read_parquet(f"{tmp_path}/parquet/2026-10/{name}.parquet")
        csv = duckdb.read_csv(f"{tmp_path}/csv/2026-10/{name}.csv", all_varchar=True)
        assert parquet.project("COLUMNS(*)::VARCHAR").fetchall() == csv.fetchall()


def test_large_months_come_in_several_files_with_control_totals(tmp_path: Path) -> None:
    sample(tmp_path, lines=1_100_000)
    folder = tmp_path / "2026-10"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert [file["rows"] for file in manifest["files"]] == [500_000, 500_000, 100_000]
    for file in manifest["files"]:
        path = folder / file["name"]
        totals = duckdb.read_parquet(str(path)).aggregate("count(*), sum(payment_amount_krw)")
        assert totals.fetchall() == [(file["rows"], file["payment_amount_krw"])]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == file["sha256"]


def test_parquet_columns_are_the_canonical_ones(demo: Path) -> None:
    lines = duckdb.read_parquet(f"{demo}/2026-10/settlements-000.parquet")
    assert dict(zip(lines.columns, map(str, lines.types), strict=True)) == {
        "seller_id": "VARCHAR",
        "order_id": "VARCHAR",
        "product_order_id": "VARCHAR",
        "line_type": "VARCHAR",
        "settlement_type": "VARCHAR",
        "payment_amount_krw": "BIGINT",
        "confirmed_on": "DATE",
    }


FLAWS = {
    "a key twice": """
        SELECT count(*) - count(DISTINCT
          (product_order_id, line_type, settlement_type, confirmed_on)) FROM line""",
    "a date outside its month": """
        SELECT count(*) FROM line WHERE strftime(confirmed_on, '%Y-%m') <> folder""",
    "an unknown seller": """
        SELECT count(*) FROM line ANTI JOIN seller USING (seller_id, folder)""",
    "a seller twice in a snapshot": """
        SELECT count(*) - count(DISTINCT (seller_id, folder)) FROM seller""",
    "a seller that vanishes": """
        SELECT count(*) FROM seller
        ANTI JOIN (FROM seller WHERE folder = '2026-10') USING (seller_id)""",
    "an order before the store's approval": """
        SELECT count(*) FROM line JOIN seller USING (seller_id, folder)
        WHERE strptime(product_order_id[:8], '%Y%m%d') < approved_on""",
    "an order less than two days before its confirmation": """
        SELECT count(*) FROM line
        WHERE strptime(product_order_id[:8], '%Y%m%d') + INTERVAL 2 DAYS > confirmed_on""",
    "an id that is not 16 digits": """
        SELECT count(*) FROM line
        WHERE NOT regexp_full_match(product_order_id || order_id, '[0-9]{32}')""",
    "an amount that no shop would ask": """
        SELECT count(*) FROM line
        WHERE payment_amount_krw % 10 <> 0 OR payment_amount_krw = 0""",
    "a cancellation without its purchase": """
        SELECT count(*) FROM line c ANTI JOIN line p
        ON p.product_order_id = c.product_order_id AND p.seller_id = c.seller_id
          AND p.payment_amount_krw >= -c.payment_amount_krw AND p.confirmed_on <= c.confirmed_on
        WHERE c.payment_amount_krw < 0 AND c.folder > '2026-03'""",
    "a purchase taken back twice": """
        SELECT count(*) FROM (
          SELECT 1 FROM line WHERE line_type = 'PROD_ORDER' AND payment_amount_krw < 0
          GROUP BY product_order_id HAVING count(*) > 1)""",
}


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_sample_is_free_of(flaw: str, query: duckdb.DuckDBPyConnection) -> None:
    assert one(query, FLAWS[flaw]) == 0


@pytest.mark.parametrize(
    "condition",
    [
        "line_type = 'DELIVERY'",
        "line_type = 'EXTRAFEE'",
        "settlement_type LIKE 'QUICK%' AND month(confirmed_on) > product_order_id[5:6]::INT",
        "settlement_type = 'QUICK_SETTLE_CANCEL' AND payment_amount_krw < 0",
        "settlement_type = 'NORMAL_SETTLE_AFTER_CANCEL' AND payment_amount_krw < 0",
        "settlement_type = 'NORMAL_SETTLE_BEFORE_CANCEL' AND payment_amount_krw < 0",
        "settlement_type = 'QUANTITY_CANCEL_DEDUCTION' AND payment_amount_krw < 0",
    ],
)
def test_every_month_has_lines_of_each_kind(
    condition: str, query: duckdb.DuckDBPyConnection
) -> None:
    lines = query.view("line").filter(condition).aggregate("count(DISTINCT folder)", "").fetchall()
    assert lines == [(len(DEMO),)]


@pytest.mark.parametrize("status", ["NORMAL", "PAUSED", "CLOSED"])
def test_every_snapshot_has_stores_of_each_status(
    status: str, query: duckdb.DuckDBPyConnection
) -> None:
    stores = query.view("seller").filter(f"status = '{status}'")
    assert stores.aggregate("count(DISTINCT folder)", "").fetchall() == [(len(DEMO),)]


def test_cancellations_count_in_a_later_month_than_their_purchases(
    query: duckdb.DuckDBPyConnection,
) -> None:
    crossing = """
        SELECT count(*) FROM line c JOIN line p USING (product_order_id, line_type)
        WHERE c.payment_amount_krw < 0 AND p.payment_amount_krw > 0 AND c.folder > p.folder"""
    assert one(query, crossing) > 1_000


def test_a_tenth_of_the_stores_sells_more_than_all_others(
    query: duckdb.DuckDBPyConnection,
) -> None:
    sales = query.execute(
        "SELECT sum(payment_amount_krw) AS krw FROM line GROUP BY seller_id ORDER BY krw DESC"
    ).fetchall()
    assert sum(krw for (krw,) in sales[:300]) > sum(krw for (krw,) in sales[300:])


def facts_of(
    month: SettlementMonth, awarded: dict[str, set[int]], query: duckdb.DuckDBPyConnection
) -> Iterator[SellerFacts]:
    rows = query.execute(
        """SELECT seller_id, approved_on, coalesce(krw, 0)::BIGINT, status,
             runs_department_store_window, runs_outlet_window, uses_fulfilment, uses_api
           FROM seller LEFT JOIN (
             SELECT seller_id, sum(payment_amount_krw) AS krw FROM line
             WHERE line_type = 'PROD_ORDER' AND folder IN (SELECT unnest(?)) GROUP BY seller_id
           ) USING (seller_id) WHERE folder = ?""",
        [[str(m) for m in month.window(3)], str(month)],
    )
    for row in rows.fetchall():
        yield replace(SellerFacts(*row), awarded_tiers=frozenset(awarded[row[0]]))


def test_every_month_awards_all_tiers_and_every_reason_occurs(
    query: duckdb.DuckDBPyConnection,
) -> None:
    awarded: dict[str, set[int]] = defaultdict(set)
    reasons: Counter[Reason] = Counter()
    for month in MAY.until(OCTOBER):
        terms = Terms.of(D_COMMERCE_2020, month)
        decisions = [decide(facts, terms) for facts in facts_of(month, awarded, query)]
        assert {d.tier for d in decisions} == {None, 1, 2, 3}, month
        for decision in decisions:
            reasons.update(decision.reasons)
            if decision.tier is not None:
                awarded[decision.seller_id].add(decision.tier)
    assert set(reasons) == set(Reason)


@pytest.mark.parametrize(
    ("sellers", "lines"), [(1, 1), (1, 5_000), (2, 63), (40, 64), (50, 700), (5_000, 5_000)]
)
def test_any_ratio_of_lines_to_sellers_is_a_marketplace(
    sellers: int, lines: int, tmp_path: Path
) -> None:
    sample(tmp_path, sellers=sellers, lines=lines)
    manifest = json.loads((tmp_path / "2026-10" / "manifest.json").read_text())
    assert manifest["sellers"]["rows"] == sellers
    assert sum(file["rows"] for file in manifest["files"]) == lines
    written = duckdb.read_parquet(f"{tmp_path}/2026-10/settlements*.parquet")
    keys = written.project("product_order_id, line_type, settlement_type, confirmed_on")
    assert len(keys.distinct()) == lines


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"sellers": 0}, "0 sellers: ask for 1 to 1,000,000"),
        ({"sellers": -5}, "-5 sellers"),
        ({"lines": 299}, "299 lines a month for 300 sellers: ask for at least one line a seller"),
        ({"lines": 100_000_001}, "at most 100,000,000"),
        ({"seed": -1}, "seed -1 is negative"),
        ({"months": ()}, "from an earlier to a later one"),
        ({"months": (OCTOBER, MAY)}, "from an earlier to a later one"),
        (
            {"months": (SettlementMonth(2014, 12),)},
            "2014-12: samples exist from 2015-01 to 2034-12",
        ),
    ],
)
def test_wrong_usage_is_told_in_a_sentence_and_writes_nothing(
    wrong: dict[str, int], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(SampleInvalid, match=sentence):
        sample(tmp_path / "new", **wrong)  # type: ignore[arg-type]
    assert not (tmp_path / "new").exists()


def test_somebodys_files_are_never_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(NotThatSample, match="holds other files; nothing was written"):
        sample(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_sample_is_not_mixed_with_another(tmp_path: Path) -> None:
    sample(tmp_path, seed=1)
    before = hashes(tmp_path)
    with pytest.raises(NotThatSample, match="a sample of other sellers, lines, seed or format"):
        sample(tmp_path, seed=2, months=[OCTOBER - 1])
    assert hashes(tmp_path) == before


def test_a_file_is_not_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    with pytest.raises(NotThatSample, match="holds a file; nothing"):
        sample(tmp_path / "file")
