"""Refusing forms that this server did not give to this session.

Every form carries an HMAC of the session, keyed by a random cookie: neither another site nor
another session can know it. Browsers also say from where a form is sent.
"""

import hmac
import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers

FIELD = "form_token"
KEY_COOKIE = "growth-points-form"
_ACCEPTED = ("same-origin", "none")


def new_key() -> str:
    """Return a random key for the cookie."""
    return secrets.token_urlsafe(24)


def form_token(key: str, session: str) -> str:
    """Return the code that the forms of a session carry."""
    return hmac.digest(key.encode(), session.encode(), "sha256").hex()


def is_own_form(headers: Headers, fields: Mapping[str, str], key: str, session: str) -> bool:
    """Whether a form was sent from this server's own page, in this session."""
    given = fields.get(FIELD, "").encode()
    known = hmac.compare_digest(given, form_token(key, session).encode())
    return bool(key) and known and comes_from_here(headers)


def comes_from_here(headers: Headers) -> bool:
    """Whether a browser says that a request comes from a page of this server.

    Every browser names the origin of a form that it posts; a request without one is refused.
    """
    if headers.get("sec-fetch-site", "same-origin") not in _ACCEPTED:
        return False
    return urlsplit(headers.get("origin", "")).netloc == headers.get("host", "-")
