"""The heads that were published outside, and which part of the chain they cover."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from adapters.heads.head import NotPublished, PublishedHead
from adapters.heads.targets import targets
from adapters.postgres.ledger import ChainHead
from flows.settings import Settings


@dataclass(frozen=True, slots=True)
class Place:
    """A place that heads are published to, and what it holds; `trouble` is why it was not read."""

    name: str
    heads: tuple[PublishedHead, ...] = ()
    trouble: str = ""


def read_places(settings: Settings) -> tuple[Place, ...]:
    """Read the heads of all places; before the database, so that no head is newer than it."""
    return tuple(_read(settings))


def _read(settings: Settings) -> Iterator[Place]:
    for target in targets(settings.head_places):
        try:
            heads = target.read()
        except NotPublished as error:
            yield Place(target.name, trouble=f"it cannot be read: {error}")
        else:
            unread = "it cannot be asked; compare what it received with `verify --head`"
            yield Place(target.name, heads or (), "" if heads is not None else unread)


def coverage(places: Sequence[Place], newest: ChainHead | None) -> Iterator[str]:
    """Say of each place how much of the chain its heads cover, if none of them differs."""
    last = 0 if newest is None else newest.seal_no
    for place in places:
        if place.trouble:
            yield f"heads in {place.name}: {place.trouble}."
            continue
        covered = min(last, max((each.seal_no for each in place.heads), default=0))
        told = f"heads in {place.name}: {len(place.heads):,}, up to seal {covered:,} of {last:,}"
        lacks = f"; nothing outside covers seals {covered + 1:,} to {last:,}"
        yield f"{told}{lacks if covered < last else ''}."
