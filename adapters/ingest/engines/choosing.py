"""Choosing what reads a delivery's settlement lines."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from adapters.ingest.delivery import Delivery
from adapters.ingest.engines.address import EMBEDDED
from adapters.ingest.engines.cluster import open_cluster
from adapters.ingest.engines.duckdb_lines import DuckDBLines
from adapters.ingest.engines.lines import Lines
from adapters.ingest.engines.troubles import EngineUnfit
from adapters.ingest.file_layout import Format
from adapters.ingest.scanning import OpenDelivery
from domain.columns import Content
from domain.months import SettlementMonth
from domain.sentence import sentence


@contextmanager
def reading_lines(
    delivery: Delivery[SettlementMonth], address: str
) -> Iterator[Callable[[OpenDelivery], Lines]]:
    """Open the engine at an address for a delivery's lines; texts are read by the embedded one.

    Raises EngineUnfit for lines in both, ClusterAway.
    """
    if address == EMBEDDED or not _is_parquet(delivery):
        yield DuckDBLines
        return
    with open_cluster(address) as cluster:
        from adapters.ingest.engines.spark_lines import SparkLines

        yield lambda opened: SparkLines(opened, cluster)


def _is_parquet(delivery: Delivery[SettlementMonth]) -> bool:
    files = delivery.of(Content.SETTLEMENTS)
    formats = {file.layout.format is Format.PARQUET for file in files}
    if len(formats) > 1:
        raise EngineUnfit(
            sentence(
                "the settlement lines of {month} are partly in Parquet, which a cluster reads, and "
                "partly in other files, which it does not; have all delivered in Parquet, or set "
                "GROWTH_POINTS_ENGINE to duckdb://",
                month=delivery.period,
            )
        )
    return formats == {True}
