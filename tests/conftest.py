"""One real PostgreSQL and one Prefect for the whole run; each test has a database of its own."""

import atexit
import itertools
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from adapters.postgres.database import open_database
from adapters.postgres.embedded import embedded_url, release_embedded
from tests.command_line import Marketplace
from tests.prefect_server import temporary_prefect
from tests.three_stores import NOVEMBER, OCTOBER, deliver_all, ingest_history

_NUMBER = itertools.count(1)
_QUICK = ("accounting", "attacks", "domain", "spec", "using")


def pytest_configure() -> None:
    """Keep what Prefect reads and writes apart from what the person at this machine has."""
    folder = TemporaryDirectory(prefix="growth-points-prefect-", ignore_cleanup_errors=True)
    atexit.register(folder.cleanup)
    os.environ["PREFECT_HOME"] = folder.name
    os.environ.pop("PREFECT_API_URL", None)
    # Whoever runs the tests in the background has them ignore Ctrl-C, and what they start as well.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that `make test` runs."""
    for item in items:
        if item.path.relative_to(Path(__file__).parent).parts[0] in _QUICK:
            item.add_marker(pytest.mark.quick)


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A running embedded server, stopped when the tests end.

    Not in pytest's own folder, which later runs clear, also of a run that is still going.
    """
    with TemporaryDirectory(prefix="growth-points-", ignore_cleanup_errors=True) as folder:
        yield embedded_url(Path(folder) / "data")
        release_embedded(Path(folder) / "data")


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
def prefect_server() -> Iterator[None]:
    """One temporary Prefect server for the run."""
    with temporary_prefect(Path(os.environ["PREFECT_HOME"])):
        yield


@pytest.fixture
def marketplace(tmp_path: Path, database_url: str, prefect_server: None) -> Marketplace:
    """An empty marketplace of the test's own, worked on through the command line."""
    return Marketplace(tmp_path / "settlements", tmp_path / "home", database_url)


@pytest.fixture(scope="module")
def lasting_marketplaces(
    server_url: str,
    migrated_template: str,
    tmp_path_factory: pytest.TempPathFactory,
    prefect_server: None,
) -> Iterator[Callable[[], Marketplace]]:
    """Make empty marketplaces that a module's tests look at together."""
    with ExitStack() as databases:

        def make() -> Marketplace:
            folder = tmp_path_factory.mktemp("marketplace")
            url = databases.enter_context(_database(server_url, migrated_template))
            return Marketplace(folder / "settlements", folder / "home", url)

        yield make


@pytest.fixture(scope="session")
def three_stores_closed(
    server_url: str,
    migrated_template: str,
    tmp_path_factory: pytest.TempPathFactory,
    prefect_server: None,
) -> Path:
    """Databases `history`, `october` and `november`, to copy: three stores, so far closed."""
    folder = tmp_path_factory.mktemp("three-stores")

    def marketplace_in(name: str, template: str) -> Marketplace:
        _administer(server_url, f"CREATE DATABASE {name} TEMPLATE {template}")
        url = _database_url(server_url, name)
        return Marketplace(folder / "settlements", folder / "home", url)

    history = marketplace_in("history", migrated_template)
    deliver_all(history)
    ingest_history(history)
    marketplace_in("october", "history").done("close", OCTOBER)
    marketplace_in("november", "october").done("close", NOVEMBER)
    return history.root


@pytest.fixture
def with_history(
    server_url: str, three_stores_closed: Path, tmp_path: Path
) -> Iterator[Marketplace]:
    """The three stores, August and September ingested, nothing closed."""
    yield from _copied("history", server_url, three_stores_closed, tmp_path)


@pytest.fixture
def closed_october(
    server_url: str, three_stores_closed: Path, tmp_path: Path
) -> Iterator[Marketplace]:
    """The three stores, October closed and not paid."""
    yield from _copied("october", server_url, three_stores_closed, tmp_path)


@pytest.fixture
def closed_november(
    server_url: str, three_stores_closed: Path, tmp_path: Path
) -> Iterator[Marketplace]:
    """The three stores, October and November closed and not paid."""
    yield from _copied("november", server_url, three_stores_closed, tmp_path)


def _copied(
    template: str, server_url: str, settlements: Path, folder: Path
) -> Iterator[Marketplace]:
    folder /= template
    copytree(settlements, folder / "settlements")
    with _database(server_url, template) as url:
        yield Marketplace(folder / "settlements", folder / "home", url)


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
