"""A month's delivery in tables of a cluster's catalog: each at its newest version.

The snapshots of stores are fetched; of the lines only their columns are, and how many there are.
"""

import hashlib
from pathlib import Path
from typing import Final

import duckdb
import pyarrow.parquet

from adapters.ingest.delivery import DeliveredFile, Delivery, stamp_of
from adapters.ingest.engines.cluster import Cluster, open_cluster
from adapters.ingest.engines.tables import (
    MonthInTable,
    count_rows,
    newest_version,
    refuse_other_months,
    require_cluster,
)
from adapters.ingest.engines.troubles import ClusterFailed
from adapters.ingest.file_layout import contents_of
from adapters.ingest.file_problem import FileProblem
from adapters.ingest.manifest import content_hash
from adapters.ingest.problems import Problems
from adapters.ingest.root import source_of, tables_of
from adapters.ingest.signed_manifest import TrustedSenders
from domain.columns import Content
from domain.months import SettlementMonth
from domain.sentence import sentence

_FETCHED: Final = (Content.SELLERS,)


def find_in_tables(
    root: str,
    month: SettlementMonth,
    address: str,
    into: Path,
    trusted: TrustedSenders | None = None,
) -> Delivery[SettlementMonth]:
    """Find a month in the tables of `table:catalog.schema.settlements`, as a cluster sees them.

    What is fetched is written to the folder `into`. The content's hash tells the tables' versions.
    Raises DeliveryRefused with all problems, EngineUnfit without a cluster, ClusterAway and
    ClusterFailed.
    """
    require_cluster(root, address)
    problems, source = Problems(), source_of(root, month)
    files = list[DeliveredFile]()
    if trusted is not None:
        told = sentence("a table has no manifest that a sender could sign")
        problems.add("manifest_absent", source, told)
    with open_cluster(address) as cluster, duckdb.connect() as engine:
        for content, table in tables_of(root).items():
            with problems.collecting(table):
                files.append(_found(cluster, engine, content, table, month, into))
    problems.refuse_if_any(month, source)
    hashes = {file.name: file.sha256 for file in files}
    return Delivery(month, source, content_hash(hashes, None), tuple(files))


def _found(
    cluster: Cluster,
    engine: duckdb.DuckDBPyConnection,
    content: Content,
    table: str,
    month: SettlementMonth,
    into: Path,
) -> DeliveredFile:
    at = newest_version(cluster, table)
    count = count_rows(cluster, at, month)
    refuse_other_months(cluster, at, month)
    if count == 0:
        told = sentence("the table has no rows of {month}", month=month)
        raise FileProblem(f"{content}_absent", told)
    with cluster.answering():
        rows = at.rows(cluster, month)
        fetched = cluster.fetch(rows if content in _FETCHED else rows.limit(0))
    if content in _FETCHED:
        _check_whole(cluster, table, len(fetched), count)
    path = into / f"{content}.parquet"
    into.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(fetched, path)
    return DeliveredFile(
        name=at.name,
        path=path,
        content=content,
        sha256=hashlib.sha256(at.identity.encode()).hexdigest(),
        stamp=stamp_of(path),
        contents=contents_of(path, content, engine, frozenset()),
        declared=None,
        in_table=MonthInTable(at, month, count),
    )


def _check_whole(cluster: Cluster, table: str, read: int, expected: int) -> None:
    """Raise ClusterFailed if not all rows were fetched."""
    if read != expected:
        raise ClusterFailed(
            sentence(
                "the cluster at {address} read {read:,} of {expected:,} rows of {table}; nothing "
                "was written. See the cluster's log, then run the command again.",
                address=cluster.address,
                read=read,
                expected=expected,
                table=table,
            )
        )
