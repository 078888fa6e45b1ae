"""Store A with points and a linked account, the marketplace's tokens, and the interface."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from flows.settings import Settings
from tests.closings import Program
from tests.stores.tokens import AUDIENCE, ISSUER, Issuer
from tests.using.conftest import program
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


@pytest.fixture
def settings(program: Program, database_url: str, tmp_path: Path, issuer: Issuer) -> Settings:
    """The settings of the stores' process."""
    return Settings(
        home=tmp_path / "home",
        database_url=database_url,
        stores_jwks=str(issuer.file),
        stores_issuer=ISSUER,
        stores_audience=AUDIENCE,
    )


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    """The application."""
    return create_app(settings)


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
    return Asked(client, issuer.token("shop", "points:read conversions:write rewards:write"))
