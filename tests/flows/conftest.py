"""A Prefect server with all its services, and an object store, for the modules that need one."""

from collections.abc import Iterator

import pytest
from prefect import settings

from tests.lasting_server import lasting_server
from tests.object_store import bucket as bucket  # noqa: PLC0414 a fixture of these tests
from tests.object_store import s3_server as s3_server  # noqa: PLC0414 what it needs


@pytest.fixture(scope="module")
def its_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a lasting server answers that the module's tests share."""
    with lasting_server(tmp_path_factory.mktemp("server")) as url:
        yield url


@pytest.fixture
def server(its_address: str) -> Iterator[str]:
    """The address of that server, which this process is told of for the test.

    For the test alone: whatever is set up for longer tells it of a server of its own.
    """
    told = {settings.PREFECT_API_URL: its_address, settings.PREFECT_UI_URL: "http://127.0.0.1:4200"}
    with settings.temporary_settings(told):
        yield its_address
