"""A database that fails in the middle of a command ends it with a sentence; nothing is lost."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import psycopg
import pytest
from httpx import Request, Response
from prefect import flow
from prefect.exceptions import PrefectHTTPStatusError
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError

from flows.prefect.endings import telling
from flows.troubles import sentence_about
from tests.command_line import Marketplace
from tests.three_stores import NOVEMBER, OCTOBER

QUICK: dict[str, tuple[str, ...]] = {
    "adjust": ("adjust", "maru", "5", "--reason", "a test"),
    "approve-payout": ("approve-payout", OCTOBER, "300000", "--reason", "a test"),
    "reschedule-payouts": ("reschedule-payouts",),
    "ledger": ("ledger",),
}
FLOWS = {"close": ("close", NOVEMBER), "pay-out": ("pay-out",), "ingest": ("ingest", NOVEMBER)}


@contextmanager
def lost_at(number: int, url: str) -> Iterator[list[int]]:
    """End the server's process just before the n-th statement or commit; count them."""
    count = [0]

    def lose(pid: int) -> None:
        count[0] += 1
        if count[0] == number:
            with psycopg.connect(url, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    def before_statement(_: Connection, cursor: Any, *__: Any) -> None:
        lose(cursor.connection.info.backend_pid)

    def before_commit(connection: Connection) -> None:
        raw: Any = connection.connection.driver_connection
        lose(raw.info.backend_pid)

    event.listen(Engine, "before_cursor_execute", before_statement)
    event.listen(Engine, "commit", before_commit)
    try:
        yield count
    finally:
        event.remove(Engine, "before_cursor_execute", before_statement)
        event.remove(Engine, "commit", before_commit)


@pytest.mark.parametrize("command", QUICK)
def test_a_connection_lost_at_any_statement_is_a_sentence(
    closed_october: Marketplace, command: str
) -> None:
    number, lost = 0, True
    while lost:
        number += 1
        with lost_at(number, closed_october.database_url) as count:
            ran = closed_october.run(*QUICK[command])
        lost = count[0] >= number
        assert ran.exit_code == int(lost)
        assert ("the database failed: " in ran.stderr or "No connection to " in ran.stderr) is lost
    assert number > 3
    closed_october.done("verify")


@pytest.mark.parametrize("command", FLOWS)
def test_a_connection_lost_while_a_flow_posts_is_a_sentence(
    closed_october: Marketplace, command: str
) -> None:
    with lost_at(20, closed_october.database_url):
        ran = closed_october.run(*FLOWS[command])
    assert (ran.exit_code, "the database failed: " in ran.stderr) == (1, True)
    closed_october.done(*FLOWS[command])
    closed_october.done("verify")


def test_a_disk_that_is_full_ends_a_run_with_a_sentence() -> None:
    """Prefect would make a state of the statement and its parameters."""

    @flow
    @telling
    def failing() -> None:
        raise raised_by_the_database(psycopg.errors.DiskFull("could not extend file\nCONTEXT: x"))

    state = failing(return_state=True)
    assert state.message == (
        "the database failed: could not extend file. Nothing is left half done; check the "
        "database and run the command again."
    )
    assert isinstance(state.result(raise_on_failure=False), DBAPIError)


def raised_by_the_database(error: psycopg.Error) -> DBAPIError:
    return DBAPIError("SELECT 1", {}, error)


FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
OUTSIDE: dict[str, Exception] = {
    "a full disk, of a file that nobody names": FULL,
    "a full disk": OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/a/file"),
    "a broken disk": OSError(errno.EIO, os.strerror(errno.EIO)),
    "a full disk under the engine": duckdb.IOException("No space left on device"),
    "a lost connection": raised_by_the_database(psycopg.OperationalError("gone")),
    "a full disk under the database": raised_by_the_database(psycopg.errors.DiskFull("full")),
    "a closed connection": raised_by_the_database(psycopg.InterfaceError("is closed")),
    "a standby": raised_by_the_database(psycopg.errors.ReadOnlySqlTransaction("read-only")),
    "a damaged table": raised_by_the_database(psycopg.errors.DataCorrupted("damaged")),
    "a missing privilege": raised_by_the_database(psycopg.errors.InsufficientPrivilege("denied")),
    "a timeout": raised_by_the_database(psycopg.errors.IdleInTransactionSessionTimeout("late")),
    "no words": raised_by_the_database(psycopg.OperationalError()),
    "a Prefect server with a full disk": PrefectHTTPStatusError(
        "500", request=Request("POST", "http://a"), response=Response(500)
    ),
}


@pytest.mark.parametrize("trouble", OUTSIDE)
def test_a_failure_outside_the_program_is_a_sentence(trouble: str) -> None:
    about = sentence_about(OUTSIDE[trouble])
    assert about is not None
    sentence = str(about)
    assert sentence.endswith(".")
    assert "\n" not in sentence


@pytest.mark.parametrize(
    "bug",
    [KeyError("a"), OSError("a"), raised_by_the_database(psycopg.errors.CheckViolation("a"))],
    ids=repr,
)
def test_a_bug_is_none(bug: Exception) -> None:
    assert sentence_about(bug) is None
