"""The schema that all migrations make together."""

import re
from pathlib import Path

from sqlalchemy import Connection

from tests.adapters.structure import structure

COMMITTED = Path(__file__).with_name("schema.txt")
DEPLOY = Path(__file__).parents[2] / "deploy"


def test_the_migrations_make_the_schema_that_was_committed(
    connection: Connection, tmp_path: Path
) -> None:
    made = tmp_path / "schema.txt"
    made.write_text(structure(connection))
    assert made.read_text() == COMMITTED.read_text(), f"if that is meant: cp {made} {COMMITTED}"


def test_no_function_has_two_bodies() -> None:
    scripts = [*DEPLOY.glob("schema/*.sql"), *DEPLOY.glob("migrations/versions/*.py")]
    created = [
        name
        for script in scripts
        for name in re.findall(r"CREATE (?:OR REPLACE )?FUNCTION (\w+)", script.read_text())
    ]
    assert len(created) > 20
    assert len(created) == len(set(created))
