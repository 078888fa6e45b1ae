"""Prefect's server, guarded against requests from pages of other origins.

It has no login, so any page open in an operator's browser could otherwise read from it or start
runs. It rejects requests made to a host name that is not its own (DNS rebinding) and requests with
a foreign `Origin`, including those that browsers send without a preflight, such as web sockets.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse

from flows.settings import Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

OWN_HOSTS: Final = ("127.0.0.1", "localhost")
_ASKED_BY_NAME: Final = ("http", "websocket")
_POLICY: Final = (
    b"connect-src 'self'; img-src 'self' data: blob:; font-src 'self' data:; frame-src 'self'; "
    b"frame-ancestors 'self'"
)
_ONLY_THIS_SERVER: Final = (
    (b"content-security-policy", _POLICY),
    (b"x-frame-options", b"SAMEORIGIN"),
)


def prefect_app() -> "ASGIApp":
    """Create Prefect's server, whose pages may connect to it alone and be framed by it alone.

    Without this its UI would contact an external analytics service even with analytics disabled.
    """
    from prefect.server.api.server import create_app

    from flows.prefect.servers.own_database import wait_for_the_database

    wait_for_the_database()
    return restrict_to_own_pages(create_app(), Settings.read().host_names)


def restrict_to_own_pages(app: "ASGIApp", host_names: Collection[str]) -> "ASGIApp":
    """Wrap an application to reject other host names and foreign origins."""
    names = [*OWN_HOSTS, *host_names]
    guarded = TrustedHostMiddleware(app, allowed_hosts=names, www_redirect=False)
    refusal = PlainTextResponse("This page is not one of this server.", 403)

    async def answer(scope: "Scope", receive: "Receive", send: "Send") -> None:
        async def send_with_policy(message: "Message") -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_ONLY_THIS_SERVER]
            await send(message)

        foreign = scope["type"] in _ASKED_BY_NAME and _is_foreign(Headers(scope=scope), names)
        await (refusal if foreign else guarded)(scope, receive, send_with_policy)

    return answer


def _is_foreign(asked: Headers, names: Collection[str]) -> bool:
    """Whether a request comes from a page of another origin; only browsers send an `Origin`.

    Behind a proxy the origin names the proxy's host, so every configured name is accepted.
    """
    origin = asked.get("origin")
    if origin is None:
        return False
    page = urlsplit(origin)
    return page.netloc != asked.get("host") and page.hostname not in set(names) - set(OWN_HOSTS)
