"""Parquet files of lines that stay in an object store, where a cluster reads and hashes them.

In place of each the worker has a stand-in: its footer, which tells columns, types and the number of
rows, and is all that is asked of a file before its lines are read.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from adapters.ingest.engines.cluster import Cluster, open_cluster, unseen
from adapters.ingest.engines.troubles import ClusterAway
from adapters.ingest.file_names import content_of
from adapters.ingest.object_store import StoredObject, fetch_object, find_object, read_ranges
from domain.columns import Content
from domain.delivery import Period, expected_of

HASHED: Final = 1 << 30
"""The largest file that a cluster hashes: it holds the whole of it in memory."""

GLOB: Final = re.compile(r"[*?\[\]{}\\]")
"""Characters that a cluster takes for a pattern."""

_MAGIC: Final = b"PAR1"
_TAIL: Final = 4 + len(_MAGIC)  # the length of the footer, and the magic number
_LIKELY: Final = 1 << 18  # most footers are shorter
_MOST: Final = 1 << 26
_PIECE: Final = 1 << 26


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in an object store, as it was when it was hashed."""

    object: StoredObject
    sha256: str

    @property
    def url(self) -> str:
        """Where it is."""
        return self.object.url

    @property
    def changed(self) -> bool:
        """Return whether there is another one now, or none; raises FileProblem."""
        return find_object(self.url) != self.object

    def fetch(self, into: Path) -> None:
        """Copy the file to this machine; raises FileProblem."""
        into.parent.mkdir(parents=True, exist_ok=True)
        fetch_object(self.url, into)


def stays(name: str, period: Period) -> bool:
    """Return whether a file, by its name, need not be fetched where a cluster reads the lines."""
    file = PurePosixPath(name).name
    as_written = not GLOB.search(name) and "%" not in name  # some take that for an escape
    is_lines = content_of(file, expected_of(period)) is Content.SETTLEMENTS
    return as_written and is_lines and file.endswith(".parquet")


def keep_stand_ins(
    folder: Path, staying: Mapping[str, StoredObject], address: str
) -> Mapping[Path, StoredFile]:
    """Write a stand-in for each object, by its name in the folder, and have the cluster hash it.

    Raises FileProblem, ClusterAway, and ClusterFailed.
    """
    sizes = {each.url: each.size for each in staying.values()}
    footers, hashes = _footers(sizes), _hashes(address, sizes)
    for name, each in staying.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(footers[each.url])
    return {folder / name: StoredFile(each, hashes[each.url]) for name, each in staying.items()}


def _footers(sizes: Mapping[str, int]) -> dict[str, bytes]:
    """Return a stand-in for each file; for one without a footer its first bytes, to be refused."""
    every = {url: (max(size - _LIKELY, 0), size) for url, size in sizes.items() if size}
    ends = read_ranges(every)
    stated = {url: _length(end) for url, end in ends.items() if end.endswith(_MAGIC)}
    whole = {url: length for url, length in stated.items() if length <= min(_MOST, sizes[url])}
    longer = {url: length for url, length in whole.items() if length > len(ends[url])}
    ends |= read_ranges({url: (max(sizes[url] - n, 0), sizes[url]) for url, n in longer.items()})
    heads = read_ranges({url: (0, len(_MAGIC)) for url in every if url not in whole})
    return {
        **dict.fromkeys(sizes, b""),
        **{url: head + bytes(_TAIL) for url, head in heads.items()},
        **{url: _MAGIC + ends[url][-length:] for url, length in whole.items()},
    }


def _length(end: bytes) -> int:
    return int.from_bytes(end[-_TAIL : -len(_MAGIC)], "little") + _TAIL


def _hashes(address: str, sizes: Mapping[str, int]) -> dict[str, str]:
    """Have files hashed by the cluster, and those that are too large for it by this machine."""
    large = {url: size for url, size in sizes.items() if size > HASHED}
    hashes = dict.fromkeys(sizes, "") | {url: _streamed(url, large[url]) for url in large}
    with open_cluster(address) as cluster:
        small = [url for url, size in sizes.items() if size and url not in large]
        return hashes | _hashed_by(cluster, small)


def _hashed_by(cluster: Cluster, urls: Sequence[str]) -> dict[str, str]:
    from pyspark.sql.connect import functions as f

    from adapters.ingest.engines.spark_reading import united

    if not urls:
        return {}
    with cluster.answering():
        reader, sha = cluster.session.read.format("binaryFile"), f.sha2("content", 256)
        each = [reader.load(url).select(f.lit(url).alias("url"), sha.alias("sha")) for url in urls]
        hashed = cluster.fetch(united(each))
    hashes = dict(zip(hashed["url"].to_pylist(), hashed["sha"].to_pylist(), strict=True))
    for url in urls:
        if url not in hashes:
            raise ClusterAway(unseen(cluster, url))
    return hashes


def _streamed(url: str, size: int) -> str:
    hashed = hashlib.sha256()
    for start in range(0, size, _PIECE):
        hashed.update(read_ranges({url: (start, min(start + _PIECE, size))})[url])
    return hashed.hexdigest()
