"""A marketplace that signs tokens, and whoever would like to be one."""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

ISSUER: Final = "https://marketplace.example"
AUDIENCE: Final = "growth-points"
HOUR: Final = 3600
ALL_SCOPES: Final = "points:read conversions:write rewards:write"


@dataclass(frozen=True)
class Signer:
    """A key pair with its id, and how it signs."""

    key_id: str
    key: RSAPrivateKey | EllipticCurvePrivateKey
    algorithm: str

    @classmethod
    def rsa(cls, key_id: str, bits: int = 2048) -> "Signer":
        """Make an RSA key."""
        return cls(key_id, rsa.generate_private_key(65537, bits), "RS256")

    @classmethod
    def ec(cls, key_id: str) -> "Signer":
        """Make a P-256 key."""
        return cls(key_id, ec.generate_private_key(ec.SECP256R1()), "ES256")

    @property
    def public(self) -> dict[str, Any]:
        """The public key as a JWK."""
        if isinstance(self.key, RSAPrivateKey):
            written = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        else:
            written = ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {**written, "kid": self.key_id, "use": "sig"}

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """Sign claims."""
        named = {"kid": self.key_id, **header}
        headers = {name: value for name, value in named.items() if value is not None}
        return jwt.encode(claims, self.key, self.algorithm, headers=headers)


@dataclass
class Issuer:
    """The marketplace: its keys in a file, and its tokens."""

    file: Path
    signers: list[Signer] = field(
        default_factory=lambda: [Signer.rsa("2026-a"), Signer.ec("2026-b")]
    )

    def publish(self, *more: dict[str, Any]) -> None:
        """Write the public keys."""
        keys = [*(each.public for each in self.signers), *more]
        self.file.write_text(json.dumps({"keys": keys}))

    def token(self, subject: str, scope: str | None = None, by: int = 0, **claims: Any) -> str:
        """Issue a token: a store's, or, with scopes, a service's."""
        return self.signers[by].sign(claims_of(subject, scope, **claims))


def claims_of(subject: str, scope: str | None = None, **others: Any) -> dict[str, Any]:
    """Return the claims of a valid token; None among the others leaves one out."""
    now = int(time.time())
    claims = {
        "sub": subject,
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + HOUR,
        "scope": scope,
        **others,
    }
    return {name: value for name, value in claims.items() if value is not None}
