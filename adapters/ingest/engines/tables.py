"""Tables of a cluster's catalog, Iceberg's or Delta's, each looked at in one version.

Iceberg numbers its snapshots at random, so that no other table has one with the same number. Delta
counts its versions from 0, which tell a table's content beside the table's own id only.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from adapters.ingest.engines.address import EMBEDDED
from adapters.ingest.engines.cluster import Cluster
from adapters.ingest.engines.troubles import ClusterAway, ClusterFailed, EngineUnfit
from adapters.ingest.file_problem import FileProblem
from domain.delivery import Period
from domain.many import many
from domain.months import SettlementMonth
from domain.secrets import without_secrets
from domain.sentence import Text, sentence

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_LONGEST_REASON: Final = 300
MONTH_COLUMN: Final = "settlement_month"
"""The column, of both tables, that says as YYYY-MM which month a row is of."""

_NOT_THERE: Final = re.compile(r"TABLE_OR_VIEW_NOT_FOUND|NoSuchTable")
# Properties of users may have any name beside those of the format, `[a=b, c=d]`.
_SNAPSHOT: Final = re.compile(r"(?:^\[|, )(?:metadata\.)?current-snapshot-id=([0-9]+)(?=[,\]])")
_UPDATED_MS: Final = re.compile(r"(?:^\[|, )metadata\.last-updated-ms=([0-9]+)(?=[,\]])")
_MONTH: Final = r"\A[0-9]{4}-(0[1-9]|1[0-2])\z"


class TableEmpty(FileProblem):
    """A table that nothing was ever written to."""

    def __init__(self) -> None:
        super().__init__("table_empty", sentence("the table has no snapshot: it is empty"))


@dataclass(frozen=True, slots=True)
class TableVersion:
    """A table at one of its versions; `identity` names both, wherever the table is."""

    table: str
    version: int
    identity: str
    committed_at: datetime

    @property
    def name(self) -> str:
        """The table's name with its version, as files of a delivery have names."""
        return f"{self.table}@{self.version}"

    def rows(self, cluster: Cluster, month: Period) -> "DataFrame":
        """Return the rows of a month, as they are."""
        return self.every_row(cluster).where(f"{MONTH_COLUMN} = '{month}'")

    def column_types(self, cluster: Cluster) -> Sequence[tuple[str, str]]:
        """Return the names of the columns with their types."""
        with cluster.answering():
            types: Sequence[tuple[str, str]] = self.every_row(cluster).dtypes
        return types

    def every_row(self, cluster: Cluster) -> "DataFrame":
        """Return the rows of all months."""
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
    _check_columns(at.column_types(cluster), month)
    with cluster.answering():
        counted = at.rows(cluster, month).groupBy().count()
    [count] = cluster.fetch(counted)["count"].to_pylist()
    return int(count)


def refuse_other_months(cluster: Cluster, at: TableVersion, month: Period) -> None:
    """Raise FileProblem for rows that are of no month: those of a month could be among them."""
    from pyspark.sql.connect import functions as f

    with cluster.answering():
        named = f.coalesce(f.col(MONTH_COLUMN).rlike(_MONTH), f.lit(False))
        counted = at.every_row(cluster).where(~named).groupBy().count()
    [count] = cluster.fetch(counted)["count"].to_pylist()
    if count:
        raise FileProblem(
            "table_without_months",
            sentence(
                "its column {column} is not a month like {month} in {rows}",
                column=MONTH_COLUMN,
                month=month,
                rows=many("row", int(count)),
            ),
        )


def _check_columns(types: Sequence[tuple[str, str]], month: Period) -> None:
    """Raise FileProblem for names that differ in capitals alone, or without the months' column."""
    counted = Counter(name.casefold() for name, _ in types)
    if twice := [name for name, _ in types if counted[name.casefold()] > 1]:
        raise FileProblem(
            "column_twice",
            sentence("it has the column {column} more than once{where}", column=twice[0], where=""),
        )
    type_ = dict(types).get(MONTH_COLUMN)
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
        raise TableEmpty
    number = int(snapshot[1])
    updated = _UPDATED_MS.search(properties)
    at = _instant(int(updated[1])) if updated else _committed_at(cluster, table, number)
    return TableVersion(table, number, f"iceberg {number}", at)


def _committed_at(cluster: Cluster, table: str, snapshot: int) -> datetime:
    """Ask when a snapshot became the current one, where that is not told with the table."""
    with cluster.answering():
        history = cluster.session.table(quoted(f"{table}.history"))
        found = history.where(f"snapshot_id = {snapshot}")
        asked = found.selectExpr("unix_millis(max(made_current_at)) AS at")
    [at] = cluster.fetch(asked)["at"].to_pylist()
    return _instant(at)


def _of_delta(table: str, location: str) -> TableVersion:
    try:
        from deltalake import DeltaTable
        from deltalake.exceptions import TableNotFoundError
    except ImportError as error:
        missing = sentence("it is a table of Delta; install growth-points[delta]")
        raise FileProblem("table_unknown", missing) from error
    try:
        delta = DeltaTable(location, without_files=True)
        version, own_id = delta.version(), str(delta.metadata().id)
        [commit] = delta.history(1)
    except TableNotFoundError as error:
        raise FileProblem("table_unseen", _unseen(location, error)) from error
    except Exception as error:  # of deltalake, of its stores, of the system
        raise ClusterAway(
            sentence("{table}: {what}", table=table, what=_unseen(location, error))
        ) from error
    return TableVersion(
        table, version, f"delta {own_id} {version}", _instant(int(commit["timestamp"]))
    )


def _unseen(location: str, error: Exception) -> Text:
    return sentence(
        "this machine does not see the table at {location} as the cluster does ({why})",
        location=location,
        why=without_secrets(" ".join(str(error).split()))[:_LONGEST_REASON],
    )


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
