"""What every answer of the operators' pages keeps to: its host names and its headers."""

from collections.abc import Collection
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OWN_STYLE: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
STYLE_IN_THE_PAGE: Final = OWN_STYLE.replace("style-src 'self'", "style-src 'unsafe-inline'")
"""For pages that are kept as files, which bring their style along."""


class Guarded:
    """Middleware that answers by known host names only, and forbids to keep or frame a page."""

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self._app, self._names = app, frozenset(names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or reject one made to another host name (DNS rebinding)."""

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                _guard(MutableHeaders(scope=message))
            await send(message)

        if scope["type"] == "http" and self._host(scope) not in self._names:
            refusal = PlainTextResponse("This is not a name of this server.\n", 421)
            await refusal(scope, receive, send_guarded)
        else:
            await self._app(scope, receive, send_guarded)

    def _host(self, scope: Scope) -> str:
        return Headers(scope=scope).get("host", "").partition(":")[0].lower()


def _guard(headers: MutableHeaders) -> None:
    """Forbid to keep or frame an answer, and to load anything from elsewhere."""
    headers.setdefault("Content-Security-Policy", OWN_STYLE)
    headers.setdefault("Cache-Control", "no-store")
    headers["X-Frame-Options"] = "DENY"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
