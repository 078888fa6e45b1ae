"""Who asks: a store, or a service of the marketplace, by a token that the marketplace signed."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

import jwt
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from domain.sentence import Sentence, sentence
from web.stores.keys import ALGORITHMS, Keys

POINTS_READ: Final = "points:read"
CONVERSIONS_WRITE: Final = "conversions:write"
REWARDS_WRITE: Final = "rewards:write"
SCOPES: Final = {
    POINTS_READ: "read what stores have",
    CONVERSIONS_WRITE: "link search-ad accounts and convert points",
    REWARDS_WRITE: "send rewards, and try them again",
}
_LONGEST_NAME: Final = 64
_LEEWAY_SECONDS: Final = 30
_REQUIRED: Final = ["exp", "iss", "aud", "sub"]


class TokenRefused(Exception):
    """The token identifies nobody; `reason` says why."""

    def __init__(self, reason: str, told: Sentence) -> None:
        super().__init__(told)
        self.reason = reason


class NotAllowed(Exception):
    """Whoever asks is known, and may not do this; `reason` says why."""

    def __init__(self, reason: str, told: Sentence) -> None:
        super().__init__(told)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a store of this id, or, without one, a service with scopes."""

    name: str
    seller_id: str | None
    scopes: frozenset[str] = frozenset()

    @property
    def actor(self) -> str:
        """The name that is recorded with what is done."""
        return f"{'service' if self.seller_id is None else 'store'} {self.name}"

    def require(self, scope: str, seller_id: str | None = None) -> None:
        """Raise NotAllowed unless it is the store itself, or a service with the scope."""
        if self.seller_id is None or seller_id is None:
            if scope not in self.scopes:
                raise NotAllowed(
                    "scope_missing", sentence("This token lacks the scope {scope}.", scope=scope)
                )
        elif self.seller_id != seller_id:
            raise NotAllowed("not_your_store", sentence("This token belongs to another store."))


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a token must have: a signature by one of the keys, this issuer and this audience."""

    keys: Keys
    issuer: str
    audience: str

    def verify(self, token: str) -> Caller:
        """Return whose token it is; raises TokenRefused, KeysUnavailable."""
        try:
            return _caller(self._claims(token))
        except jwt.ExpiredSignatureError:
            raise TokenRefused("token_expired", sentence("The token has expired.")) from None
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise TokenRefused("token_invalid", sentence("The token is not valid.")) from error

    def _claims(self, token: str) -> dict[str, Any]:
        header = jwt.get_unverified_header(token)
        key = self.keys.find(header.get("kid"))
        if key is None:
            raise jwt.InvalidKeyError("unknown key")
        return jwt.decode(
            token,
            key,
            algorithms=[ALGORITHMS[str(key.key_type)]],
            audience=self.audience,
            issuer=self.issuer,
            leeway=_LEEWAY_SECONDS,
            options={"require": _REQUIRED},
        )


def _caller(claims: dict[str, Any]) -> Caller:
    name, scope = claims["sub"], claims.get("scope")
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        raise jwt.InvalidTokenError("not a name")
    if "scope" not in claims:
        return Caller(name, name)
    if not isinstance(scope, str):
        raise jwt.InvalidTokenError("scope is not a text")
    return Caller(name, None, frozenset(scope.split()))


_BEARER: Final = HTTPBearer(
    auto_error=False, bearerFormat="JWT", description="A token that the marketplace signed."
)


def _asking(
    request: Request,
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
) -> Caller:
    if given is None:
        told = sentence("Send a token: Authorization: Bearer TOKEN.")
        raise TokenRefused("token_missing", told)
    tokens: Tokens = request.app.state.tokens
    return tokens.verify(given.credentials)


Asking = Annotated[Caller, Depends(_asking)]
"""A parameter of routes: who asks."""
