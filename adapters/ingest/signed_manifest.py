"""A delivery's signature: of a trusted sender, over a manifest that has every file's hash."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from adapters.ingest.file_problem import FileProblem
from adapters.ingest.manifest import MANIFEST, Manifest
from adapters.ingest.problems import Problems
from adapters.signatures.senders import Sender, Senders
from adapters.signatures.sshsig import LONGEST, NAMESPACE, Signature, SignatureInvalid
from domain.sentence import Word, message_of, sentence

SIGNATURE: Final = "manifest.json.sig"
_SIGN: Final = f"ssh-keygen -Y sign -n {NAMESPACE} -f KEY < {MANIFEST} > {SIGNATURE}"


@dataclass(frozen=True, slots=True)
class SignedManifest:
    """A manifest, as it was delivered, with its verified signature and who made it.

    `hashes` are the SHA-256 of the files that it names.
    """

    sender: Sender
    manifest: bytes
    signature: str
    hashes: Mapping[str, str]
    delivery_no: int

    def compare(self, found: Mapping[str, str], unit: str, problems: Problems) -> None:
        """Add a problem for each file, by name, whose SHA-256 is not the signed one.

        `unit` is what has to be delivered again.
        """
        for name, sha256 in found.items():
            if self.hashes.get(name) != sha256:
                problems.add(
                    "file_unlike_signed",
                    name,
                    sentence(
                        "it is not the file that {sender} signed (its SHA-256 is {found}, the "
                        "signed one {signed}); have the {unit} delivered again",
                        sender=self.sender.name,
                        found=sha256,
                        signed=self.hashes.get(name),
                        unit=Word("unit", unit),
                    ),
                )


@dataclass(frozen=True, slots=True)
class TrustedSenders:
    """Whose signatures are accepted, at the instant of a run."""

    senders: Senders
    at: datetime

    def signed(
        self, folder: Path, content: bytes | None, manifest: Manifest | None, problems: Problems
    ) -> SignedManifest | None:
        """Check who signed the manifest in a folder, and that it binds every file.

        `content` is the manifest as it was delivered, `manifest` what it says. None if that adds a
        problem.
        """
        with problems.collecting(SIGNATURE):
            armored = _read_signature(folder)
            if content is None or armored is None:
                raise _unsigned(MANIFEST if content is None else SIGNATURE)
            sender = self._signer(content, armored)
            if manifest is not None:  # its own problems are known
                return _binding(sender, content, armored, manifest)
        return None

    def _signer(self, content: bytes, armored: bytes) -> Sender:
        try:
            signature = Signature.parse(armored)
            signature.verify(content)
        except SignatureInvalid as error:
            told = sentence(
                "{error}. Have the sender sign this {manifest}: {sign}",
                error=message_of(error),
                manifest=MANIFEST,
                sign=_SIGN,
            )
            raise FileProblem("signature_invalid", told) from error
        known = self.senders.with_key(signature.key)
        if not known:
            raise FileProblem(
                "sender_unknown",
                sentence(
                    "it was made with the key {fingerprint}, which {file} does not list; "
                    "ask the sender whether the key is theirs before you list it",
                    fingerprint=signature.key.fingerprint,
                    file=str(self.senders.file),
                ),
            )
        reasons = [each.why_not(self.at) for each in known]
        if None not in reasons:
            raise FileProblem(
                "sender_not_valid",
                sentence(
                    "it was made by {name}, whose key {why}, as {file} says; have the "
                    "manifest signed with a valid key",
                    name=known[-1].name,
                    why=reasons[-1],
                    file=str(self.senders.file),
                ),
            )
        return known[reasons.index(None)]


def _binding(sender: Sender, content: bytes, armored: bytes, manifest: Manifest) -> SignedManifest:
    hashes = {name: said.sha256 for name, said in manifest.declared.items() if said.sha256}
    if unhashed := sorted(manifest.declared.keys() - hashes):
        raise FileProblem(
            "manifest_unhashed",
            sentence(
                "{name} signed a {manifest} without the sha256 of {names}: nothing "
                "proves the file; the manifest must have it for every file",
                name=sender.name,
                manifest=MANIFEST,
                names=", ".join(unhashed[:3]),
            ),
        )
    if manifest.delivery_no is None:
        raise FileProblem(
            "manifest_malformed",
            sentence(
                "the delivery_no of {manifest} is not a whole number from 1 on", manifest=MANIFEST
            ),
        )
    return SignedManifest(sender, content, armored.decode("ascii"), hashes, manifest.delivery_no)


def _unsigned(lacks: str) -> FileProblem:
    return FileProblem(
        "delivery_unsigned",
        sentence(
            "the delivery has no {lacks}, and only signed ones are accepted "
            "(GROWTH_POINTS_SENDERS); have the sender sign it: {sign}",
            lacks=lacks,
            sign=_SIGN,
        ),
    )


def _read_signature(folder: Path) -> bytes | None:
    """Read a signature file, None if there is none; of one that is too long only the beginning."""
    path = folder / SIGNATURE
    if not path.exists():
        return None
    if not path.is_file():
        raise FileProblem("signature_invalid", sentence("it is not an ordinary file"))
    with path.open("rb") as file:
        return file.read(LONGEST + 1)
