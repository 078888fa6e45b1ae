"""Prefect's SQLite database, made to wait for its turn where it said "database is locked".

Prefect begins most transactions by reading. SQLite cannot let such a one write after another has
committed, and refuses it at once, whatever the timeout. A transaction that begins with the right to
write waits for the others instead, for a minute if need be.
"""

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from prefect.server.database.configurations import AioSqliteConfiguration
from prefect.server.database.dependencies import MODELS_DEPENDENCIES
from prefect.server.utilities.database import get_dialect
from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction


class WaitingSqlite(AioSqliteConfiguration):
    """A database whose every transaction begins with the right to write."""

    @asynccontextmanager
    async def begin_transaction(
        self, session: "AsyncSession", with_for_update: bool = True
    ) -> "AsyncGenerator[AsyncSessionTransaction]":
        """Begin a transaction once it may write, whether it says that it will or not."""
        async with super().begin_transaction(session, with_for_update=True) as transaction:
            yield transaction


def wait_for_the_database() -> None:
    """Let the server of this process wait for its SQLite; another database waits by itself."""
    url = PREFECT_API_DATABASE_CONNECTION_URL.value()
    if get_dialect(url).name == "sqlite":
        MODELS_DEPENDENCIES["database_config"] = WaitingSqlite(connection_url=url)
