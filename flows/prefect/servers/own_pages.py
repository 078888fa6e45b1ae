"""Prefect's server for pages of its own alone.

It has no login, so whatever page an operator's browser has open could ask it for everything, or
tell it to do something. It therefore answers to no name but its own, which a page from elsewhere
could have lead here, and to no request that a browser makes for such a page: not even to those that
browsers send without asking first, as the opening of a web socket or the posting of a text.
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

OWN_NAMES: Final = ("127.0.0.1", "localhost")  # of this machine, whatever else it is called
_ASKED_BY_NAME: Final = ("http", "websocket")
_ONLY_THIS_SERVER: Final = (
    b"content-security-policy",
    b"connect-src 'self'; img-src 'self' data: blob:; font-src 'self' data:; frame-src 'self'",
)


def prefect_app() -> "ASGIApp":
    """Make Prefect's server, whose pages may speak to it and to nobody else.

    Its UI asks a service outside for how to collect statistics, even where it is told to send none.
    """
    from prefect.server.api.server import create_app

    return for_own_pages(create_app(), Settings.read().further_names)


def for_own_pages(app: "ASGIApp", further_names: Collection[str]) -> "ASGIApp":
    """Put a guard before an application that answers by its own names, to its own pages."""
    names = [*OWN_NAMES, *further_names]
    guarded = TrustedHostMiddleware(app, allowed_hosts=names, www_redirect=False)
    refusal = PlainTextResponse("This page is not one of this server.", 403)

    async def answer(scope: "Scope", receive: "Receive", send: "Send") -> None:
        async def send_with_policy(message: "Message") -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), _ONLY_THIS_SERVER]
            await send(message)

        foreign = scope["type"] in _ASKED_BY_NAME and _is_foreign(Headers(scope=scope), names)
        await (refusal if foreign else guarded)(scope, receive, send_with_policy)

    return answer


def _is_foreign(asked: Headers, names: Collection[str]) -> bool:
    """Say whether a browser asks for a page of another server; whoever is no browser names none.

    Behind a proxy the page's name is the proxy's and the server is asked by its own, so a page of
    any name that was configured may ask.
    """
    origin = asked.get("origin")
    if origin is None:
        return False
    page = urlsplit(origin)
    return page.netloc != asked.get("host") and page.hostname not in set(names) - set(OWN_NAMES)
