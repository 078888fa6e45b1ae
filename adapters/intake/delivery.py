"""Finding a month's delivery: its folder, its files, its manifest, the hash of its content."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG

import duckdb

from adapters.intake.file_layout import SUFFIXES, Layout, layout_of
from adapters.intake.file_problem import FileProblem
from adapters.intake.manifest import read_manifest
from adapters.intake.object_store import fetch_folder, is_object_store, local_path
from domain.findings import Finding, Severity
from domain.months import SettlementMonth
from domain.profile import DeclaredTotals
from domain.refusal import Refused
from domain.settlement import Content

MANIFEST = "manifest.json"
SELLER_FOLDER = "seller_id="
_SUFFIX = "|".join(map(re.escape, SUFFIXES))
_NAMES = {content: re.compile(rf"{content}.*({_SUFFIX})", re.DOTALL) for content in Content}
_HASHED_AT_ONCE = 4


class DeliveryRefused(Refused):
    """A delivery that cannot be read as it stands, with everything that is wrong with it."""

    def __init__(self, month: SettlementMonth, source: str, findings: tuple[Finding, ...]) -> None:
        lines = "\n".join(f"  {finding.sentence}" for finding in findings)
        super().__init__(
            f"the delivery of {month} in {source} cannot be read; nothing was written:\n{lines}"
        )
        self.month = month
        self.source = source
        self.findings = findings


@dataclass(frozen=True, slots=True)
class DeliveredFile:
    """A file of a delivery: `name` is its path within the month's folder, with `/`."""

    name: str
    path: Path
    content: Content
    sha256: str
    stamp: tuple[int, int]
    layout: Layout
    declared: DeclaredTotals | None

    @property
    def changed(self) -> bool:
        """Say whether the file is no longer the one that was hashed."""
        try:
            return _stamp(self.path) != self.stamp
        except OSError:
            return True


@dataclass(frozen=True, slots=True)
class Delivery:
    """A month's files, each of them whole and with all its columns.

    `content_hash` is the SHA-256 over every file's name and SHA-256, the manifest's included:
    the same content delivered again has the same hash, wherever it lies.
    """

    settlement_month: SettlementMonth
    source: str
    content_hash: str
    files: tuple[DeliveredFile, ...]

    def of(self, content: Content) -> tuple[DeliveredFile, ...]:
        """List the files that hold settlement lines, or those that hold the snapshot."""
        return tuple(file for file in self.files if file.content is content)


def find_delivery(root: str, month: SettlementMonth, fetched: Path | None = None) -> Delivery:
    """Find a month's delivery in the folder `{root}/{month}`, and hash it.

    The root is a path, or the URL of an object store, whose objects are brought into the folder
    `fetched` first.

    A file lies in that folder itself, or in a folder `seller_id=…` in it that holds one seller's
    export. Raises DeliveryRefused with all that is wrong: an absent folder or file, an empty,
    damaged or mislabeled one, a missing column, a manifest that does not fit.
    """
    problems = _Problems()
    source = _source(root, month)
    folder = Path(source)
    if is_object_store(root):
        if fetched is None:
            raise ValueError("a delivery in an object store needs a folder to be fetched into")
        folder = fetched / str(month)
        with problems.noting(source):
            fetch_folder(source, folder)
        problems.refuse_if_any(month, source)
    paths = _list(folder, source, problems)
    names = {_name(folder, path) for path in paths}
    declared = _declared(folder / MANIFEST, month, names, problems)
    layouts = _layouts(folder, paths, problems)
    problems.refuse_if_any(month, source)
    files = _hashed(folder, layouts, declared)
    manifest = {MANIFEST: _hash(folder / MANIFEST)} if declared is not None else {}
    hashes = {file.name: file.sha256 for file in files} | manifest
    return Delivery(month, source, _content_hash(hashes), files)


def _source(root: str, month: SettlementMonth) -> str:
    return (
        f"{root.rstrip('/')}/{month}"
        if is_object_store(root)
        else str(local_path(root) / str(month))
    )


@dataclass(slots=True)
class _Problems:
    """Everything wrong with a delivery, collected, so that one report names it all."""

    findings: list[Finding] = field(default_factory=list)

    def add(self, rule: str, name: str, sentence: str) -> None:
        name, sentence = _shown(name), _shown(f"{name}: {sentence}.")
        self.findings.append(Finding(rule, Severity.CRITICAL, sentence, 1, name))

    @contextmanager
    def noting(self, name: str) -> Iterator[None]:
        try:
            yield
        except FileProblem as problem:
            self.add(problem.rule, name, problem.sentence)
        except OSError as error:
            self.add("file_unreadable", name, f"it cannot be opened ({error.strerror or error})")

    def refuse_if_any(self, month: SettlementMonth, source: str) -> None:
        if self.findings:
            raise DeliveryRefused(month, source, tuple(self.findings))


def _shown(text: str) -> str:
    """Write what a sender may have written so that everybody can show and keep it."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _list(folder: Path, source: str, problems: _Problems) -> dict[Path, Content]:
    if not folder.is_dir():
        problems.add("folder_absent", source, "there is no such folder")
        return {}
    paths = {}
    with problems.noting(source):
        for path in sorted(_candidates(folder)):
            content = next((c for c in Content if _NAMES[c].fullmatch(path.name)), None)
            if content is not None:
                paths[path] = content
    for content in Content:
        if content not in paths.values():
            sentence = f"there is no file {content}*.parquet, {content}*.csv or {content}*.xlsx"
            problems.add(f"{content}_absent", source, sentence)
    return paths


def _candidates(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        yield path
        if path.name.startswith(SELLER_FOLDER) and path.is_dir():
            yield from path.iterdir()


def _layouts(
    folder: Path, paths: Mapping[Path, Content], problems: _Problems
) -> dict[Path, tuple[Content, Layout]]:
    layouts = {}
    with duckdb.connect() as engine:
        for path, content in paths.items():
            with problems.noting(_name(folder, path)):
                _check_present(path)
                of_one_seller = path.parent.name.startswith(SELLER_FOLDER)
                stated = frozenset(["seller_id"] if of_one_seller else [])
                layouts[path] = (content, layout_of(path, content, engine, stated))
    return layouts


def _check_present(path: Path) -> None:
    if not path.name.isprintable():
        raise FileProblem("file_mislabeled", "its name is not readable text in UTF-8; rename it")
    if path.is_dir():
        raise FileProblem("file_mislabeled", "it is a folder, not the file its name says")
    status = path.stat()
    if not S_ISREG(status.st_mode):
        raise FileProblem("file_mislabeled", "it is no ordinary file")
    if status.st_size == 0:
        raise FileProblem("file_empty", "the file is empty (0 bytes)")


def _hashed(
    folder: Path,
    layouts: Mapping[Path, tuple[Content, Layout]],
    declared: Mapping[str, DeclaredTotals] | None,
) -> tuple[DeliveredFile, ...]:
    stamps = {path: _stamp(path) for path in layouts}
    with ThreadPoolExecutor(_HASHED_AT_ONCE) as pool:
        hashes = dict(zip(layouts, pool.map(_hash, layouts), strict=True))
    return tuple(
        DeliveredFile(
            name=_name(folder, path),
            path=path,
            content=content,
            sha256=hashes[path],
            stamp=stamps[path],
            layout=layout,
            declared=(declared or {}).get(_name(folder, path)),
        )
        for path, (content, layout) in layouts.items()
    )


def _name(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _content_hash(hashes: Mapping[str, str]) -> str:
    content = json.dumps(sorted(hashes.items()), ensure_ascii=True)
    return hashlib.sha256(content.encode()).hexdigest()


def _declared(
    path: Path, month: SettlementMonth, names: Set[str], problems: _Problems
) -> dict[str, DeclaredTotals] | None:
    """Read the manifest, if there is one, and hold its list of files against those found."""
    declared: dict[str, DeclaredTotals] = {}
    with problems.noting(MANIFEST):
        if not path.exists():
            return None
        manifest = read_manifest(path.read_bytes(), month)
        declared = manifest.declared
        for problem in manifest.problems:
            problems.add(problem.rule, MANIFEST, problem.sentence)
        for name in sorted(declared.keys() - names):
            problems.add("manifest_file_absent", MANIFEST, f"it names {name}, which is not there")
        for name in sorted(names - declared.keys()):
            problems.add(
                "manifest_incomplete", MANIFEST, f"it does not name {name}, which is there"
            )
    return declared
