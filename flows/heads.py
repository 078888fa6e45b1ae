"""Publishing the ledger head outside the database, as configured."""

import logging

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from adapters.postgres.ledger import ChainHead, seal_now
from domain.sentence import message_of, sentence
from flows.settings import Settings

log = logging.getLogger("growth_points.heads")


def publish_newest_head(settings: Settings, engine: Engine) -> None:
    """Seal what is committed and publish the head; a failure is a warning."""
    if not settings.head_places:
        return
    try:
        with engine.begin() as connection:
            head = seal_now(connection)
    except DBAPIError as error:
        reason = str(error.orig).strip().splitlines()[0]
        log.warning(
            sentence("no ledger head is published: {reason}. {next}", reason=reason, next=_NEXT)
        )
        return
    publish_head(settings, head)


def publish_head(settings: Settings, head: ChainHead | None) -> None:
    """Publish a committed head everywhere; each place that fails is a warning.

    What a place lacks is not sent again by itself: the next head covers all before it.
    """
    if not settings.head_places or head is None:
        return
    from adapters.heads.head import NotPublished, PublishedHead
    from adapters.heads.targets import targets

    published = PublishedHead(head.seal_no, head.hash, head.sealed_at)
    for target in targets(settings.head_places):
        try:
            target.publish(published)
        except NotPublished as error:
            log.warning(
                sentence(
                    "the ledger head {seal_no} is not in {place}: {why}. {next}",
                    seal_no=head.seal_no,
                    place=target.name,
                    why=message_of(error),
                    next=_NEXT,
                )
            )


_NEXT = sentence(
    "What was recorded is complete; the next closing or payout publishes the head then"
)
