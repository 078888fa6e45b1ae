"""A month whose lines a cluster reads is ingested as any other; without the cluster nothing is."""

from dataclasses import replace

import pytest

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
