"""A month whose lines a cluster reads is ingested as any other; without the cluster nothing is."""

from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tests.catalogs import catalogs
from tests.clusters import a_cluster, as_parquet
from tests.command_line import Marketplace
from tests.three_stores import OCTOBER


def by(marketplace: Marketplace, engine: str) -> Marketplace:
    return replace(marketplace, variables={"GROWTH_POINTS_ENGINE": engine})


def test_a_cluster_reads_a_month_as_the_embedded_engine_does(with_history: Marketplace) -> None:
    as_parquet(with_history.root / OCTOBER)
    with a_cluster() as address:
        by(with_history, address).done("ingest", OCTOBER)
    [row] = [
        row
        for row in with_history.done("months", "--output", "csv").rows()
        if row["settlement_month"] == OCTOBER
    ]
    assert (row["lines"], row["amount_krw"], row["findings"]) == ("3", "16000000", "0")
    assert "was ingested before" in with_history.done("ingest", OCTOBER).stderr


@pytest.mark.parametrize("form", ["iceberg", "delta"])
def test_a_month_in_tables_is_closed_as_one_in_files(
    form: str, with_history: Marketplace, tmp_path: Path
) -> None:
    folder, table = with_history.root / OCTOBER, f"table:{form}.market.settlements"
    with catalogs(tmp_path / "lake") as lake:
        for content in ("settlements", "sellers"):
            types = {"product_order_id": "VARCHAR"} if content == "settlements" else None
            rows = duckdb.read_csv(str(folder / f"{content}.csv"), dtype=types).to_arrow_table()
            months = pa.array([OCTOBER] * len(rows))
            lake.write(form, content, rows.append_column("settlement_month", months))
        by_cluster = by(with_history, lake.address)
        preview = ("close", OCTOBER, "--preview", "--output", "csv")
        in_files = by_cluster.done(*preview).rows()
        assert by_cluster.done(*preview, "--from", table).rows() == in_files != []
        by_cluster.done("close", OCTOBER, "--from", table)
        again = by_cluster.done("ingest", OCTOBER, "--from", table)
    assert "was ingested before" in again.stderr
    listed = with_history.done("months", "--output", "csv").rows()
    [row] = [row for row in listed if row["settlement_month"] == OCTOBER]
    assert (row["lines"], row["amount_krw"], row["state"]) == ("3", "16000000", "closed")


def test_a_table_without_a_cluster_is_told(with_history: Marketplace) -> None:
    before = with_history.row_counts()
    refused = with_history.run("close", OCTOBER, "--from", "table:lake.market.settlements")
    assert refused.exit_code == 1
    assert "which a cluster reads; set GROWTH_POINTS_ENGINE to the cluster" in refused.stderr
    wrong = with_history.run("close", OCTOBER, "--from", "table:settlements")
    assert wrong.exit_code == 2
    assert "write it as table:catalog.schema.settlements" in wrong.stderr
    assert with_history.row_counts() == before


def test_a_cluster_that_is_away_is_told_in_a_sentence_and_nothing_is_written(
    with_history: Marketplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyspark", reason="the extra spark is not installed")
    monkeypatch.setattr("adapters.ingest.engines.cluster._SECONDS_TO_ANSWER", 0.5)
    as_parquet(with_history.root / OCTOBER)
    before = with_history.row_counts()
    away = by(with_history, "sc://127.0.0.1:1/;token=secret").run("close", OCTOBER)
    assert away.exit_code == 1
    assert "no Spark Connect server answers at sc://127.0.0.1:1;" in away.stderr
    assert "Traceback" not in away.stderr
    assert "secret" not in away.stdout + away.stderr
    assert with_history.row_counts() == before
    with_history.done("close", OCTOBER)


def test_an_engine_that_is_none_is_wrong_usage(marketplace: Marketplace) -> None:
    wrong = by(marketplace, "spark://host/;token=secret").run("months")
    assert wrong.exit_code == 2
    assert "GROWTH_POINTS_ENGINE: 'spark://host' is not an engine" in wrong.stderr
