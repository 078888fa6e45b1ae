"""The files of `deploy/schema`, for migrations: each creates what a later one only adds to.

A table is created once, and changed by later files. A function has one body, in the file that
creates it: a migration puts those of all files until its own in place again. So does one that
changes a view.
"""

import re
from pathlib import Path
from typing import Final

from alembic import op

_SCHEMA: Final = Path(__file__).parents[1] / "schema"
_FUNCTION: Final = re.compile(r"^CREATE (FUNCTION .*?\$\$;)$", re.MULTILINE | re.DOTALL)


def load(*names: str) -> None:
    """Run files of the schema in this order; names without a schema are of `growth_points`."""
    for name in names:
        _run(_read(name))


def replace_functions(*, until: int) -> None:
    """Give every function of the files up to a number the body that its file has now."""
    for file in sorted(_SCHEMA.glob("*.sql"), key=_number):
        if _number(file) <= until:
            for definition in _FUNCTION.findall(_read(file.name)):
                _run(f"CREATE OR REPLACE {definition}")


def replace_view(name: str, *, of: str) -> None:
    """Give a view the columns and the query that the file that creates it has now."""
    [definition] = re.findall(
        rf"^CREATE (VIEW {name} AS.*?;)$", _read(of), re.MULTILINE | re.DOTALL
    )
    _run(f"CREATE OR REPLACE {definition}")


def _number(file: Path) -> int:
    return int(file.name.partition("_")[0])


def _read(name: str) -> str:
    return (_SCHEMA / name).read_text("utf-8")


def _run(statements: str) -> None:
    connection = op.get_bind()
    connection.exec_driver_sql("SET LOCAL search_path = growth_points, pg_temp")
    connection.exec_driver_sql(statements, execution_options={"no_parameters": True})
