"""Detached signatures as `ssh-keygen -Y sign` writes them (OpenSSH's PROTOCOL.sshsig), by Ed25519.

The container is six fields, read here; keys and signatures are checked by `cryptography`.
"""

import hashlib
import struct
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from domain.sentence import sentence

KEY_TYPE: Final = "ssh-ed25519"
NAMESPACE: Final = "growth-points"
LONGEST: Final = 4096  # bytes; a signature by Ed25519 has about 320

_MAGIC: Final = b"SSHSIG"
_VERSION: Final = 1
_BEGIN: Final = "-----BEGIN SSH SIGNATURE-----"
_END: Final = "-----END SSH SIGNATURE-----"
_HASHES: Final = {b"sha256": hashlib.sha256, b"sha512": hashlib.sha512}
_KEY_BYTES: Final = 32
_ANOTHER_TEXT: Final = sentence("it is not the text that ssh-keygen -Y sign writes")


class SignatureInvalid(Exception):
    """A signature that proves nothing; the message says why, without naming the file."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An Ed25519 public key, by its 32 bytes."""

    content: bytes

    def __str__(self) -> str:
        """Return the key as in OpenSSH's files: `ssh-ed25519 AAAA…`."""
        return f"{KEY_TYPE} {b64encode(self._blob).decode()}"

    @property
    def fingerprint(self) -> str:
        """The key's fingerprint, as `ssh-keygen -l` shows it."""
        return f"SHA256:{b64encode(hashlib.sha256(self._blob).digest()).decode().rstrip('=')}"

    @property
    def _blob(self) -> bytes:
        return _string(KEY_TYPE.encode()) + _string(self.content)

    @classmethod
    def parse(cls, text: str) -> "PublicKey":
        """Read `ssh-ed25519 AAAA…`; raises SignatureInvalid."""
        kind, _, encoded = text.partition(" ")
        if kind != KEY_TYPE:
            raise SignatureInvalid(
                sentence(
                    "its key is of type {kind!r}, not {key_type}", kind=kind[:40], key_type=KEY_TYPE
                )
            )
        return cls._of(_decoded(encoded))

    @classmethod
    def _of(cls, blob: bytes) -> "PublicKey":
        fields = _Fields(blob)
        if (kind := fields.string()) != KEY_TYPE.encode():
            raise SignatureInvalid(
                sentence(
                    "its key is of type {kind}, not {key_type}",
                    kind=_shown(kind),
                    key_type=KEY_TYPE,
                )
            )
        content = fields.rest_as_string()
        if len(content) != _KEY_BYTES:
            raise SignatureInvalid(sentence("its key is damaged"))
        return cls(content)


@dataclass(frozen=True, slots=True)
class Signature:
    """A detached signature: the key it claims, what it is for, and the signature itself."""

    key: PublicKey
    namespace: bytes
    reserved: bytes
    hash_name: bytes
    content: bytes

    @classmethod
    def parse(cls, armored: bytes) -> "Signature":
        """Read the text of a `.sig` file; raises SignatureInvalid."""
        fields = _Fields(_unarmored(armored))
        if fields.take(len(_MAGIC)) != _MAGIC or fields.number() != _VERSION:
            raise SignatureInvalid(sentence("it is not a version 1 signature of ssh-keygen"))
        key = PublicKey._of(fields.string())  # noqa: SLF001 the same format
        namespace, reserved, hash_name = fields.string(), fields.string(), fields.string()
        inner = _Fields(fields.rest_as_string())
        if (kind := inner.string()) != KEY_TYPE.encode():
            raise SignatureInvalid(
                sentence(
                    "it is of type {kind}, not {key_type}", kind=_shown(kind), key_type=KEY_TYPE
                )
            )
        return cls(key, namespace, reserved, hash_name, inner.rest_as_string())

    def verify(self, message: bytes) -> None:
        """Raise SignatureInvalid unless the key signed the message for this program."""
        if self.namespace != NAMESPACE.encode():
            raise SignatureInvalid(
                sentence(
                    "it was made for {namespace}; sign with ssh-keygen -n {needed}",
                    namespace=_shown(self.namespace),
                    needed=NAMESPACE,
                )
            )
        if self.hash_name not in _HASHES:
            raise SignatureInvalid(
                sentence(
                    "its hash is {hash_name}, not sha512 or sha256",
                    hash_name=_shown(self.hash_name),
                )
            )
        digest = _HASHES[self.hash_name](message).digest()
        signed = _MAGIC + b"".join(
            map(_string, (self.namespace, self.reserved, self.hash_name, digest))
        )
        try:
            Ed25519PublicKey.from_public_bytes(self.key.content).verify(self.content, signed)
        except InvalidSignature:
            raise SignatureInvalid(
                sentence(
                    "the key {fingerprint} did not sign these bytes",
                    fingerprint=self.key.fingerprint,
                )
            ) from None


@dataclass(slots=True)
class _Fields:
    """Reads the fields of OpenSSH's formats: numbers, and strings after their length."""

    left: bytes

    def take(self, count: int) -> bytes:
        if count > len(self.left):
            raise SignatureInvalid(sentence("it is cut short or damaged"))
        taken, self.left = self.left[:count], self.left[count:]
        return taken

    def number(self) -> int:
        number: int = struct.unpack(">I", self.take(4))[0]
        return number

    def string(self) -> bytes:
        return self.take(self.number())

    def rest_as_string(self) -> bytes:
        last = self.string()
        if self.left:
            raise SignatureInvalid(sentence("it is damaged: bytes follow its end"))
        return last


def _unarmored(armored: bytes) -> bytes:
    if len(armored) > LONGEST:
        raise SignatureInvalid(
            sentence(
                "it has more than {longest:,} bytes; a signature has a few hundred", longest=LONGEST
            )
        )
    try:
        text = " ".join(armored.decode("ascii").split())
    except UnicodeDecodeError:
        raise SignatureInvalid(_ANOTHER_TEXT) from None
    if not (text.startswith(f"{_BEGIN} ") and text.endswith(f" {_END}")):
        raise SignatureInvalid(_ANOTHER_TEXT)
    return _decoded(text[len(_BEGIN) : -len(_END)].replace(" ", ""))


def _decoded(encoded: str) -> bytes:
    try:
        return b64decode(encoded, validate=True)
    except ValueError:
        raise SignatureInvalid(sentence("it is damaged: it is not Base64")) from None


def _string(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content


def _shown(field: bytes) -> str:
    return repr(field[:40].decode("ascii", "backslashreplace"))
