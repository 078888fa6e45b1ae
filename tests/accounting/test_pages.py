"""The page of the accounts: the last twelve months, and the same as CSV."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, text

from flows.settings import Settings
from tests.accounting.three_months import MONTHS, NOW, ThreeMonths
from tests.adapters.ledger_world import adjust, as_owner, know
from tests.command_line import Marketplace
from web.serving import serving

_AWAY = "The database does not answer."


@pytest.fixture
def address(three_months: ThreeMonths, tmp_path: Path) -> Iterator[str]:
    """Where the pages of the ledger of three months are served."""
    settings = Settings(home=tmp_path, database_url=three_months.database_url)
    with serving(settings, 0) as address:
        yield address


def test_the_page_has_each_accounts_months_and_what_changed_them(
    address: str, three_months: ThreeMonths
) -> None:
    assert 'href="/accounts"' in httpx.get(address).text
    shown = httpx.get(f"{address}/accounts").raise_for_status().text
    _, pending, available, held, _ = shown.split("<h2>")
    for part, words in {
        pending: ("Awarded", "Reversed", "Paid"),
        available: ("Paid", "Corrected", "Converted", "Rewarded", "Returned", "Expired"),
        held: ("Converted", "Delivered", "Returned"),
    }.items():
        columns = re.findall("<th(?: [^>]*)?>([^<]*)", part)
        assert columns == ["Calendar month", "Opening", *words, "Closing", "Ledger head"]
        listed = [part.find(f">{month}</td>") for month in reversed(MONTHS)]
        assert -1 not in listed
        assert listed == sorted(listed)
    for period in three_months.rolled():
        assert period.head
        assert period.head.hash in shown
    assert f">{MONTHS[0] - 1}<" not in shown


def test_the_csv_is_what_roll_forward_lists(
    address: str, three_months: ThreeMonths, tmp_path: Path
) -> None:
    marketplace = Marketplace(tmp_path, tmp_path / "home", three_months.database_url)
    months = f"{NOW - 11}..{NOW}"
    listed = marketplace.done("roll-forward", months, "--output", "csv").stdout
    assert httpx.get(f"{address}/accounts.csv").raise_for_status().text == listed


def test_what_is_not_sealed_is_counted(engine: Engine, database_url: str, tmp_path: Path) -> None:
    with serving(Settings(home=tmp_path, database_url=database_url), 0) as address:
        assert "Nothing has been recorded yet" in httpx.get(f"{address}/accounts").text
        with engine.begin() as connection:
            know(connection, "a")
        assert "newest ledger head" not in httpx.get(f"{address}/accounts").text
        with engine.begin() as connection:
            adjust(connection, "a", 7)
        shown = httpx.get(f"{address}/accounts").text
        assert "Records made since the newest ledger head: 1. They are not in" in shown
        assert "growth-points roll-forward" not in shown


def test_a_database_that_does_not_answer_is_said(tmp_path: Path) -> None:
    gone = Settings(home=tmp_path, database_url="postgresql://nobody@127.0.0.1:1/none")
    with serving(gone, 0) as address:
        for page in ("accounts", "accounts.csv"):
            answer = httpx.get(f"{address}/{page}")
            assert (answer.status_code, _AWAY in answer.text) == (503, True)


def test_a_ledger_that_does_not_tie_is_said(
    engine: Engine, database_url: str, tmp_path: Path
) -> None:
    with engine.begin() as connection:
        know(connection, "a")
        adjust(connection, "a", 7)
        know(connection, "a")
    _tamper(database_url)
    with serving(Settings(home=tmp_path, database_url=database_url), 0) as address:
        answer = httpx.get(f"{address}/accounts")
    assert answer.status_code == 500
    assert "leave -8 points in program_fund, but the head carries -7" in answer.text
    assert "Run: the form verify" in answer.text


def _tamper(database_url: str) -> None:
    with as_owner(database_url) as owner, owner.begin() as connection:
        connection.execute(text("ALTER TABLE growth_points.transfer DISABLE TRIGGER USER"))
        connection.execute(text("UPDATE growth_points.transfer SET points = points + 1"))
