"""Store A with points and a linked account, the marketplace's tokens, and the interface."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from adapters.postgres.database import open_database
from flows.settings import Settings
from tests.closings import Program
from tests.conftest import _database
from tests.stores.tokens import ALL_SCOPES, AUDIENCE, ISSUER, Issuer
from tests.using.conftest import make_program, program
from web.stores.app import create_app

__all__ = ["program"]


@dataclass
class Asked:
    """Somebody with a token who asks the interface."""

    client: TestClient
    token: str | None

    def __call__(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send a request, to a path below the interface."""
        headers = dict(request.pop("headers", {}))
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        address = path if path.startswith("/api") else f"/api/v1{path}"
        response: httpx.Response = self.client.request(method, address, headers=headers, **request)
        return response


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    """A marketplace that signs tokens, with an RSA and an EC key."""
    issuer = Issuer(tmp_path_factory.mktemp("keys") / "jwks.json")
    issuer.publish()
    return issuer


def settings_of(database_url: str, folder: Path, issuer: Issuer) -> Settings:
    """Return the settings of a stores' process."""
    return Settings(
        home=folder / "home",
        database_url=database_url,
        stores_jwks=str(issuer.file),
        stores_issuer=ISSUER,
        stores_audience=AUDIENCE,
    )


@pytest.fixture
def app(program: Program, database_url: str, tmp_path: Path, issuer: Issuer) -> FastAPI:
    """The application."""
    return create_app(settings_of(database_url, tmp_path, issuer))


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """Whoever asks the application, started."""
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def store(client: TestClient, issuer: Issuer) -> Asked:
    """Store A, by its own token."""
    return Asked(client, issuer.token("A"))


@pytest.fixture
def other(client: TestClient, issuer: Issuer) -> Asked:
    """Store B, by its own token."""
    return Asked(client, issuer.token("B", by=1))


@pytest.fixture
def service(client: TestClient, issuer: Issuer) -> Asked:
    """A service that may do everything."""
    return Asked(client, issuer.token("shop", ALL_SCOPES))


@dataclass
class Unmoved:
    """An application that tests of a module share, since none of them gets anything done."""

    program: Program
    app: FastAPI
    client: TestClient
    issuer: Issuer

    @property
    def store(self) -> Asked:
        """Store A, by its own token."""
        return Asked(self.client, self.issuer.token("A"))

    @property
    def service(self) -> Asked:
        """A service that may do everything."""
        return Asked(self.client, self.issuer.token("shop", ALL_SCOPES))


@pytest.fixture(scope="module")
def unmoved(
    server_url: str,
    migrated_template: str,
    tmp_path_factory: pytest.TempPathFactory,
    issuer: Issuer,
) -> Iterator[Unmoved]:
    """Store A with points that stay, and the application."""
    folder = tmp_path_factory.mktemp("unmoved")
    with _database(server_url, migrated_template) as url, open_database(url) as engine:
        program = make_program(engine, url, folder)
        app = create_app(settings_of(url, folder, issuer))
        with TestClient(app, raise_server_exceptions=False) as client:
            yield Unmoved(program, app, client, issuer)
