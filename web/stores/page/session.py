"""The session of a store: the token that was handed over, kept in a cookie until it expires.

Nothing is kept on the server: the token is verified at each request.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

import jwt
from fastapi import Depends, Request
from sqlalchemy import Engine
from starlette.responses import Response

from adapters.policy_files import PolicyText
from adapters.postgres.own_rows import of_store
from domain.refusal import Refused
from domain.sentence import sentence
from flows.prefect.servers.own_pages import OWN_HOSTS
from web.stores.access import TokenRefused, Tokens
from web.stores.page.csrf import KEY_COOKIE, form_token, is_own_form, new_key
from web.stores.page.forms import Fields

_LATEST: Final = 253_402_214_400  # in the year 9999, the last one that dates have
TOKEN_COOKIE: Final = "growth-points-session"  # noqa: S105 its name


class NoSession(Refused):
    """A visitor without a valid token."""

    def __init__(self) -> None:
        super().__init__(
            sentence(
                "You are not signed in, or your session has ended. "
                "Open this page from the seller center."
            )
        )


class ForeignForm(Refused):
    """A form that was not given to this session."""

    def __init__(self) -> None:
        super().__init__(
            sentence(
                "This form does not belong to your session. Nothing was changed; "
                "open the page again."
            )
        )


@dataclass(frozen=True, slots=True)
class Session:
    """A store's session, with the key of its forms, and the database as the store may see it."""

    seller_id: str
    token: str
    form_key: str
    engine: Engine
    policies: Sequence[PolicyText]

    @property
    def actor(self) -> str:
        """The name that is recorded with what the store does."""
        return f"store {self.seller_id}"

    @property
    def form_token(self) -> str:
        """The code that the forms of this session carry."""
        return form_token(self.form_key, self.token)


def current_session(request: Request) -> Session:
    """Return the session of a request; raises NoSession."""
    token, state = kept(request, TOKEN_COOKIE), request.app.state
    seller_id = store_of(request, token)
    return Session(
        seller_id,
        token,
        kept(request, KEY_COOKIE),
        of_store(state.engine, seller_id),
        state.policies,
    )


def store_of(request: Request, token: str) -> str:
    """Return the store of a token; raises NoSession, also for the token of a service."""
    tokens: Tokens = request.app.state.tokens
    try:
        seller_id = tokens.verify(token).seller_id
    except TokenRefused:
        raise NoSession from None
    if seller_id is None:
        raise NoSession
    return seller_id


def own_form(request: Request, fields: Fields) -> Session:
    """Return the session of a form that was sent; raises NoSession, ForeignForm."""
    session = current_session(request)
    if not is_own_form(request.headers, fields, session.form_key, session.token):
        raise ForeignForm
    return session


def begin(request: Request, response: Response, token: str) -> None:
    """Verify a token, and keep it with a new key for its forms in cookies; raises NoSession."""
    store_of(request, token)
    claims = jwt.decode(token, options={"verify_signature": False})  # it was verified above
    until = datetime.fromtimestamp(min(int(claims["exp"]), _LATEST), UTC)
    for name, value in ((TOKEN_COOKIE, token), (KEY_COOKIE, new_key())):
        keep(request, response, name, value, until)


def keep(request: Request, response: Response, name: str, value: str, until: datetime) -> None:
    """Keep a value in a cookie that scripts cannot read, and that is sent over TLS only.

    Requests to this machine's own names need no TLS. The cookie is Lax: the seller center is
    another site, so a strict one would not be sent with the first view.
    """
    secure, named = _is_secure(request), _named(request, name)
    response.set_cookie(named, value, expires=until, secure=secure, httponly=True, samesite="lax")


def kept(request: Request, name: str) -> str:
    """Return what is kept in a cookie, or nothing."""
    return request.cookies.get(_named(request, name), "")


def end(request: Request, response: Response) -> None:
    """Forget the token and the key."""
    secure = _is_secure(request)
    for name in (TOKEN_COOKIE, KEY_COOKIE):
        named = _named(request, name)
        response.delete_cookie(named, secure=secure, httponly=True, samesite="lax")


def _named(request: Request, name: str) -> str:
    """Name a cookie so that browsers take it from this host alone, and over TLS."""
    return f"__Host-{name}" if _is_secure(request) else name


def _is_secure(request: Request) -> bool:
    return request.url.scheme == "https" or request.url.hostname not in OWN_HOSTS


TheSession = Annotated[Session, Depends(current_session)]
TheirForm = Annotated[Session, Depends(own_form)]
