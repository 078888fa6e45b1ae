"""How much of a request is read: a body that is too long is refused before it is kept."""

from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST_BODY: Final = 1_048_576


class LimitedBodies:
    """Middleware that ends reading a body at its limit with the status 413."""

    def __init__(self, app: ASGIApp, longest: int = LONGEST_BODY) -> None:
        self._app, self._longest = app, longest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, counting what is read of its body."""
        if scope["type"] == "http":
            receive = self._counted(receive)
        await self._app(scope, receive, send)

    def _counted(self, receive: Receive) -> Receive:
        read = 0

        async def counting() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._longest:
                raise HTTPException(413, headers={"Connection": "close"})
            return message

        return counting
