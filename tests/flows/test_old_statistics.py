"""A month is newer than what PostgreSQL's statistics know; its plans must not depend on them."""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event, text

from adapters.postgres.database import without_nested_loops
from flows.verifying.replay import replay_decisions
from tests.closings import Program, Sold

STORE = {"maru": Sold(7_000_000)}


def test_whole_months_are_joined_without_nested_loops_and_single_questions_with(
    engine: Engine, tmp_path: Path
) -> None:
    program = Program(engine, tmp_path)
    for name in ("2026-08", "2026-09"):
        program.ingest(name, STORE)
    settings: list[str] = []

    def look(_: Any, cursor: Any, statement: str, *__: object) -> None:
        if any(part in statement for part in ("AS facts", "WITH facts", "FULL OUTER JOIN")):
            found = cursor.connection.execute("SHOW enable_nestloop").fetchone()
            settings.append(found[0])

    event.listen(engine, "before_cursor_execute", look)
    program.close("2026-10", STORE)
    program.close("2026-10", {"maru": Sold(25_000_000)})  # few stores are looked at, and joined so
    with engine.connect() as connection:
        list(replay_decisions(connection))
        after = connection.scalar(text("SHOW enable_nestloop"))

    assert len(settings) > len(("two closings", "a replay"))
    assert set(settings) == {"off"}
    assert after == "on"


def test_nested_loops_are_afterwards_as_they_were_before(connection: Connection) -> None:
    def setting() -> object:
        return connection.scalar(text("SHOW enable_nestloop"))

    connection.execute(text("SET LOCAL enable_nestloop = off"))
    with without_nested_loops(connection):
        assert setting() == "off"
    assert setting() == "off"
