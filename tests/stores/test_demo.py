"""The demo's list of stores: each opens the page as that store, by a key made at start."""

import html
import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from adapters.postgres.find_stores import FoundStore, stores_to_show
from console.demo_stores import make_demo_key
from flows.settings import Settings
from tests.closings import Program
from tests.stores.visitor import Visitor
from web.stores.app import create_app
from web.stores.demo import DemoKey, add_demo


@pytest.fixture
def key(
    program: Program, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> DemoKey:
    """The key of `up --demo`, whatever the environment said of stores before."""
    for name in ("JWKS", "ISSUER", "AUDIENCE", "DATABASE_URL"):
        monkeypatch.setenv(f"GROWTH_POINTS_STORES_{name}", "of another")
    monkeypatch.setenv("GROWTH_POINTS_DATABASE_URL", database_url)
    return make_demo_key(tmp_path / "home" / "stores.jwks")


def test_each_store_of_the_list_opens_the_page_as_itself(key: DemoKey, program: Program) -> None:
    app = create_app(Settings.read())
    with program.engine.connect() as connection:
        stores = tuple(stores_to_show(connection, 30))
    assert stores == (FoundStore("A", 150_000, 0), FoundStore("B", 0, 0))
    add_demo(app, key, stores)

    with TestClient(app, base_url="http://127.0.0.1") as client:
        page = client.get("/demo")
        tokens = re.findall(r'name="token" value="([^"]+)"', page.text)
        for store, token in zip(stores, map(html.unescape, tokens), strict=True):
            shown = client.post("/open", data={"token": token})
            assert f"스토어 {store.seller_id}" in shown.text
            assert shown.status_code == 200


def test_the_list_is_for_this_machine_only(key: DemoKey) -> None:
    app = create_app(Settings.read())
    add_demo(app, key, (FoundStore("A", 1, 0),))

    with TestClient(app) as client:
        for host in ("rebound.example", "127.0.0.1.example", "testserver"):
            answer = client.get("/demo", headers={"Host": host})
            assert answer.status_code == 400
            assert "token" not in answer.text


def test_a_key_of_an_earlier_start_opens_nothing(key: DemoKey, tmp_path: Path) -> None:
    make_demo_key(tmp_path / "home" / "stores.jwks")
    with TestClient(create_app(Settings.read())) as client:
        assert Visitor(client).open(key.token("A")).status_code == 401


def test_without_the_demo_there_is_no_list(client: TestClient) -> None:
    assert client.get("/demo").status_code == 401
