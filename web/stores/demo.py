"""Trying the stores' page out: a key that is made at start, and a list of stores to choose from.

Whoever sees the list can act as any of its stores: it is for a sample marketplace on this machine.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import APIRouter, FastAPI, Request
from jwt.algorithms import ECAlgorithm
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import HTMLResponse, Response

from adapters.postgres.find_stores import FoundStore
from flows.prefect.servers.own_pages import OWN_HOSTS
from web.stores.page.answering import PageRoute, language_of
from web.stores.page.rendering import render_without_store

ISSUER: Final = "growth-points up --demo"
_KEY_ID: Final = "demo"
_HOLDS: Final = timedelta(hours=8)


class DemoKey:
    """A key of this process that signs tokens for stores."""

    def __init__(self, audience: str) -> None:
        self._key, self._audience = ec.generate_private_key(ec.SECP256R1()), audience

    def publish(self, file: Path) -> None:
        """Write the public key as a JWKS."""
        key = ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        listed = {"keys": [{**key, "kid": _KEY_ID, "use": "sig", "alg": "ES256"}]}
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(listed), "utf-8")

    def token(self, seller_id: str) -> str:
        """Sign a token of a store."""
        claims = {
            "sub": seller_id,
            "iss": ISSUER,
            "aud": self._audience,
            "exp": datetime.now(UTC) + _HOLDS,
        }
        return jwt.encode(claims, self._key, algorithm="ES256", headers={"kid": _KEY_ID})


def add_demo(app: FastAPI, key: DemoKey, stores: Sequence[FoundStore]) -> None:
    """Add the list of stores at `/demo`, and accept requests to this machine's own names only."""
    listing = APIRouter(route_class=PageRoute, include_in_schema=False)

    @listing.get("/demo")
    def demo(request: Request) -> Response:
        """List the stores, each with a form that hands its token over."""
        shown = [(each, key.token(each.seller_id)) for each in stores]
        return HTMLResponse(render_without_store("demo.html", language_of(request), shown=shown))

    app.router.routes[:0] = listing.routes
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(OWN_HOSTS), www_redirect=False)
