"""Whoever reads a file slowly, or leaves before its end, keeps no page from others."""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from flows.settings import Settings
from tests.closings import Program
from web.operators import tables
from web.operators.app import create_operators_app

pytestmark = pytest.mark.usefixtures("program")
PATH = "/months/2026-10/decisions.csv"


@pytest.fixture
def app(settings: Settings, program: Program, monkeypatch: pytest.MonkeyPatch) -> Starlette:
    """The pages of a program with several awards, which send each row of a file by itself."""
    monkeypatch.setattr(tables, "_ROWS_AT_ONCE", 1)
    return create_operators_app(settings, "127.0.0.1")


@asynccontextmanager
async def reading_no_further(app: Starlette, *, leaving: bool = False) -> AsyncIterator[None]:
    """Ask for a file, and read no more than how it begins; with `leaving`, hang up."""
    begun = asyncio.Event()

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body":
            begun.set()
            await (asyncio.sleep(0) if leaving else asyncio.Event().wait())

    async def receive() -> dict[str, Any]:
        await (begun if leaving else asyncio.Event()).wait()
        return {"type": "http.disconnect"}

    scope = {
        "type": "http",
        "method": "GET",
        "path": PATH,
        "raw_path": PATH.encode(),
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1")],
        "asgi": {"version": "3.0"},
    }
    asked = asyncio.ensure_future(app(scope, receive, send))  # type: ignore[arg-type]
    await asyncio.wait({asked, asyncio.ensure_future(begun.wait())}, return_when="FIRST_COMPLETED")
    if leaving:
        await asked
    yield
    asked.cancel()
    await asyncio.wait({asked})


@pytest.fixture
def no_cycles_are_collected() -> Iterator[None]:
    """As it is with a server that waits for requests."""
    gc.disable()
    yield
    gc.enable()


def connections(app: Starlette) -> int:
    return int(app.state.database.engine().pool.checkedout())


@pytest.mark.usefixtures("no_cycles_are_collected")
def test_who_leaves_before_the_end_keeps_no_connection(app: Starlette) -> None:
    async def leave() -> None:
        async with reading_no_further(app, leaving=True):
            assert connections(app) == 0

    asyncio.run(leave())
    app.state.database.close()


def test_slow_readers_leave_connections_for_pages(app: Starlette) -> None:
    async def ask(path: str) -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.get(path)

    async def read_slowly(times: int) -> None:
        if times:
            async with reading_no_further(app):
                await read_slowly(times - 1)
            return
        assert connections(app) == 4
        refused = await ask(PATH)
        assert (refused.status_code, "try again in a minute" in refused.text) == (503, True)
        assert (await ask("/months/2026-10/awards")).is_success

    asyncio.run(read_slowly(4))
    assert connections(app) == 0
    assert asyncio.run(ask(PATH)).is_success
    app.state.database.close()
