"""Deliveries in an object store: fetched to this machine once, then read like any other."""

import errno
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs

from adapters.ingest.file_problem import FileProblem
from domain.secrets import without_secrets
from domain.sentence import sentence

_DEEPEST: Final = 2  # a file, or a file in a folder of one seller
# Errors of a connection by the names of their classes, which each library has of its own.
_CONNECTION: Final = frozenset(
    {
        *("ConnectionError", "TimeoutError", "HTTPClientError", "gaierror"),
        *("ClientConnectionError", "ServerTimeoutError"),
    }
)
# How a store's library words that a store is overloaded or failed, and what routes may report.
_FOR_NOW: Final = frozenset(
    {
        *(errno.EIO, errno.EBUSY, errno.EAGAIN, errno.ENETUNREACH, errno.EHOSTUNREACH),
        *(errno.ENETDOWN, errno.EHOSTDOWN),
    }
)
_OF_THIS_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG})


def fetch_objects(url: str, into: Path, sizes: Mapping[str, int]) -> None:
    """Fetch objects, by their names under a URL; `into` then holds nothing else.

    Without any object the folder is not created. Raises FileProblem if the store cannot be read, or
    an object has another size.
    """
    shutil.rmtree(into, ignore_errors=True)
    targets = {name: _target(into, name) for name in sizes}
    for target in targets.values():
        target.parent.mkdir(parents=True, exist_ok=True)
    with _wording(url):
        # A new instance each time, since instances cache listings and connections.
        store, prefix = url_to_fs(url, skip_instance_cache=True)
        _fetch(store, {f"{prefix}/{name}": str(target) for name, target in targets.items()})
    for name, target in targets.items():
        if target.stat().st_size != sizes[name]:
            raise FileProblem(
                "store_unreachable",
                sentence("{name} arrived incomplete; run the command again", name=name),
            )


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object at a URL; its size and its tag tell its content, whenever it was written."""

    url: str
    size: int
    tag: str
    changed_at: datetime = field(compare=False)


def list_objects(url: str) -> dict[str, StoredObject]:
    """Return the objects under a URL, by their names under it; raises FileProblem."""
    with _wording(url):
        store, prefix = url_to_fs(url, skip_instance_cache=True)
        found = store.find(prefix, maxdepth=_DEEPEST, detail=True)
    names = {name: PurePosixPath(name).relative_to(prefix).as_posix() for name in found}
    return {names[each]: _object(f"{url}/{names[each]}", facts) for each, facts in found.items()}


def has_objects(url: str) -> bool:
    """Return whether there is any object under a URL, or at it; raises FileProblem."""
    with _wording(url):
        store, path = url_to_fs(url, skip_instance_cache=True)
        return bool(store.exists(path))


def find_object(url: str) -> StoredObject | None:
    """Return what is at a URL now, None if nothing is; raises FileProblem."""
    with _wording(url):
        store, path = url_to_fs(url, skip_instance_cache=True)
        try:
            return _object(url, store.info(path))
        except FileNotFoundError:
            return None


def _object(url: str, facts: Mapping[str, Any]) -> StoredObject:
    return StoredObject(url, int(facts["size"]), str(facts["ETag"]), facts["LastModified"])


def read_object(url: str) -> bytes:
    """Read one small object; raises FileProblem."""
    with _wording(url):
        store, path = url_to_fs(url, skip_instance_cache=True)
        content: bytes = store.cat_file(path)
    return content


def read_ranges(ranges: Mapping[str, tuple[int, int]]) -> dict[str, bytes]:
    """Read the bytes of each object from the first place on, before the second, at once.

    The objects are named by URL, in one store. Raises FileProblem.
    """
    if not ranges:
        return {}
    with _wording(next(iter(ranges))):
        store, _ = url_to_fs(next(iter(ranges)), skip_instance_cache=True)
        starts, ends = zip(*ranges.values(), strict=True)
        paths = [store._strip_protocol(url) for url in ranges]  # noqa: SLF001 fsspec's own name for it
        read: list[bytes] = store.cat_ranges(paths, list(starts), list(ends), on_error="raise")
    return dict(zip(ranges, read, strict=True))


def fetch_object(url: str, into: Path) -> None:
    """Copy one object to a file; raises FileProblem."""
    with _wording(url):
        store, path = url_to_fs(url, skip_instance_cache=True)
        _fetch(store, {path: str(into)})


def _target(into: Path, name: str) -> Path:
    if ".." in PurePosixPath(name).parts or "\0" in name:
        raise FileProblem(
            "file_mislabeled", sentence("the object {name} cannot be stored as a file", name=name)
        )
    return into / name


def _fetch(store: AbstractFileSystem, targets: dict[str, str]) -> None:
    if targets:
        store.get(list(targets), list(targets.values()))


@contextmanager
def _wording(url: str) -> Iterator[None]:
    """Turn the exceptions of a store's library into a FileProblem."""
    try:
        yield
    except ImportError as error:
        scheme = url.partition("://")[0]
        told = sentence(
            "{scheme}:// needs a library that is not installed; install growth-points[{scheme}] "
            "({error})",
            scheme=scheme,
            error=str(error),
        )
        raise FileProblem("store_unknown", told) from error
    except Exception as error:
        raise _problem(error) from error


def _problem(error: Exception) -> FileProblem:
    """Return the problem that a library's error is, with what to do about it."""
    reason = without_secrets((str(error).strip().splitlines() or [type(error).__name__])[0])
    if _number(error) in _OF_THIS_DISK:
        told = sentence("its files cannot be kept here ({reason})", reason=reason)
        return FileProblem("store_unwritable", told)
    if _is_for_now(error):
        told = sentence("the store cannot be read ({reason})", reason=reason)
        return FileProblem("store_unreachable", told)
    told = sentence(
        "the store cannot be read ({reason}); check its address, its access and its library",
        reason=reason,
    )
    return FileProblem("store_refused", told)


def _is_for_now(error: Exception) -> bool:
    """Whether an error is one of the connection, or of a store that is overloaded."""
    names = {each.__name__ for each in type(error).__mro__}
    return _number(error) in _FOR_NOW or not names.isdisjoint(_CONNECTION)


def _number(error: Exception) -> int | None:
    return error.errno if isinstance(error, OSError) else None
