"""Looking at a period's folder without reading its data: whether it is whole, and what changed."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Final

from adapters.ingest.engines.address import EMBEDDED
from adapters.ingest.engines.cluster import open_cluster
from adapters.ingest.engines.tables import TableEmpty, count_rows, newest_version, require_cluster
from adapters.ingest.engines.troubles import ClusterAway, ClusterFailed, EngineUnfit
from adapters.ingest.file_names import SELLER_FOLDER, content_of
from adapters.ingest.file_problem import FileProblem
from adapters.ingest.manifest import MANIFEST, read_manifest
from adapters.ingest.object_store import has_objects, list_objects, read_object
from adapters.ingest.root import is_object_store, is_table, rewards_of, source_of, tables_of
from domain.delivery import Period, expected_of
from domain.refusal import Unavailable
from domain.sentence import sentence

SETTLED: Final = timedelta(minutes=5)
"""How long nothing may have changed in a folder even if its manifest fits."""


class FolderUnreadable(Unavailable):
    """A period's folder cannot be listed."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a period's folder by name; each has what changes if its content does.

    `changed_at` is the last change, None without files; `fits` says whether there is a manifest
    that names these files and no others.
    """

    source: str
    files: Mapping[str, str]
    changed_at: datetime | None
    fits: bool

    @property
    def marks(self) -> str:
        """All of it as one text, which is another one if anything changed."""
        return json.dumps([self.source, *sorted(self.files.items())])

    def whole_from(self, rest: timedelta) -> datetime | None:
        """From when on it counts as whole: once it is at rest, or soon if a manifest fits."""
        if self.changed_at is None:
            return None
        return self.changed_at + (min(rest, SETTLED) if self.fits else rest)


def list_delivery(root: str, period: Period, engine: str = EMBEDDED) -> Listing:
    """List the files of a period under a root; raises FolderUnreadable.

    Of tables, which the cluster `engine` asks for their versions, both have to have its rows.
    """
    source = source_of(root, period)
    with _wording(source):
        found = _tables(root, period, engine) if is_table(root) else _in_folder(source)
        fits = MANIFEST in found and _fits(source, period, found)
    marks = {name: each.mark for name, each in found.items()}
    return Listing(source, marks, _newest(found), fits)


def last_change(root: str, day: date) -> datetime | None:
    """Return when the files of a reward day last changed, None without any.

    Raises FolderUnreadable.
    """
    source = source_of(root, day)
    with _wording(source):
        return _newest(_in_folder(source))


def has_rewards(root: str) -> bool:
    """Return whether a root has a folder of reward days; raises FolderUnreadable."""
    folder = rewards_of(root)
    with _wording(folder):
        return has_objects(folder) if is_object_store(root) else Path(folder).is_dir()


@contextmanager
def _wording(source: str) -> Iterator[None]:
    try:
        yield
    except (FileProblem, OSError, EngineUnfit, ClusterAway, ClusterFailed) as error:
        said = sentence("{source} cannot be listed: {error}", source=source, error=str(error))
        raise FolderUnreadable(said) from error


@dataclass(frozen=True, slots=True)
class _Listed:
    mark: str
    changed_at: datetime


def _newest(found: Mapping[str, _Listed]) -> datetime | None:
    return max((each.changed_at for each in found.values()), default=None)


def _in_folder(source: str) -> dict[str, _Listed]:
    return dict(_objects(source) if is_object_store(source) else _files(Path(source)))


def _files(folder: Path) -> Iterator[tuple[str, _Listed]]:
    """List files by their status, and links also by that of what they lead to."""
    if not folder.is_dir():
        return
    for path in (*folder.iterdir(), *folder.glob(f"{SELLER_FOLDER}*/*")):
        leads_on = path.is_symlink() and path.exists()
        statuses = (path.lstat(), path.stat()) if leads_on else (path.lstat(),)
        mark = " ".join(
            f"{each.st_size} {each.st_mtime_ns} {each.st_ctime_ns}" for each in statuses
        )
        listed = _Listed(mark, max(map(_changed_at, statuses)))
        yield path.relative_to(folder).as_posix(), listed


def _changed_at(status: os.stat_result) -> datetime:
    """Return when a file changed by the system's record, whatever date the file was given."""
    return datetime.fromtimestamp(status.st_ctime, UTC)


def _objects(url: str) -> Iterator[tuple[str, _Listed]]:
    for name, each in list_objects(url).items():
        yield name, _Listed(f"{each.size} {each.tag} {each.changed_at}", each.changed_at)


def _tables(root: str, period: Period, engine: str) -> dict[str, _Listed]:
    require_cluster(root, engine)
    tables = tables_of(root).values()
    with open_cluster(engine) as cluster:
        try:
            found = [newest_version(cluster, table) for table in tables]
        except TableEmpty:
            return {}
        if not all(count_rows(cluster, each, period) for each in found):
            return {}
    return {each.table: _Listed(each.identity, each.committed_at) for each in found}


def _fits(source: str, period: Period, found: Mapping[str, object]) -> bool:
    """Whether a manifest is one of the period and names the files found, and no others."""
    place = f"{source}/{MANIFEST}"
    if not is_object_store(place) and not Path(place).is_file():
        return False  # a folder, a link to nothing; reading a pipe would never end
    content = read_object(place) if is_object_store(place) else Path(place).read_bytes()
    expected = expected_of(period)
    names = {name for name in found if content_of(PurePosixPath(name).name, expected)}
    try:
        manifest = read_manifest(content, period)
    except FileProblem:
        return False
    return not manifest.problems and not any(manifest.differences(names))
