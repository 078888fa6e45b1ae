"""Heads in an object store, an object each, none of which is ever overwritten.

That nobody else overwrites or deletes them is up to the bucket: its versioning and its object lock.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs

from adapters.heads.head import NoHead, NotPublished, PublishedHead, is_news, placed_after
from domain.sentence import sentence

_PATIENCE: Final = {
    "connect_timeout": 10,
    "read_timeout": 10,
    "retries": {"mode": "standard", "total_max_attempts": 2},
}


@dataclass(frozen=True, slots=True)
class HeadStore:
    """A prefix in a bucket, `s3://bucket/prefix`."""

    url: str

    @property
    def name(self) -> str:
        """How messages call it."""
        return self.url

    def publish(self, head: PublishedHead) -> None:
        """Create a head's object unless it is there; raises NotPublished."""
        with _worded():
            store, prefix = self._store()
            held = tuple(_heads(store, prefix))
            if is_news(head, held):
                _create(store, f"{prefix}/{head.seal_no:012}.json", placed_after(head, held))

    def read(self) -> tuple[PublishedHead, ...]:
        """Read all heads; raises NotPublished if the store cannot be read."""
        with _worded():
            return tuple(_heads(*self._store()))

    def _store(self) -> tuple[AbstractFileSystem, str]:
        store, prefix = url_to_fs(
            self.url.rstrip("/"), skip_instance_cache=True, config_kwargs=_PATIENCE
        )
        return store, prefix


def _heads(store: AbstractFileSystem, prefix: str) -> Iterator[PublishedHead]:
    """Read the objects that are heads; others prove nothing."""
    for name in sorted(store.find(prefix, maxdepth=1)):
        with suppress(NoHead):
            yield PublishedHead.parse(store.cat_file(name))


def _create(store: AbstractFileSystem, name: str, head: PublishedHead) -> None:
    """Create an object; if another run was faster, the object must be of the same head."""
    try:
        store.pipe_file(name, head.line(), mode="create")
    except Exception:
        if not store.exists(name):
            raise
        is_news(head, [PublishedHead.parse(store.cat_file(name))])


@contextmanager
def _worded() -> Iterator[None]:
    """Turn the exceptions of a store's library into a sentence."""
    try:
        yield
    except NotPublished:
        raise
    except ImportError as error:
        raise NotPublished(sentence("install growth-points[s3] ({error})", error=error)) from error
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise NotPublished(reason) from error
