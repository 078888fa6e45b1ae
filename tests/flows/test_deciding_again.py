"""A restated month decides the stores whose input changed; the others keep what was decided."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from adapters.postgres.decisions import decisions
from adapters.postgres.evaluations import all_evaluations
from adapters.postgres.tables import decision
from adapters.postgres.verification.verify import verify
from flows.verifying.replay import replay_decisions
from tests.closings import Delivered, Program, Sold

MARU, SORA, HANA = Sold(7_000_000), Sold(30_000_000), Sold(1)
ALL_THREE: Delivered = {"maru": MARU, "sora": SORA, "hana": HANA}


@pytest.fixture
def program(engine: Engine, tmp_path: Path) -> Program:
    """A program whose October was closed for three stores."""
    program = Program(engine, tmp_path)
    for name in ("2026-08", "2026-09"):
        program.ingest(name, dict.fromkeys(ALL_THREE, Sold(0)))
    program.close("2026-10", ALL_THREE)
    return program


def made(program: Program) -> list[int]:
    """Count the decisions that each evaluation made itself, oldest first."""
    counted = select(decision.c.evaluation_id, func.count()).group_by(decision.c.evaluation_id)
    with program.engine.connect() as connection:
        assert [*verify(connection), *replay_decisions(connection)] == []
        counts = {number: count for number, count in connection.execute(counted)}  # noqa: C416
        evaluations = sorted(each.evaluation_id for each in all_evaluations(connection))
    return [counts.get(each, 0) for each in evaluations]


def told(program: Program, evaluation: int = -1) -> dict[str, int | None]:
    """Tell each store's tier by an evaluation of the program, the newest one if none is named."""
    with program.engine.connect() as connection:
        numbers = sorted(each.evaluation_id for each in all_evaluations(connection))
        return {each.seller_id: each.tier for each in decisions(connection, numbers[evaluation])}


def test_only_stores_with_other_amounts_are_decided_again(program: Program) -> None:
    program.close("2026-10", {**ALL_THREE, "maru": Sold(30_000_000)})

    assert made(program) == [3, 1]
    assert told(program) == {"hana": None, "maru": 2, "sora": 2}
    assert told(program, 0) == {"hana": None, "maru": 1, "sora": 2}


def test_only_stores_with_another_snapshot_are_decided_again(program: Program) -> None:
    program.close("2026-10", {**ALL_THREE, "maru": Sold(7_000_000, uses_api=True)})

    assert made(program) == [3, 1]
    assert told(program)["maru"] is None


def test_a_later_month_decides_the_stores_whose_awards_are_others(program: Program) -> None:
    program.close("2026-11", ALL_THREE)
    program.close("2026-12", ALL_THREE)
    program.ingest("2026-08", {**dict.fromkeys(ALL_THREE, Sold(0)), "maru": Sold(1)})
    program.close("2026-10", ALL_THREE)
    assert made(program) == [3, 3, 3, 1]  # August counts in October's window, and in no later one

    program.close("2026-10", {**ALL_THREE, "sora": Sold(1)})

    assert made(program)[4:] == [1, 1, 1]


def test_a_store_that_leaves_the_snapshot_and_comes_back_is_decided_anew(program: Program) -> None:
    program.close("2026-10", {"sora": SORA, "hana": HANA})
    assert told(program) == {"hana": None, "sora": 2}

    program.close("2026-10", ALL_THREE)

    assert told(program) == {"hana": None, "maru": 1, "sora": 2}
    assert made(program) == [3, 0, 1]


def test_by_other_rules_every_store_is_decided_again(program: Program) -> None:
    program.close("2026-10", ALL_THREE, policy="d-commerce-2024")

    assert made(program) == [3, 3]
