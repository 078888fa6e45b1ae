"""Keys of senders, and what they sign, made without ssh-keygen."""

import hashlib
import struct
from base64 import b64encode
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.signatures.senders import Sender
from adapters.signatures.sshsig import PublicKey

NAME = "settlements@market.example"


@dataclass(frozen=True)
class Signer:
    """A sender with a private key."""

    name: str = NAME
    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def public(self) -> PublicKey:
        """The public key."""
        return PublicKey(self.private.public_key().public_bytes_raw())

    @property
    def sender(self) -> Sender:
        """The sender, always valid."""
        return Sender(self.name, self.public)

    def line(self, options: str = "") -> str:
        """Write the line of the file of senders."""
        return f"{self.name} {options + ' ' if options else ''}{self.public} a comment\n"

    def sign(self, message: bytes, **parts: bytes) -> bytes:
        """Sign a message as ssh-keygen does; `parts` replaces fields of the signature."""
        return armored(self.blob(message, **parts))

    def blob(self, message: bytes, **parts: bytes) -> bytes:
        """Make the signature without its armor."""
        space = parts.get("namespace", b"growth-points")
        name = parts.get("hash_name", b"sha512")
        digest = hashlib.new("sha256" if name == b"sha256" else "sha512", message).digest()
        signed = b"SSHSIG" + b"".join(map(string, (space, b"", name, digest)))
        key = parts.get("key", string(b"ssh-ed25519") + string(self.public.content))
        made = parts.get("made", string(b"ssh-ed25519") + string(self.private.sign(signed)))
        fields = map(string, (key, space, b"", name, made))
        return b"SSHSIG" + struct.pack(">I", 1) + b"".join(fields)


def string(content: bytes) -> bytes:
    """Write a string of OpenSSH's formats."""
    return struct.pack(">I", len(content)) + content


def armored(blob: bytes) -> bytes:
    """Write a signature as the text of a .sig file."""
    text = b64encode(blob).decode()
    lines = [text[start : start + 70] for start in range(0, len(text), 70)]
    wrapped = "\n".join(lines)
    return f"-----BEGIN SSH SIGNATURE-----\n{wrapped}\n-----END SSH SIGNATURE-----\n".encode()
