"""Tables of a cluster's catalog, Iceberg's or Delta's, each looked at in one version.

Iceberg numbers its snapshots at random, so that no other table has one with the same number. Delta
counts its versions from 0, which tell a table's content beside the table's own id only.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from adapters.ingest.engines.address import EMBEDDED
from adapters.ingest.engines.cluster import Cluster
from adapters.ingest.engines.troubles import ClusterFailed, EngineUnfit
from adapters.ingest.file_problem import FileProblem
from domain.delivery import Period
from domain.months import SettlementMonth
from domain.sentence import sentence

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

MONTH_COLUMN: Final = "settlement_month"
"""The column, of both tables, that says as YYYY-MM which month a row is of."""

_NOT_THERE: Final = re.compile(r"_NOT_FOUND\b|NoSuch|not found", re.IGNORECASE)
_SNAPSHOT: Final = re.compile(r"\bcurrent-snapshot-id=([0-9]+)")
_UPDATED_MS: Final = re.compile(r"\blast-updated-ms=([0-9]+)")


@dataclass(frozen=True, slots=True)
class TableVersion:
    """A table at one of its versions; `identity` names both, wherever the table is."""

    table: str
    version: int
    identity: str
    committed_at: datetime

    def rows(self, cluster: Cluster, month: Period) -> "DataFrame":
        """Return the rows of a month, as they are."""
        return self._every(cluster).where(f"{MONTH_COLUMN} = '{month}'")

    def column_types(self, cluster: Cluster) -> Mapping[str, str]:
        """Return the types of the columns, by their names in small letters."""
        with cluster.answering():
            types = self._every(cluster).dtypes
        return {name.lower(): type_ for name, type_ in types}

    def _every(self, cluster: Cluster) -> "DataFrame":
        at = f"{quoted(self.table)} VERSION AS OF {self.version}"
        return cluster.session.sql(f"SELECT * FROM {at}")


@dataclass(frozen=True, slots=True)
class MonthInTable:
    """The rows of a month in a table, and how many there are."""

    at: TableVersion
    month: SettlementMonth
    count: int


def require_cluster(root: str, address: str) -> None:
    """Raise EngineUnfit unless an engine's address is a cluster's, for a root in a table."""
    if address == EMBEDDED:
        raise EngineUnfit(
            sentence(
                "{root} is a table, which a cluster reads; set GROWTH_POINTS_ENGINE to the "
                "cluster's address, as sc://host:port",
                root=root,
            )
        )


def newest_version(cluster: Cluster, table: str) -> TableVersion:
    """Ask for a table's newest version; raises FileProblem, ClusterAway, ClusterFailed."""
    facts = _described(cluster, table)
    provider = facts.get("Provider", "").lower()
    if provider == "iceberg":
        return _of_iceberg(cluster, table, facts.get("Table Properties", ""))
    if provider == "delta":
        return _of_delta(table, facts.get("Location", ""))
    raise FileProblem(
        "table_without_versions",
        sentence(
            "it is not a table of Iceberg or Delta, whose versions tell whether it changed; have "
            "its data delivered in files"
        ),
    )


def count_rows(cluster: Cluster, at: TableVersion, month: Period) -> int:
    """Count the rows of a month; raises FileProblem without the column of months."""
    type_ = at.column_types(cluster).get(MONTH_COLUMN)
    if type_ != "string":
        missing = sentence("it has no column {column}", column=MONTH_COLUMN)
        other = sentence(
            "its column {column} is of type {type}", column=MONTH_COLUMN, type=type_ or ""
        )
        what = sentence(
            "{what}; have one of texts like {month}, which says of which month a row is",
            what=other if type_ else missing,
            month=month,
        )
        raise FileProblem("table_without_months", what)
    with cluster.answering():
        counted = at.rows(cluster, month).groupBy().count()
    [count] = cluster.fetch(counted)["count"].to_pylist()
    return int(count)


def quoted(table: str) -> str:
    """Quote each part of a table's name."""
    return ".".join(f"`{part}`" for part in table.split("."))


def _described(cluster: Cluster, table: str) -> dict[str, str]:
    try:
        with cluster.answering():
            asked = cluster.session.sql(f"DESCRIBE TABLE EXTENDED {quoted(table)}")
            rows = cluster.fetch(asked).to_pylist()
    except ClusterFailed as failed:
        if _NOT_THERE.search(str(failed.__cause__)):
            raise FileProblem(
                "table_absent",
                sentence("the cluster's catalogs have no such table"),
            ) from failed
        raise
    return {row["col_name"]: row["data_type"] for row in rows}


def _of_iceberg(cluster: Cluster, table: str, properties: str) -> TableVersion:
    snapshot = _SNAPSHOT.search(properties)
    if snapshot is None:
        raise FileProblem("table_empty", sentence("the table has no snapshot: it is empty"))
    number = int(snapshot[1])
    updated = _UPDATED_MS.search(properties)
    at = _instant(int(updated[1])) if updated else _committed_at(cluster, table, number)
    return TableVersion(table, number, f"iceberg {number}", at)


def _committed_at(cluster: Cluster, table: str, snapshot: int) -> datetime:
    """Ask for the time of a snapshot, of a server that does not tell it with the table."""
    with cluster.answering():
        snapshots = cluster.session.table(quoted(f"{table}.snapshots"))
        found = snapshots.where(f"snapshot_id = {snapshot}")
        asked = found.selectExpr("unix_millis(committed_at) AS at")
    [at] = cluster.fetch(asked)["at"].to_pylist()
    return _instant(at)


def _of_delta(table: str, location: str) -> TableVersion:
    try:
        from deltalake import DeltaTable
    except ImportError as error:
        missing = sentence("it is a table of Delta; install growth-points[delta]")
        raise FileProblem("table_unknown", missing) from error
    try:
        delta = DeltaTable(location)
        version, own_id = delta.version(), str(delta.metadata().id)
        [commit] = delta.history(1)
    except Exception as error:  # of deltalake, of its stores, of the system
        raise FileProblem(
            "table_unseen",
            sentence(
                "this machine does not see the table at {location} as the cluster does ({why})",
                location=location,
                why=str(error).partition("\n")[0],
            ),
        ) from error
    return TableVersion(
        table, version, f"delta {own_id} {version}", _instant(int(commit["timestamp"]))
    )


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
