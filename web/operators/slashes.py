"""Ids of stores that have a slash, in addresses: it is no end of a name there."""

import re
from typing import Final
from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

_SLASH: Final = re.compile(rb"%2f", re.IGNORECASE)
_STANDS_FOR_IT: Final = "\ue000"  # not printable, so in no id


class SlashesInNames:
    """Middleware that keeps an encoded slash apart from those between the names of a path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, its path read again if it has such a slash."""
        raw = scope.get("raw_path", b"")
        if scope["type"] == "http" and _SLASH.search(raw) and raw.startswith(b"/stores/"):
            kept = _SLASH.sub(_STANDS_FOR_IT.encode(), raw)
            path = unquote(kept.decode(errors="replace"), errors="replace")
            scope = {**scope, "path": path}
        await self._app(scope, receive, send)


def with_slashes(name: str) -> str:
    """Return a name of a path with its slashes."""
    return name.replace(_STANDS_FOR_IT, "/")
