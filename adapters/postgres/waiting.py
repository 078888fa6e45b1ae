"""Waiting for locks: it has a limit, and whoever reaches it is told who holds them."""

from collections.abc import Sequence
from typing import Any, Final

from psycopg.errors import LockNotAvailable
from sqlalchemy import Engine, Row, event, text
from sqlalchemy.engine import ExceptionContext

from domain.refusal import Unavailable
from domain.sentence import Text, joined, sentence

LOCK_TIMEOUT_SECONDS: Final = 600

# Sessions that hold a lock of the ledger and wait for none themselves: whoever holds the program's,
# then whoever writes, then readers, for whom only a migration waits.
_HOLDERS: Final = text("""
    SELECT pid, usename, application_name, to_char(xact_start, 'YYYY-MM-DD HH24:MI:SS') AS since,
           min(CASE WHEN mode = 'AccessShareLock' THEN 3
                    WHEN relname = 'program_lock' THEN 1 ELSE 2 END) AS rank
    FROM pg_locks held JOIN pg_stat_activity USING (pid) LEFT JOIN pg_class ON oid = relation
    WHERE granted AND datname = current_database() AND pid NOT IN (:waited, pg_backend_pid())
      AND (relnamespace = to_regnamespace('growth_points') OR locktype = 'advisory')
      AND NOT EXISTS (SELECT FROM pg_locks WHERE pid = held.pid AND NOT granted)
    GROUP BY pid, usename, application_name, xact_start ORDER BY rank, xact_start
""")


class WaitedTooLong(Unavailable):
    """Another session held a lock for longer than the limit."""


def name_who_holds_locks(engine: Engine) -> None:
    """Have an engine raise WaitedTooLong where PostgreSQL says that a lock was not available."""
    event.listen(engine, "handle_error", _explain)


def _explain(context: ExceptionContext) -> None:
    error, connection = context.original_exception, context.connection
    if isinstance(error, LockNotAvailable) and connection is not None:
        session: Any = connection.connection.dbapi_connection
        raise WaitedTooLong(_told(connection.engine, session.info.backend_pid)) from error


def _told(engine: Engine, waited: int) -> Text:
    with engine.connect() as connection:
        # Its login may see more of its own sessions.
        connection.execute(text("SET LOCAL ROLE NONE"))
        limit = connection.scalar(text("SHOW lock_timeout"))
        holders = connection.execute(_HOLDERS, {"waited": waited}).all()
    return sentence(
        "Gave up after waiting {limit} for a lock that another session of the database holds: "
        "{who}. Nothing was changed; run the command again when that session has ended.",
        limit=limit,
        who=_named(holders),
    )


def _named(holders: Sequence[Row[Any]]) -> Text:
    """Name the holders of the first rank, any of which may be the one that was waited for."""
    if not holders:
        return sentence("it has ended meanwhile")
    first = [each for each in holders if each.rank == holders[0].rank]
    return joined(map(_holder, first), sentence(" or "))


def _holder(session: Row[Any]) -> Text:
    facts = {
        "user": session.usename,
        "pid": session.pid,
        "name": session.application_name or sentence("unnamed"),
        "since": session.since,
    }
    if session.since:
        return sentence("{user} (process {pid}, {name}, since {since})", **facts)
    return sentence("{user} (process {pid}, {name})", **facts)
