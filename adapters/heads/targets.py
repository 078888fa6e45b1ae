"""The places named by the setting: `PATH`, `s3://BUCKET/PREFIX`, `https://HOST/…`, with commas."""

from typing import Final, Protocol
from urllib.parse import urlsplit

from adapters.heads.head import PublishedHead
from domain.sentence import sentence

_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class TargetInvalid(ValueError):
    """A place that heads cannot be published to; the message does not show its address."""


class Target(Protocol):
    """A place that heads are published to."""

    @property
    def name(self) -> str:
        """How messages call it."""

    def publish(self, head: PublishedHead) -> None:
        """Add a head; raises NotPublished."""

    def read(self) -> tuple[PublishedHead, ...] | None:
        """Return the heads it holds, None if it cannot be asked; raises NotPublished."""


def check_targets(text: str) -> tuple[str, ...]:
    """Split the setting into its places; raises TargetInvalid, which shows no secret."""
    places = tuple(place.strip() for place in text.split(",") if place.strip())
    for place in places:
        if "://" in place:
            _check_address(place)
    return places


def targets(places: tuple[str, ...]) -> tuple[Target, ...]:
    """Return the places to publish to."""
    return tuple(map(_target, places))


def _target(place: str) -> Target:
    # Each is imported where it is used: most installations have one kind, and `--help` has none.
    if place.startswith("s3://"):
        from adapters.heads.store import HeadStore

        return HeadStore(place)
    if "://" in place:
        from adapters.heads.webhook import Webhook

        return Webhook(place)
    from pathlib import Path

    from adapters.heads.file import HeadFile

    return HeadFile(Path(place))


def _check_address(place: str) -> None:
    scheme = place.partition("://")[0]
    try:
        parts = urlsplit(place)
        host, secret = parts.hostname, parts.username is not None or parts.password is not None
    except ValueError:
        raise TargetInvalid(
            sentence("the {scheme} address is not valid", scheme=scheme[:20])
        ) from None
    if scheme not in ("s3", "https") and not (scheme == "http" and host in _THIS_MACHINE):
        raise TargetInvalid(
            sentence(
                "{scheme}:// is not a place for heads; name a file, s3://BUCKET/PREFIX or "
                "an https:// address",
                scheme=scheme[:20],
            )
        )
    if not host:
        raise TargetInvalid(
            sentence("the s3 address names no bucket")
            if scheme == "s3"
            else sentence("the {scheme} address names no host", scheme=scheme)
        )
    if secret or (scheme == "s3" and (parts.query or parts.fragment)):
        raise TargetInvalid(
            sentence(
                "the {scheme} address of {host} holds more than a place; a store's "
                "credentials are those of its environment, and a webhook may have a "
                "token in its path",
                scheme=scheme,
                host=host,
            )
        )
