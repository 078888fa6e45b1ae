"""The heads that were published outside, and which part of the chain they cover."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from adapters.heads.head import NotPublished, PublishedHead
from adapters.heads.targets import targets
from adapters.postgres.ledger import ChainHead
from domain.sentence import Text, joined, message_of, sentence
from flows.settings import Settings


@dataclass(frozen=True, slots=True)
class Place:
    """A place that heads are published to, and what it holds; `trouble` is why it was not read."""

    name: str
    heads: tuple[PublishedHead, ...] = ()
    trouble: Text = ""


def read_places(settings: Settings) -> tuple[Place, ...]:
    """Read the heads of all places; before the database, so that no head is newer than it."""
    return tuple(_read(settings))


def _read(settings: Settings) -> Iterator[Place]:
    for target in targets(settings.head_places):
        try:
            heads = target.read()
        except NotPublished as error:
            yield Place(
                target.name, trouble=sentence("it cannot be read: {error}", error=message_of(error))
            )
        else:
            unread = sentence("it cannot be asked; compare what it received with `verify --head`")
            yield Place(target.name, heads or (), "" if heads is not None else unread)


def coverage(places: Sequence[Place], newest: ChainHead | None) -> Iterator[Text]:
    """Say of each place how much of the chain its heads cover, if none of them differs."""
    last = 0 if newest is None else newest.seal_no
    for place in places:
        if place.trouble:
            yield sentence("heads in {name}: {trouble}.", name=place.name, trouble=place.trouble)
            continue
        covered = min(last, max((each.seal_no for each in place.heads), default=0))
        told = sentence(
            "heads in {name}: {heads:,}, up to seal {covered:,} of {last:,}",
            name=place.name,
            heads=len(place.heads),
            covered=covered,
            last=last,
        )
        lacks = sentence(
            "nothing outside covers seals {first:,} to {last:,}", first=covered + 1, last=last
        )
        yield sentence("{told}.", told=joined([told, lacks if covered < last else ""]))
