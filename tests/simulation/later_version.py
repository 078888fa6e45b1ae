"""A later version of the program, which adds a table to the schema."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree
from typing import Final

import pytest

from adapters.postgres import database
from adapters.postgres.verification import guards

_MIGRATION: Final = '''
"""A table that only a test has."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the table, and let the service read and fill it."""
    op.execute("CREATE TABLE growth_points.later (note text NOT NULL)")
    op.execute("INSERT INTO growth_points.later VALUES ('upgraded')")
    op.execute("GRANT SELECT, INSERT ON growth_points.later TO growth_points_service")
'''
_STRUCTURE: Final = """\
table later
  note text not null
  growth_points_service may INSERT
  growth_points_service may SELECT
"""


@contextmanager
def later_version(folder: Path) -> Iterator[None]:
    """Have the program bring one more migration, and the schema that this makes."""
    versions = Path(copytree(database._VERSIONS.parent, folder / "migrations")) / "versions"
    versions.joinpath("0003_later.py").write_text(_MIGRATION)
    expected = folder / "structure.txt"
    expected.write_text(guards._EXPECTED.read_text() + _STRUCTURE)
    with pytest.MonkeyPatch.context() as program:
        program.setattr(database, "_VERSIONS", versions)
        program.setattr(guards, "_EXPECTED", expected)
        yield
