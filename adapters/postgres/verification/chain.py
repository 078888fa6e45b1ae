"""The chain: seals numbered without a gap, each hashed over the one before it."""

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import Connection, text

from adapters.heads.head import PublishedHead
from adapters.postgres.verification.difference import Difference, QueryCheck
from domain.sentence import sentence

CHAIN = QueryCheck(
    "chain",
    sentence("seal {seal_no} does not follow from the seal before it"),
    r"""
    SELECT seal_no FROM (
      SELECT seal.*, balances, lag(seal_no, 1, 0) OVER chain AS last_no,
             lag(hash, 1, '') OVER chain AS last_hash,
             lag(sealed_at, 1, '-infinity') OVER chain AS last_at
      FROM growth_points.seal LEFT JOIN (
        SELECT seal_no, jsonb_agg(jsonb_build_array(account, points, floor) ORDER BY account)
                 AS balances
        FROM growth_points.seal_balance GROUP BY seal_no
      ) held USING (seal_no)
      WINDOW chain AS (ORDER BY seal_no)
    ) seal
    WHERE seal_no <> last_no + 1 OR sealed_at < last_at
      OR hash <> sha256(last_hash || convert_to(jsonb_build_array(
           seal_no, subject, subject_key, encode(content_hash, 'hex'),
           extract(epoch FROM sealed_at), balances)::text, 'UTF8'))
    ORDER BY seal_no
    """,
)


def missing_heads(connection: Connection, known: Collection[str]) -> Iterator[Difference]:
    query = text("SELECT count(*) FROM growth_points.seal WHERE encode(hash, 'hex') = :head")
    for head in known:
        if not connection.scalar(query, {"head": head}):
            yield Difference(
                "chain",
                sentence(
                    "no seal of this database is {head}, which was reported as the head of its "
                    "chain: the chain was written anew, or the report is of another database",
                    head=head,
                ),
            )


def unlike_published(
    connection: Connection, place: str, heads: Sequence[PublishedHead]
) -> Iterator[Difference]:
    """Compare the heads that a place outside holds with the seals, and with each other."""
    query = text("SELECT encode(hash, 'hex') FROM growth_points.seal WHERE seal_no = :seal_no")
    held = {0, *(each.seal_no for each in heads)}
    for head in heads:
        sealed = connection.scalar(query, {"seal_no": head.seal_no})
        if sealed != head.hash:
            yield Difference(
                "chain",
                sentence(
                    "{place} has {hash} as the head at seal {seal_no}, which is {sealed} "
                    "of this database: the chain was written anew, or the head is of "
                    "another database",
                    place=place,
                    hash=head.hash,
                    seal_no=head.seal_no,
                    sealed=sealed or sentence("no seal"),
                ),
            )
        if head.after not in held:
            yield Difference(
                "chain",
                sentence(
                    "{place} lost head {after}, which head {seal_no} followed",
                    place=place,
                    after=head.after,
                    seal_no=head.seal_no,
                ),
            )
