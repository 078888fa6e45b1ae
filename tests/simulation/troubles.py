"""What happens to the program at its n-th statement or its commit: each in a real database.

Each trouble does a deed, has it cut off, and says whether that came about: a deed of fewer
statements is over before.
"""

import os
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, Final, NoReturn

from sqlalchemy import Connection, Engine, NullPool, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from domain.refusal import Refused, Unavailable

Deed = Callable[[], object]
Trouble = Callable[[int, Deed, Engine], bool]

DISK_FULL: Final = """
  DO $$ BEGIN
    RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
  END $$
"""


def no_trouble(_at: int, deed: Deed, _engine: Engine) -> bool:
    """Let nothing happen."""
    deed()
    return False


def connection_ended(at: int, deed: Deed, engine: Engine) -> bool:
    """Let the server end the connection that is about to run the n-th statement."""
    return _met(deed, before_statement(at, lambda cursor: _end(engine, cursor)))


def disk_full(at: int, deed: Deed, _engine: Engine) -> bool:
    """Let the server answer the n-th statement that its disk is full, aborting the transaction."""
    return _met(deed, before_statement(at, lambda cursor: cursor.execute(DISK_FULL)))


def answer_lost(_at: int, deed: Deed, _engine: Engine) -> bool:
    """Let the server commit, and the connection be lost before it says so."""
    return _met(deed, at_commit(lambda connection: connection.close()))


def killed(at: int, deed: Deed, engine: Engine) -> bool:
    """Kill the process before its n-th statement."""
    return _in_a_child(deed, engine, before_statement(at, kill_this_process))


def killed_after_its_commit(_at: int, deed: Deed, engine: Engine) -> bool:
    """Kill the process right after it committed."""
    return _in_a_child(deed, engine, at_commit(kill_this_process))


BEFORE_THE_COMMIT: Final[tuple[Trouble, ...]] = (connection_ended, disk_full, killed)
TROUBLES: Final[tuple[Trouble, ...]] = (*BEFORE_THE_COMMIT, answer_lost, killed_after_its_commit)


class _Struck:
    """Whether a trouble came about."""

    def __init__(self) -> None:
        self.by_now = False


@contextmanager
def before_statement(at: int, strike: Callable[[Any], object]) -> Iterator[_Struck]:
    """Strike before the n-th statement of any engine from now, with its cursor."""
    statements, struck = 0, _Struck()

    def count(_connection: Any, cursor: Any, *_: object) -> None:
        nonlocal statements
        statements += 1
        if statements == at:
            struck.by_now = True
            strike(cursor)

    event.listen(Engine, "before_cursor_execute", count)
    try:
        yield struck
    finally:
        event.remove(Engine, "before_cursor_execute", count)


@contextmanager
def at_commit(strike: Callable[[Any], object]) -> Iterator[_Struck]:
    """Strike once something is committed and before the program knows, with the connection."""
    struck = _Struck()

    def commit(connection: Connection) -> None:
        if not struck.by_now:
            struck.by_now = True
            session: Any = connection.connection.dbapi_connection
            session.commit()
            strike(session)

    event.listen(Engine, "commit", commit)
    try:
        yield struck
    finally:
        event.remove(Engine, "commit", commit)


def _met(deed: Deed, trouble: AbstractContextManager[_Struck]) -> bool:
    """Do a deed, which may fail by the trouble and by nothing else; say whether it struck."""
    with trouble as struck:
        try:
            deed()
        except (DBAPIError, Unavailable):
            if not struck.by_now:
                raise
    return struck.by_now


def _in_a_child(deed: Deed, engine: Engine, trouble: AbstractContextManager[_Struck]) -> bool:
    """Do a deed in a forked process, which the trouble kills; say whether it did."""
    child = os.fork()
    if child == 0:
        _do_and_exit(deed, engine, trouble)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if ended not in (0, -signal.SIGKILL):
        raise RuntimeError("a deed failed in a process of its own; its traceback is above")
    return ended != 0


def _do_and_exit(deed: Deed, engine: Engine, trouble: AbstractContextManager[_Struck]) -> NoReturn:
    """Do a deed on connections of this process's own; a refusal is for the next try to tell."""
    try:
        engine.dispose(close=False)
        with trouble, suppress(Refused):
            deed()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def kill_this_process(_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _end(engine: Engine, cursor: Any) -> None:
    """End a server process and wait until it is gone; told to wait, the server looks at 10 Hz."""
    asked = {"pid": cursor.connection.info.backend_pid}
    killer = create_engine(engine.url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with killer.connect() as other:
        other.execute(text("SELECT pg_terminate_backend(:pid)"), asked)
        while other.scalar(text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid"), asked):
            time.sleep(0.001)
