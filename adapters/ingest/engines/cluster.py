"""A Spark Connect cluster: opening a session, reading files, fetching results."""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from adapters.ingest.engines.address import without_options
from adapters.ingest.engines.troubles import ClusterAway, ClusterFailed
from domain.sentence import Text, sentence

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.connect.session import SparkSession

_SECONDS_TO_ANSWER: Final = 10
_LONGEST_REASON: Final = 300
_RETRIES: Final = 3  # within a few seconds; the client's own default is ten minutes


@dataclass(frozen=True, slots=True)
class Cluster:
    """A session on a cluster; `address` is without its options."""

    address: str
    session: "SparkSession"

    def fetch(self, result: "DataFrame") -> pa.Table:
        """Fetch a result; raises ClusterFailed."""
        with self.answering():
            return result.toArrow()

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Turn errors of the cluster within the block into ClusterFailed or ClusterAway."""
        import grpc
        from pyspark.errors import PySparkException

        try:
            yield
        except (PySparkException, grpc.RpcError) as error:
            raise _failed(self.address, error) from error


def unseen(cluster: Cluster, place: Path | str) -> Text:
    """Say that a cluster does not see a file of this machine, or the object at a URL."""
    if isinstance(place, str):
        return sentence(
            "the cluster at {address} does not see {url} as this machine does; give it access to "
            "that store, or set GROWTH_POINTS_ENGINE to duckdb://",
            address=cluster.address,
            url=place,
        )
    return sentence(
        "the cluster at {address} does not see {path} as this machine does; give both the same "
        "folder under the same path, or set GROWTH_POINTS_ENGINE to duckdb://",
        address=cluster.address,
        path=place,
    )


@contextmanager
def open_cluster(address: str) -> Iterator[Cluster]:
    """Open a session at `sc://host:port[/;options]`; raises ClusterAway."""
    cluster = _connected(address)
    try:
        yield cluster
    finally:
        cluster.session.stop()


def _connected(address: str) -> Cluster:
    shown = without_options(address)
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # what matters is raised
    warnings.filterwarnings("ignore", module="pyspark")  # about pandas, and tries of its own
    logging.getLogger("pyspark.sql.connect.logging").setLevel(logging.CRITICAL)
    with _client_needed():
        import grpc
        from pyspark import __version__ as ours
        from pyspark.errors import PySparkException
        from pyspark.sql.connect.client import DefaultChannelBuilder
        from pyspark.sql.connect.client.retries import DefaultPolicy
        from pyspark.sql.connect.session import SparkSession
    try:
        with DefaultChannelBuilder(address).toChannel() as channel:
            grpc.channel_ready_future(channel).result(timeout=_SECONDS_TO_ANSWER)
        session = SparkSession.builder.remote(address).create()
        session.client.set_retry_policies([DefaultPolicy(max_retries=_RETRIES)])
        theirs = str(session.version)
    except (PySparkException, grpc.RpcError, grpc.FutureTimeoutError, ValueError) as error:
        raise ClusterAway(_no_answer(shown, error)) from error
    if theirs.partition(".")[0] != ours.partition(".")[0]:
        raise ClusterAway(_other_version(shown, theirs, ours))
    return Cluster(shown, session)


@contextmanager
def _client_needed() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise ClusterAway(
            sentence(
                "GROWTH_POINTS_ENGINE names a Spark Connect server, whose client is not installed; "
                "install growth-points[spark]"
            )
        ) from error


def _no_answer(address: str, error: Exception) -> Text:
    why = _lost_connection(error) or _first_line(str(error))
    if not why:
        return sentence(
            "no Spark Connect server answers at {address}; start it, or set GROWTH_POINTS_ENGINE "
            "to where it is",
            address=address,
        )
    return sentence(
        "no Spark Connect server answers at {address} ({why}); start it, or set "
        "GROWTH_POINTS_ENGINE to where it is",
        address=address,
        why=why,
    )


def _other_version(address: str, theirs: str, ours: str) -> Text:
    return sentence(
        "the cluster at {address} has Spark {theirs}, and this program's client is of {ours}; "
        "have both of one major version",
        address=address,
        theirs=theirs,
        ours=ours,
    )


def _failed(address: str, error: Exception) -> ClusterAway | ClusterFailed:
    if (lost := _lost_connection(error)) is not None:
        return ClusterAway(
            sentence(
                "the cluster at {address} stopped answering while it read the settlement lines "
                "({why}); nothing was written. Run the command again once it is back.",
                address=address,
                why=lost,
            )
        )
    return ClusterFailed(
        sentence(
            "the cluster at {address} failed while it read the settlement lines ({why}); nothing "
            "was written. See the cluster's log, then run the command again.",
            address=address,
            why=_first_line(str(error)),
        )
    )


def _lost_connection(error: Exception) -> str | None:
    """Return what gRPC says about a connection that was lost, None if it was not."""
    import grpc

    for each in (error, error.__cause__, error.__context__):
        if isinstance(each, grpc.RpcError) and each.code() is grpc.StatusCode.UNAVAILABLE:
            return _first_line(each.details())
    return None


def _first_line(said: str | None) -> str:
    return next(iter((said or "").strip().splitlines()), "")[:_LONGEST_REASON]
