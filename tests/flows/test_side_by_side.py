"""Processes side by side: one waits for the other or is refused, and the outcome is that of some
order of running them one by one."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from adapters.postgres.database import lock_program, open_database
from adapters.postgres.ledger import entries, payouts, standing_awards
from adapters.postgres.verification.verify import verify
from domain.ledger import Award
from domain.refusal import Refused
from flows.verifying.replay import replay_decisions
from tests.closings import Program, Sold, month

NOTHING, TIER_1, TIER_2 = ({"maru": Sold(krw)} for krw in (0, 7_000_000, 25_000_000))
OCTOBER, NOVEMBER = month("2026-10"), month("2026-11")
FIRST, SECOND = Award(OCTOBER, "maru", 1, 150_000), Award(OCTOBER, "maru", 2, 300_000)

Deed = Callable[[Program], object]


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    """Two processes to work side by side."""
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.fixture
def program(engine: Engine, tmp_path: Path) -> Program:
    """A program whose October can be closed."""
    program = Program(engine, tmp_path)
    for name in ("2026-08", "2026-09"):
        program.ingest(name, NOTHING)
    return program


def close_october(program: Program, delivered: dict[str, Sold]) -> str:
    closing = program.close("2026-10", delivered)
    return "changed" if closing.changed else "no change"


def pay_october(program: Program) -> str:
    return "paid" if program.pay("2026-10").created else "no change"


def adjust(program: Program, grants: str | None) -> str:
    return str(program.adjust("maru", 150_000, grants=grants).posted.created)


def do(url: str, folder: Path, deed: Deed) -> str:
    """Do something in this process; a refusal is an outcome."""
    with open_database(url) as engine:
        try:
            return str(deed(Program(engine, folder)))
        except Refused as refused:
            return type(refused).__name__


def side_by_side(
    processes: ProcessPoolExecutor, program: Program, url: str, *deeds: Deed
) -> list[str]:
    """Start deeds so that all of them wait for the program's lock, then let them go."""
    with program.engine.connect() as connection:
        lock_program(connection)
        started = [processes.submit(do, url, program.folder, deed) for deed in deeds]
        _wait_until_waiting(program.engine, len(deeds), started)
        connection.rollback()
    outcomes = [each.result(60) for each in started]
    with program.engine.connect() as connection:
        assert [*verify(connection), *replay_decisions(connection)] == []
    return outcomes


def _wait_until_waiting(engine: Engine, count: int, started: list[Future[str]]) -> None:
    waiting = text(
        "SELECT count(*) FROM pg_locks WHERE NOT granted "
        "AND relation = 'growth_points.program_lock'::regclass"
    )
    deadline = time.monotonic() + 60
    with engine.connect() as connection:
        while connection.scalar(waiting) < count:
            assert time.monotonic() < deadline, [each.done() and each.result() for each in started]
            time.sleep(0.01)


def standing(program: Program) -> set[Award]:
    with program.engine.connect() as connection:
        return standing_awards(connection)


def test_two_closings_of_one_delivery_are_one(
    processes: ProcessPoolExecutor, program: Program, database_url: str
) -> None:
    close = partial(close_october, delivered=TIER_1)

    outcomes = side_by_side(processes, program, database_url, close, close)

    assert sorted(outcomes) == ["changed", "no change"]
    assert standing(program) == {FIRST}


def test_two_deliveries_closed_at_once_end_with_one_of_them(
    processes: ProcessPoolExecutor, program: Program, database_url: str
) -> None:
    program.close("2026-10", NOTHING)
    one, other = (partial(close_october, delivered=sold) for sold in (TIER_1, TIER_2))

    outcomes = side_by_side(processes, program, database_url, one, other)

    assert outcomes == ["changed", "changed"]
    assert standing(program) in ({FIRST}, {SECOND})


def test_a_restatement_beside_a_payout_comes_before_it_or_is_refused(
    processes: ProcessPoolExecutor, program: Program, database_url: str
) -> None:
    program.close("2026-10", TIER_1)
    restate = partial(close_october, delivered=TIER_2)

    outcomes = side_by_side(processes, program, database_url, restate, pay_october)

    with program.engine.connect() as connection:
        paid = [each.points for each in payouts(connection)]
    assert (outcomes, standing(program), paid) in [
        (["changed", "paid"], {SECOND}, [300_000]),
        (["ChangesPaidMonths", "paid"], {FIRST}, [150_000]),
    ]


def test_two_payouts_at_once_pay_once(
    processes: ProcessPoolExecutor, program: Program, database_url: str
) -> None:
    program.close("2026-10", TIER_1)

    outcomes = side_by_side(processes, program, database_url, pay_october, pay_october)

    assert sorted(outcomes) == ["no change", "paid"]


@pytest.mark.parametrize("grants", [None, "2026-10"])
def test_two_of_one_adjustment_at_once_are_one(
    processes: ProcessPoolExecutor, program: Program, database_url: str, grants: str | None
) -> None:
    program.close("2026-10", NOTHING)
    program.pay("2026-10")
    program.close("2026-10", TIER_1, acknowledge_paid=True)
    give = partial(adjust, grants=grants)

    outcomes = side_by_side(processes, program, database_url, give, give)

    assert sorted(outcomes) == ["False", "True"]
    with program.engine.connect() as connection:
        assert [each.points for each in entries(connection)] == [150_000]
    assert program.award_corrections() == ({FIRST} if grants else set())


def test_a_grant_beside_a_closing_that_gives_the_tier_leaves_it_given_once(
    processes: ProcessPoolExecutor, program: Program, database_url: str
) -> None:
    program.close("2026-10", NOTHING)
    program.pay("2026-10")
    program.close("2026-10", TIER_1, acknowledge_paid=True)
    grant = partial(adjust, grants="2026-10")

    outcomes = side_by_side(processes, program, database_url, grant, close_november)

    later = Award(NOVEMBER, "maru", 1, 150_000)
    with program.engine.connect() as connection:
        given = standing_awards(connection), program.award_corrections()
    assert (outcomes, *given) in [
        (["True", "changed"], set(), frozenset({FIRST})),
        (["CorrectionRefused", "changed"], {later}, frozenset()),
    ]


def close_november(program: Program) -> str:
    return "changed" if program.close("2026-11", TIER_1).changed else "no change"
