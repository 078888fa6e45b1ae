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


def signatures(connection: Connection) -> Iterator[Difference]:
    """Check every kept signature, what it covers, and the order of a month's signed deliveries."""
    for _, of_month in groupby(kept_signatures(connection), lambda each: each.settlement_month):
        last_no = 0
        for kept in of_month:
            try:
                _check(kept)
            except (SignatureInvalid, FileProblem) as error:
                yield _difference(kept, f"its signature does not prove it: {error}")
            if kept.delivery_no <= last_no:
                yield _difference(
                    kept, f"it is signed as delivery {kept.delivery_no}, after delivery {last_no}"
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
                f"it is signed by {kept.sender} with a key that {senders.file} does not list for "
                "them; keep the keys of former senders there, with valid-before",
            )
        elif all(each.why_not(kept.accepted_at) for each in listed):
            yield _difference(
                kept, f"it was signed by {kept.sender} when, by {senders.file}, that was not valid"
            )
    for row in connection.execute(_UNSIGNED):
        yield Difference(
            "signatures",
            f"the current revision of {row.month}, {row.revision_no}, is not signed, though signed "
            "deliveries were ingested before: ingest the month again, signed",
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
        raise SignatureInvalid(f"it was made with another key, {signature.key.fingerprint}")
    signature.verify(kept.manifest)
    manifest = read_manifest(kept.manifest, kept.settlement_month)
    if manifest.problems:
        raise manifest.problems[0]
    hashes = {name: said.sha256 or "" for name, said in manifest.declared.items()}
    if content_hash(hashes, kept.manifest) != kept.content_hash:
        raise SignatureInvalid("the files that it names are not those that were ingested")
    if manifest.delivery_no != kept.delivery_no:
        raise SignatureInvalid(f"it is of delivery {manifest.delivery_no}, not {kept.delivery_no}")


def _difference(kept: KeptSignature, what: str) -> Difference:
    return Difference("signatures", f"{kept.settlement_month} revision {kept.revision_no}: {what}")
