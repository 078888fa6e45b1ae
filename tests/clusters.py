"""A Spark Connect server for tests, and deliveries in Parquet for it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest


@contextmanager
def a_cluster() -> Iterator[str]:
    """Run Sail in this process, or use the cluster at TEST_CLUSTER; yield its address."""
    if own := os.environ.get("TEST_CLUSTER"):
        yield own
        return
    pysail = pytest.importorskip("pysail.spark", reason="pysail is not installed")
    server = pysail.SparkConnectServer()
    server.start()
    try:
        yield f"sc://127.0.0.1:{server.listening_address[1]}"
    finally:
        server.stop()


def as_parquet(folder: Path) -> None:
    """Turn a month's `settlements.csv` into Parquet with typed columns."""
    source = folder / "settlements.csv"
    typed = duckdb.read_csv(str(source), dtype={"product_order_id": "VARCHAR"})
    typed.write_parquet(str(folder / "settlements.parquet"))
    source.unlink()
