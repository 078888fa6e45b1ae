"""Values that no reader understands, by whoever can drop constraints: named, no traceback."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from adapters.postgres.verification.verify import verify
from console.listings import history_rows
from domain.refusal import Refused
from flows.verifying.replay import replay_decisions
from tests.adapters.ledger_world import OCTOBER, as_owner
from tests.closings import Program, Sold

_COLUMNS = (
    *("run.difference", "revision.profile", "revision.findings"),
    *("payout_date.passed_over", "payout_date.extra_holidays"),
)
_RUBBISH = (
    *("null", "1", "1e400", '"text"', "[]", "{}", "[1]", "[[]]", '[["x", 1]]', "[{}]"),
    *('{"points": "many"}', '{"points": 1e400, "sellers": 0.5}', '{"awarded": [1]}'),
    *('{"refused": 1}', '{"refused": {}}', '{"unknown_words": 1}', '{"2026-11-10": 1}'),
    *('{"unknown_words": [1]}', '{"unknown_words": [{"column": {}}]}', '{"files": [1]}'),
)


@pytest.fixture
def program(engine: Engine, tmp_path: Path) -> Program:
    """A program whose October is closed and not paid yet."""
    program = Program(engine, tmp_path)
    for name in ("2026-08", "2026-09"):
        program.ingest(name, {"maru": Sold(0)})
    program.close("2026-10", {"maru": Sold(7_000_000)})
    return program


def _write_rubbish(database_url: str, column: str, rubbish: str) -> None:
    table, name = column.split(".")
    checks = text("""
      SELECT conname FROM pg_constraint
      WHERE contype = 'c' AND conrelid = CAST(:table AS regclass)
    """)
    with as_owner(database_url) as owner, owner.begin() as connection:
        for check in connection.scalars(checks, {"table": f"growth_points.{table}"}).all():
            connection.execute(text(f"ALTER TABLE growth_points.{table} DROP CONSTRAINT {check}"))
        connection.execute(text(f"ALTER TABLE growth_points.{table} DISABLE TRIGGER USER"))
        update = text(f"UPDATE growth_points.{table} SET {name} = CAST(:rubbish AS jsonb)")  # noqa: S608 names
        connection.execute(update, {"rubbish": rubbish})


@pytest.mark.parametrize("column", _COLUMNS)
@pytest.mark.parametrize("rubbish", _RUBBISH)
def test_rubbish_in_a_column_of_json_is_named_and_stops_no_command(
    program: Program, database_url: str, column: str, rubbish: str
) -> None:
    _write_rubbish(database_url, column, rubbish)

    with program.engine.connect() as connection:
        found = [str(each) for each in (*verify(connection), *replay_decisions(connection))]
    assert any(f"{column.partition('.')[0]} " in each for each in found), found
    list(history_rows(program.engine, OCTOBER))
    for command in (
        lambda: program.pay("2026-10"),
        lambda: program.close("2026-11", {"maru": Sold(1)}),
    ):
        try:
            command()
        except Refused:
            continue
