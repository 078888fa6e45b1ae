"""Killed at any moment or run side by side: the months end as one clean run leaves them."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import pytest
from sqlalchemy import Connection, create_engine, text

from adapters.postgres.database import lock_program
from tests.command_line import Marketplace
from tests.three_stores import NOVEMBER, OCTOBER, OCTOBER_CORRECTED, OCTOBER_DUE_ON, deliver

PATIENCE_S: Final = 120.0  # on a loaded machine
Process = subprocess.Popen[str]


def test_a_closing_killed_while_it_posts_leaves_no_process_and_is_made_good_by_running_it_again(
    with_history: Marketplace, closed_october: Marketplace
) -> None:
    before = with_history.row_counts()
    with with_history.started("close", OCTOBER, with_own_server=True) as closing:
        _wait_until_it_says(closing, "posting")
        group = os.getpgid(closing.pid)
        closing.kill()
        closing.wait()
        _wait_until(lambda: not _alive(group))

    assert with_history.row_counts() in (before, closed_october.row_counts())  # all or nothing
    with_history.done("close", OCTOBER)
    assert with_history.result(OCTOBER) == closed_october.result(OCTOBER)
    with_history.done("verify")


def test_a_correction_killed_right_after_its_commit_is_not_made_twice(
    closed_november: Marketplace,
) -> None:
    deliver(closed_november, OCTOBER, OCTOBER_CORRECTED)
    closed_november.done("ingest", OCTOBER)
    with (
        _connected(closed_november) as database,
        closed_november.started("close", OCTOBER) as closing,
    ):
        _wait_until(lambda: _count(database, "evaluation") == 4)
        closing.kill()

    committed = closed_november.result(OCTOBER, NOVEMBER)
    again = closed_november.done("close", OCTOBER)

    assert "no change" in again.stdout
    assert closed_november.result(OCTOBER, NOVEMBER) == committed


def test_a_payout_killed_right_after_its_commit_is_not_made_twice(
    closed_october: Marketplace,
) -> None:
    with (
        _connected(closed_october) as database,
        closed_october.started("pay-out", "--on", OCTOBER_DUE_ON) as payout,
    ):
        _wait_until(lambda: _count(database, "payout") == 1)
        payout.kill()

    paid = closed_october.result()
    again = closed_october.done("pay-out", "--on", OCTOBER_DUE_ON)

    assert again.stdout == "Nothing is due that was not paid already.\n"
    assert closed_october.result() == paid
    assert [row["points"] for row in paid["payouts"]] == ["300000"]


def test_ctrl_c_is_a_sentence_and_an_exit_code(closed_october: Marketplace) -> None:
    before = closed_october.row_counts()
    words = ("pay-out", "--on", OCTOBER_DUE_ON)
    with closed_october.started(*words) as payout, _program_locked(closed_october) as others:
        _wait_until(lambda: _waiting(others) == 1)
        payout.send_signal(signal.SIGINT)
        stdout, stderr = payout.communicate(timeout=PATIENCE_S)

    assert (payout.returncode, stdout) == (130, "")
    assert "Traceback" not in stderr
    assert "run the command again" in stderr
    assert closed_october.row_counts() == before


def test_two_closings_of_one_month_at_once_are_as_one(
    with_history: Marketplace, closed_october: Marketplace
) -> None:
    words = ("close", OCTOBER)
    with with_history.started(*words) as one, with_history.started(*words) as other:
        with _program_locked(with_history) as others:
            _wait_until(lambda: _waiting(others) == 2)
        reports = [process.communicate(timeout=PATIENCE_S) for process in (one, other)]

    assert [one.returncode, other.returncode] == [0, 0], "\n".join(map("\n".join, reports))
    assert sorted("no change" in stdout for stdout, _ in reports) == [False, True]
    assert with_history.result(OCTOBER) == closed_october.result(OCTOBER)
    assert with_history.row_counts()["evaluation"] == 1
    assert with_history.row_counts()["revision"] == 3


@pytest.mark.slow
@pytest.mark.parametrize("said", ["reading", "checking", "ingesting", "deciding", "reversing"])
@pytest.mark.parametrize("later_s", [0.0, 0.01, 0.03, 0.1, 0.3])
def test_a_correction_killed_at_any_time_is_made_good_by_running_it_again(
    closed_november: Marketplace, said: str, later_s: float
) -> None:
    deliver(closed_november, OCTOBER, OCTOBER_CORRECTED)
    with closed_november.started("close", OCTOBER) as closing:
        _wait_until_it_says(closing, said)
        time.sleep(later_s)
        closing.kill()

    closed_november.done("close", OCTOBER)

    payouts = closed_november.result()["payouts"]
    assert [(row["sellers"], row["points"]) for row in payouts] == [("1", "300000"), ("0", "0")]
    closed_november.done("verify")


def _wait_until_it_says(process: Process, word: str) -> None:
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if word in line:
            return
    raise AssertionError(f"it ended without saying {word!r}: {''.join(said)}")


def _wait_until(fact: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not fact():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.002)


@contextmanager
def _connected(marketplace: Marketplace) -> Iterator[Connection]:
    engine = create_engine(marketplace.database_url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@contextmanager
def _program_locked(marketplace: Marketplace) -> Iterator[Connection]:
    """Hold the program's lock, as another closing does, until the block ends."""
    with _connected(marketplace) as connection:
        lock_program(connection)
        yield connection
        connection.rollback()


def _waiting(connection: Connection) -> int:
    return int(
        connection.scalar(
            text(
                "SELECT count(*) FROM pg_locks WHERE NOT granted "
                "AND relation = 'growth_points.program_lock'::regclass"
            )
        )
    )


def _count(connection: Connection, table: str) -> int:
    count = int(connection.scalar(text(f"SELECT count(*) FROM growth_points.{table}")))  # noqa: S608
    connection.rollback()  # the next look sees what was committed meanwhile
    return count


def _alive(group: int) -> bool:
    listed = subprocess.run(
        ["ps", "-A", "-o", "pgid=,stat="],  # noqa: S607 where it lies differs
        check=True,
        capture_output=True,
        text=True,
    )
    processes = (line.split() for line in listed.stdout.splitlines())
    return any(int(pgid) == group and not state.startswith("Z") for pgid, state in processes)
