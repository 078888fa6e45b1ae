"""A command's own Prefect server is brought up to date once, not before every command."""

import os
import socket
from importlib.metadata import version
from pathlib import Path

import httpx
import pytest

from flows.prefect.servers import temporary_server
from flows.prefect.servers.configured_server import PrefectUnreachable

MIGRATE = "PREFECT_SERVER_DATABASE_MIGRATE_ON_START"


@pytest.fixture
def prefect(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A home whose server is not really started."""
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        monkeypatch.delenv(name)
    for name in ("PREFECT_API_URL", "PREFECT_HOME", MIGRATE):
        monkeypatch.setenv(name, "taken back when the test ends")
        monkeypatch.delenv(name)
    monkeypatch.setattr(temporary_server, "_start", lambda folder: 1)
    folder = tmp_path / "prefect"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    ("made_by", "database", "looked_at"),
    [
        (version("prefect"), True, False),
        (version("prefect"), False, True),
        ("3.0.0", True, True),
        (None, True, True),
    ],
)
def test_a_database_that_this_prefect_knows_is_not_looked_through_again(
    prefect: Path, made_by: str | None, database: bool, looked_at: bool
) -> None:
    if made_by:
        (prefect / "migrated-by").write_text(made_by)
    if database:
        (prefect / "prefect.db").touch()
    before = dict(os.environ)
    try:
        temporary_server.prepare_prefect(prefect.parent)
        assert os.environ.get(MIGRATE) == (None if looked_at else "false")
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]


def test_an_address_where_nobody_answers_is_refused(
    prefect: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setattr(temporary_server, "_started", [])
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{port}/api")
    before = dict(os.environ)
    try:
        with pytest.raises(PrefectUnreachable, match=f"{port}/api, where no server answers"):
            temporary_server.prepare_prefect(prefect.parent)
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]


def test_a_page_from_elsewhere_may_not_ask_the_server(prefect_server: None) -> None:
    api = httpx.URL(os.environ["PREFECT_API_URL"])
    own, evil = f"http://{api.netloc.decode()}", "http://elsewhere.example"

    def preflight(origin: str) -> httpx.Response:
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        return httpx.options(f"{api}/deployments/filter", headers=asked, timeout=120)

    assert preflight(own).is_success
    assert preflight(evil).status_code == 403
    assert "access-control-allow-origin" not in preflight(evil).headers
    assert httpx.get(f"{api}/health", headers={"Host": "other.example"}).status_code == 400


@pytest.mark.usefixtures("prefect_server")
def test_nobody_else_reads_the_database_of_a_server() -> None:
    assert httpx.get(f"{os.environ['PREFECT_API_URL']}/health", timeout=300).is_success
    kept = list(Path(os.environ["PREFECT_HOME"]).glob("**/prefect.db*"))

    assert kept
    assert [each.name for each in kept if each.stat().st_mode & 0o077] == []
