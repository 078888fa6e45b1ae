"""What the pages and figures say, and log, of a database that cannot be read."""

import logging

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import InterfaceError, OperationalError

from flows.settings import Settings
from tests.adapters.ledger_world import as_owner
from tests.closings import Program
from tests.operators.conftest import Ask
from web.operators import answering
from web.serving import serving

AWAY = "The database does not answer."
PAGES = ("", "months", "months.csv")


def change(database_url: str, statement: str) -> None:
    with as_owner(database_url) as owner, owner.begin() as connection:
        connection.execute(text(statement))


def test_a_newer_database_is_said_on_every_page_and_is_not_down(
    settings: Settings, program: Program, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    change(database_url, "UPDATE growth_points.alembic_version SET version_num = '9999'")
    with serving(settings, 0) as address:
        for path in PAGES:
            answer = httpx.get(f"{address}/{path}")
            assert answer.status_code == 503
            assert "use the newer version of growth-points" in answer.text
            assert AWAY not in answer.text
        figures = httpx.get(f"{address}/metrics")
    assert (figures.status_code, "database_up" in figures.text) == (500, False)
    logged = [each for each in caplog.records if "DatabaseNewer" in each.getMessage()]
    assert {each.getMessage().split(":")[0] for each in logged} == {
        *("/", "/months", "/months.csv", "/metrics"),
    }


def test_a_privilege_that_is_missing_is_logged_with_its_traceback(
    ask: Ask, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    change(database_url, "REVOKE SELECT ON growth_points.revision FROM growth_points_service")
    for path in PAGES:
        answer = ask(path)
        assert answer.status_code == 500
        assert "the program's log says why" in answer.text.replace("&#39;", "'")
    assert (ask("metrics").status_code, "database_up" in ask("metrics").text) == (500, False)
    said = [each.getMessage() for each in caplog.records if each.levelno == logging.ERROR]
    assert len(said) >= len(PAGES) + 1
    assert all("Traceback" in each and "permission denied" in each for each in said)


def test_a_login_that_is_refused_is_logged_without_its_password(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    url = "postgresql://nobody:open-sesame@127.0.0.1:1/none"
    with serving(settings.model_copy(update={"database_url": url}), 0) as address:
        for path in PAGES:
            answer = httpx.get(f"{address}/{path}")
            assert (answer.status_code, AWAY in answer.text) == (503, True)
        assert httpx.get(f"{address}/metrics").text.split()[-1] == "0.0"
    said = [each.getMessage() for each in caplog.records if each.name == "growth_points.pages"]
    assert len(said) == len(PAGES) + 1
    assert all("No connection to postgresql://nobody:***@127.0.0.1:1/none" in each for each in said)
    assert "open-sesame" not in caplog.text


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError])
def test_a_connection_that_is_lost_is_said_and_logged_in_a_line(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    kind: type[OperationalError | InterfaceError],
) -> None:
    def lost(_: object) -> None:
        raise kind("SELECT 1", {}, Exception("the connection is closed"))

    monkeypatch.setattr(answering, "require_sound", lost)
    with serving(settings, 0) as address:
        answer = httpx.get(f"{address}/months")
    assert (answer.status_code, AWAY in answer.text) == (503, True)
    assert "/months: the connection is closed" in [each.getMessage() for each in caplog.records]
