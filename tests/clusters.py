"""A Spark Connect server for tests, and deliveries in Parquet for it."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import duckdb
import pytest

_SERVER: Final = "org.apache.spark.sql.connect.service.SparkConnectServer"
_PATIENCE_S: Final = 120


@contextmanager
def a_cluster() -> Iterator[str]:
    """Run Sail in this process, or Apache Spark from TEST_SPARK_HOME; yield its address."""
    if home := os.environ.get("TEST_SPARK_HOME"):
        with _spark(Path(home)) as port:
            yield f"sc://127.0.0.1:{port}"
        return
    pysail = pytest.importorskip("pysail.spark", reason="pysail is not installed")
    server = pysail.SparkConnectServer()
    server.start()
    try:
        yield f"sc://127.0.0.1:{server.listening_address[1]}"
    finally:
        server.stop()


@contextmanager
def _spark(home: Path) -> Iterator[int]:
    """Run Apache Spark with two threads; yield its port once it answers there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    [server] = home.glob("jars/spark-connect_*.jar")
    settings = {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "4",
    }
    words = [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    started = [str(home / "bin" / "spark-submit"), "--master", "local[2]", *words]
    with (
        TemporaryDirectory(prefix="growth-points-spark-") as folder,
        subprocess.Popen(  # noqa: S603
            [*started, "--class", _SERVER, str(server)],
            env={**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"},
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process,
    ):
        try:
            _wait_for(port, process)
            yield port
        finally:
            process.kill()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    patience = time.monotonic() + _PATIENCE_S
    while process.poll() is None and time.monotonic() < patience:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.5)
    pytest.fail("Apache Spark did not start")


def as_parquet(folder: Path) -> None:
    """Turn a month's `settlements.csv` into Parquet with typed columns."""
    source = folder / "settlements.csv"
    typed = duckdb.read_csv(str(source), dtype={"product_order_id": "VARCHAR"})
    typed.write_parquet(str(folder / "settlements.parquet"))
    source.unlink()
