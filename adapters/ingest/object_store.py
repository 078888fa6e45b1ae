"""Deliveries in an object store: fetched to this machine once, then read like any other."""

import errno
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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


def fetch_folder(url: str, into: Path, wanted: Callable[[str], bool]) -> None:
    """Fetch the objects under a URL whose file has a wanted name; `into` then holds nothing else.

    Without any object the folder is not created. Raises FileProblem if the store cannot be read.
    """
    shutil.rmtree(into, ignore_errors=True)
    with _wording(url):
        # A new instance each time, since instances cache listings and connections.
        store, prefix = url_to_fs(url, skip_instance_cache=True)
        found: dict[str, dict[str, int]] = store.find(prefix, maxdepth=_DEEPEST, detail=True)
    names = [name for name in found if wanted(PurePosixPath(name).name)]
    targets = {name: _target(into, prefix, name) for name in names}
    for target in targets.values():
        target.parent.mkdir(parents=True, exist_ok=True)
    with _wording(url):
        _fetch(store, {name: str(target) for name, target in targets.items()})
    for name, target in targets.items():
        if target.stat().st_size != found[name]["size"]:
            raise FileProblem(
                "store_unreachable",
                sentence("{name} arrived incomplete; run the command again", name=name),
            )


def list_objects(url: str) -> dict[str, dict[str, Any]]:
    """Return what a store says of each object under a URL, by name; raises FileProblem."""
    with _wording(url):
        store, prefix = url_to_fs(url, skip_instance_cache=True)
        found = store.find(prefix, maxdepth=_DEEPEST, detail=True)
    return {PurePosixPath(name).relative_to(prefix).as_posix(): found[name] for name in found}


def object_facts(url: str) -> dict[str, Any]:
    """Return what a store says of one object; raises FileProblem."""
    with _wording(url):
        store, path = url_to_fs(url, skip_instance_cache=True)
        facts: dict[str, Any] = store.info(path)
    return facts


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


def _target(into: Path, prefix: str, name: str) -> Path:
    relative = PurePosixPath(name).relative_to(prefix)
    if ".." in relative.parts or "\0" in name:
        raise FileProblem(
            "store_refused", sentence("the object {name} cannot be stored as a file", name=name)
        )
    return into / relative


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
