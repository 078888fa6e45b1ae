"""Finding a delivery: its files, its manifest and the hash of its content."""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from stat import S_ISREG
from typing import Generic

import duckdb

from adapters.ingest.engines.address import EMBEDDED
from adapters.ingest.engines.stored_files import StoredFile
from adapters.ingest.engines.tables import MonthInTable
from adapters.ingest.fetching import fetch_delivery
from adapters.ingest.file_layout import Contents, Layout, contents_of
from adapters.ingest.file_names import (
    SELLER_FOLDER,
    content_of,
    may_hold_rows,
    unrecognized,
)
from adapters.ingest.file_problem import FileProblem
from adapters.ingest.manifest import MANIFEST, Manifest, content_hash, read_manifest
from adapters.ingest.problems import DeliveryRefused as DeliveryRefused  # noqa: PLC0414
from adapters.ingest.problems import Problems
from adapters.ingest.root import is_object_store, source_of
from adapters.ingest.signed_manifest import SignedManifest, TrustedSenders
from adapters.ingest.workbook_trial import unreadable_workbooks
from domain.columns import Content
from domain.delivery import Expected, P, Period, expected_of
from domain.profile import DeclaredTotals
from domain.sentence import sentence

_NAMED_ALIKE = sentence(
    "there are two files with this name, one with composed letters and one with decomposed "
    "letters; keep one of them"
)
_HASHED_AT_ONCE = 4

Stamp = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class DeliveredFile:
    """A file of a delivery.

    `name` is its path within the period's folder, with `/` and in composed letters. `stamp` is the
    file's status before its first byte was read. A file that stays `stored` in an object store has
    a stand-in at its path. A month's rows `in_table` of a cluster's catalog are named after it, and
    have a file with no lines, which tells their columns, or with snapshots.
    """

    name: str
    path: Path
    content: Content
    sha256: str
    stamp: Stamp
    contents: Contents
    declared: DeclaredTotals | None
    stored: StoredFile | None = None
    in_table: MonthInTable | None = None

    @property
    def layout(self) -> Layout:
        """The layout of the file's only or first table."""
        return self.contents.tables[0]

    @property
    def parts(self) -> tuple["DeliveredFile", ...]:
        """Return each table as a file of its own, named after its sheet.

        The first sheet of a workbook has the name of the file if no other sheet holds rows.
        """
        sheets = [table.sheet for table in self.contents.tables]
        if len(sheets) == 1 and (sheets[0] is None or sheets[0].place == 0):
            return (self,)
        return tuple(
            replace(self, name=f"{self.name}/{table.sheet.name}", contents=Contents((table,)))
            for table in self.contents.tables
            if table.sheet is not None
        )

    @property
    def changed(self) -> bool:
        """Return whether the file changed since it was hashed; raises FileProblem."""
        if self.stored is not None:
            return self.stored.changed
        try:
            return stamp_of(self.path) != self.stamp
        except OSError:
            return True


@dataclass(frozen=True, slots=True)
class Delivery(Generic[P]):
    """The files of a month or a day, complete and with all columns.

    `content_hash` is the SHA-256 over the names and SHA-256 of all files including the manifest:
    the same content has the same hash in any folder. `signed` is the manifest with its signature,
    None where no signature is required.
    """

    period: P
    source: str
    content_hash: str
    files: tuple[DeliveredFile, ...]
    signed: SignedManifest | None = None

    def of(self, content: Content) -> tuple[DeliveredFile, ...]:
        """Return the files of one content."""
        return tuple(file for file in self.files if file.content is content)


def find_delivery(
    root: str,
    period: P,
    fetched: Path | None = None,
    trusted: TrustedSenders | None = None,
    engine: str = EMBEDDED,
) -> Delivery[P]:
    """Find the delivery of a month in `{root}/{month}` or of a day in `{root}/rewards/{day}`.

    The root is a path, or the URL of an object store, whose objects are first fetched into the
    folder `fetched`; Parquet files of lines stay there if a cluster is the `engine`. Files are in
    the period's folder, or in a folder `seller_id=…` in it for one seller's export. With `trusted`
    senders, one of them must have signed the manifest, and the files must be those signed. Raises
    DeliveryRefused with all problems: an absent folder or file, an empty, damaged or mislabeled
    one, a missing column, a manifest that does not match. Raises ClusterAway and ClusterFailed if a
    cluster does not hash the files that stay.
    """
    problems, source, expected = Problems(), source_of(root, period), expected_of(period)
    folder, stored = Path(source), dict[Path, StoredFile]()
    if is_object_store(root):
        folder, stored = fetch_delivery(source, fetched, period, problems, engine)
    paths = _list(folder, source, expected, problems)
    names = {_name(folder, path) for path in paths}
    content = _manifest(folder / MANIFEST, problems)
    manifest = _declared(content, period, names, problems)
    signed = trusted.signed(folder, content, manifest, problems) if trusted is not None else None
    opened = _opened(folder, paths, problems)
    problems.refuse_if_any(period, source)
    files = _hashed(folder, opened, {} if manifest is None else manifest.declared, stored)
    hashes = {file.name: file.sha256 for file in files}
    if signed is not None:
        signed.compare(hashes, expected.unit, problems)
        problems.refuse_if_any(period, source)
    return Delivery(period, source, content_hash(hashes, content), files, signed)


def _list(folder: Path, source: str, expected: Expected, problems: Problems) -> dict[Path, Content]:
    if not folder.is_dir():
        problems.add("folder_absent", source, sentence("there is no such folder"))
        return {}
    paths = {}
    with problems.collecting(source):
        for path in sorted(_candidates(folder)):
            content = content_of(path.name, expected)
            if content is not None:
                paths[path] = content
            elif may_hold_rows(path, expected):
                problems.add("file_unrecognized", _name(folder, path), unrecognized(expected))
    for name, count in Counter(_name(folder, path) for path in paths).items():
        if count > 1:
            problems.add("file_name_twice", name, _NAMED_ALIKE)
    for content in expected.contents:
        if content not in paths.values():
            told = sentence(
                "there is no file {content}*.parquet, {content}*.csv or {content}*.xlsx",
                content=content,
            )
            problems.add(f"{content}_absent", source, told)
    return paths


def _candidates(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        yield path
        if path.name.startswith(SELLER_FOLDER) and path.is_dir():
            yield from path.iterdir()


@dataclass(frozen=True, slots=True)
class _Opened:
    content: Content
    contents: Contents
    stamp: Stamp


def _opened(folder: Path, paths: Mapping[Path, Content], problems: Problems) -> dict[Path, _Opened]:
    opened = {}
    unreadable = unreadable_workbooks(paths)
    with duckdb.connect() as engine:
        for path, content in paths.items():
            with problems.collecting(_name(folder, path)):
                stamp = stamp_of(path)  # before anything is read, to detect changes
                _check_present(path)
                if path in unreadable:
                    raise unreadable[path]
                of_one_seller = path.parent.name.startswith(SELLER_FOLDER)
                stated = frozenset(["seller_id"] if of_one_seller else [])
                contents = contents_of(path, content, engine, stated)
                opened[path] = _Opened(content, contents, stamp)
    return opened


def _check_present(path: Path) -> None:
    if not path.name.isprintable():
        raise FileProblem(
            "file_mislabeled", sentence("its name is not readable text in UTF-8; rename it")
        )
    if path.is_dir():
        raise FileProblem("file_mislabeled", sentence("it is a folder, not the file its name says"))
    status = path.stat()
    if not S_ISREG(status.st_mode):
        raise FileProblem("file_mislabeled", sentence("it is not an ordinary file"))
    if status.st_size == 0:
        raise FileProblem("file_empty", sentence("the file is empty (0 bytes)"))


def _hashed(
    folder: Path,
    opened: Mapping[Path, _Opened],
    declared: Mapping[str, DeclaredTotals],
    stored: Mapping[Path, StoredFile],
) -> tuple[DeliveredFile, ...]:
    here = [path for path in opened if path not in stored]
    with ThreadPoolExecutor(_HASHED_AT_ONCE) as pool:
        hashes = dict(zip(here, pool.map(_hash, here), strict=True))
    hashes |= {path: file.sha256 for path, file in stored.items()}
    return tuple(
        DeliveredFile(
            name=_name(folder, path),
            path=path,
            content=file.content,
            sha256=hashes[path],
            stamp=file.stamp,
            contents=file.contents,
            declared=declared.get(_name(folder, path)),
            stored=stored.get(path),
        )
        for path, file in opened.items()
    )


def _name(folder: Path, path: Path) -> str:
    return unicodedata.normalize("NFC", path.relative_to(folder).as_posix())


def stamp_of(path: Path) -> Stamp:
    """Return a file's status: another one if the file is replaced or written."""
    # A replaced file can keep size and time, a rewritten one its inode.
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _manifest(path: Path, problems: Problems) -> bytes | None:
    with problems.collecting(MANIFEST):
        if path.exists() or path.is_symlink():
            _check_present(path)
            return path.read_bytes()
    return None


def _declared(
    content: bytes | None, period: Period, names: Set[str], problems: Problems
) -> Manifest | None:
    """Return what the manifest says, after comparing its list of files with those found."""
    if content is None:
        return None
    manifest = None
    with problems.collecting(MANIFEST):
        manifest = read_manifest(content, period)
        for problem in (*manifest.problems, *manifest.differences(names)):
            problems.add(problem.rule, MANIFEST, problem.text)
    return manifest
