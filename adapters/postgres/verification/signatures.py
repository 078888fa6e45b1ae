"""Signatures: each is its sender's, over the manifest that was ingested, in the signed order."""

from collections.abc import Iterator
from itertools import groupby

from sqlalchemy import Connection, text

from adapters.ingest.file_problem import FileProblem
from adapters.ingest.manifest import content_hash, read_manifest
from adapters.postgres.signatures import KeptSignature, kept_signatures
from adapters.postgres.verification.difference import Difference
from adapters.signatures.senders import Senders
from adapters.signatures.sshsig import PublicKey, Signature, SignatureInvalid
from domain.sentence import Text, message_of, sentence


def signatures(connection: Connection) -> Iterator[Difference]:
    """Check every kept signature, what it covers, and the order of a month's signed deliveries."""
    for _, of_month in groupby(kept_signatures(connection), lambda each: each.settlement_month):
        last_no = 0
        for kept in of_month:
            try:
                _check(kept)
            except (SignatureInvalid, FileProblem) as error:
                yield _difference(
                    kept,
                    sentence("its signature does not prove it: {error}", error=message_of(error)),
                )
            if kept.delivery_no <= last_no:
                yield _difference(
                    kept,
                    sentence(
                        "it is signed as delivery {delivery_no}, after delivery {last_no}",
                        delivery_no=kept.delivery_no,
                        last_no=last_no,
                    ),
                )
            last_no = kept.delivery_no


def untrusted_signatures(connection: Connection, senders: Senders) -> Iterator[Difference]:
    """Compare the keys of signatures with the file of senders, as it is now.

    The current revision of a month may be unsigned only if no revision before it was signed.
    """
    for kept in kept_signatures(connection):
        listed = [each for each in senders.listed if str(each.key) == kept.public_key]
        if kept.sender not in {each.name for each in listed}:
            yield _difference(
                kept,
                sentence(
                    "it is signed by {sender} with a key that {file} does not list for "
                    "them; keep the keys of former senders there, with valid-before",
                    sender=kept.sender,
                    file=str(senders.file),
                ),
            )
        elif all(each.why_not(kept.accepted_at) for each in listed):
            yield _difference(
                kept,
                sentence(
                    "it was signed by {sender} when, by {file}, that was not valid",
                    sender=kept.sender,
                    file=str(senders.file),
                ),
            )
    for row in connection.execute(_UNSIGNED):
        yield Difference(
            "signatures",
            sentence(
                "the current revision of {month}, {revision_no}, is not signed, though "
                "signed deliveries were ingested before: ingest the month again, signed",
                month=row.month,
                revision_no=row.revision_no,
            ),
        )


_UNSIGNED = text("""
    SELECT to_char(settlement_month, 'YYYY-MM') AS month, revision_no FROM (
      SELECT DISTINCT ON (settlement_month) settlement_month, revision_no, revision_id
      FROM growth_points.revision ORDER BY settlement_month, revision_no DESC
    ) newest
    WHERE revision_id > (SELECT min(revision_id) FROM growth_points.revision_signature)
      AND revision_id NOT IN (SELECT revision_id FROM growth_points.revision_signature)
    ORDER BY 1
""")


def _check(kept: KeptSignature) -> None:
    """Verify a signature over the kept bytes, and that they are of the revision's files."""
    signature = Signature.parse(kept.signature.encode())
    if signature.key != PublicKey.parse(kept.public_key):
        raise SignatureInvalid(
            sentence(
                "it was made with another key, {fingerprint}", fingerprint=signature.key.fingerprint
            )
        )
    signature.verify(kept.manifest)
    manifest = read_manifest(kept.manifest, kept.settlement_month)
    if manifest.problems:
        raise manifest.problems[0]
    hashes = {name: said.sha256 or "" for name, said in manifest.declared.items()}
    if content_hash(hashes, kept.manifest) != kept.content_hash:
        raise SignatureInvalid(sentence("the files that it names are not those that were ingested"))
    if manifest.delivery_no != kept.delivery_no:
        raise SignatureInvalid(
            sentence(
                "it is of delivery {stated}, not {kept}",
                stated=manifest.delivery_no,
                kept=kept.delivery_no,
            )
        )


def _difference(kept: KeptSignature, what: Text) -> Difference:
    return Difference(
        "signatures",
        sentence(
            "{settlement_month} revision {revision_no}: {what}",
            settlement_month=kept.settlement_month,
            revision_no=kept.revision_no,
            what=what,
        ),
    )
