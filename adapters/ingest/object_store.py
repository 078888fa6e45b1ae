"""Deliveries in an object store: fetched to this machine once, then read like any other."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs

from adapters.ingest.file_problem import FileProblem

_LOCAL = "file://"
_DEEPEST = 2  # a file, or a file in a folder of one seller


def is_object_store(root: str) -> bool:
    """Return whether a root is the URL of an object store."""
    return "://" in root and not root.startswith(_LOCAL)


def local_path(root: str) -> Path:
    """Return the path of a root that is not in an object store."""
    return Path(root.removeprefix(_LOCAL))


def fetch_folder(url: str, into: Path, wanted: Callable[[str], bool]) -> None:
    """Fetch the objects under a URL with a wanted name; `into` then holds nothing else.

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
        _fetch(store, {name: str(target) for name, target in targets.items()})
    for name, target in targets.items():
        if target.stat().st_size != found[name]["size"]:
            raise FileProblem(
                "store_unreachable", f"{name} arrived incomplete; run the command again"
            )


def _target(into: Path, prefix: str, name: str) -> Path:
    relative = PurePosixPath(name).relative_to(prefix)
    if ".." in relative.parts:
        raise FileProblem("store_unreachable", f"the object {name} cannot be stored as a file")
    return into / relative


def _fetch(store: AbstractFileSystem, targets: dict[str, str]) -> None:
    if targets:
        store.get(list(targets), list(targets.values()))


@contextmanager
def _wording(url: str) -> Iterator[None]:
    """Turn the exceptions of a store's library into a FileProblem."""
    try:
        yield
    except FileProblem:
        raise
    except ImportError as error:
        scheme = url.partition("://")[0]
        extra = "growth-points[s3]" if scheme == "s3" else "its fsspec package"
        sentence = f"{scheme}:// needs a library that is not installed; install {extra} ({error})"
        raise FileProblem("store_unknown", sentence) from error
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise FileProblem("store_unreachable", f"the store cannot be read ({reason})") from error
