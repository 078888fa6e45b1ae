"""A later version of the program, which adds a table to the schema."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree
from typing import Final

import pytest

from adapters.postgres import migrating
from adapters.postgres.verification import guards

_MIGRATION: Final = '''
"""A table that only a test has."""

from alembic import op

revision = "{later:04}"
down_revision = "{newest:04}"


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
    versions = Path(copytree(migrating._VERSIONS.parent, folder / "migrations")) / "versions"
    newest = max(int(file.name[:4]) for file in versions.glob("[0-9]*.py"))
    migration = _MIGRATION.format(newest=newest, later=newest + 1)
    versions.joinpath(f"{newest + 1:04}_later.py").write_text(migration)
    expected = folder / "structure.txt"
    expected.write_text(guards._EXPECTED.read_text() + _STRUCTURE)
    with pytest.MonkeyPatch.context() as program:
        program.setattr(migrating, "_VERSIONS", versions)
        program.setattr(guards, "_EXPECTED", expected)
        yield
