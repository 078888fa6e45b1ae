"""Operators find a store and see what it sees, and can change nothing."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest

from flows.settings import Settings
from tests.closings import Program, Sold
from tests.using.store_a import has
from web.serving import serving


@pytest.fixture
def settings(program: Program, database_url: str, tmp_path: Path) -> Settings:
    """The settings of the operators' pages."""
    return Settings(home=tmp_path / "home", database_url=database_url)


@pytest.fixture
def address(settings: Settings) -> Iterator[str]:
    """Where the operators' pages are served."""
    with serving(settings, 0) as address:
        yield address


def test_stores_are_found_by_how_their_ids_begin(address: str, program: Program) -> None:
    program.close("2026-11", {each: Sold() for each in ("A", "a/1 ü", "maru-1", "maru-2")})

    def found(start: str) -> list[str]:
        page = httpx.get(f"{address}/stores", params={"id": start}).text
        return re.findall(r'href="/stores/[^"]*">([^<]*)<', page)

    assert 'href="/stores"' in httpx.get(address).text
    assert found("maru") == ["maru-1", "maru-2"]
    assert 'href="/stores/a%2F1%20%C3%BC"' in httpx.get(f"{address}/stores?id=a/").text
    assert httpx.get(f"{address}/stores/a%2F1%20%C3%BC").status_code == 200
    for nobody in ("nobody", "%", "x" * 500):
        assert "No store" in httpx.get(f"{address}/stores", params={"id": nobody}).text


def test_a_store_is_shown_as_it_sees_itself_without_a_form(address: str, program: Program) -> None:
    for path in ("", "/received", "/used", "/expired", "/why", "/why/2026-10", "/consulting"):
        page = httpx.get(f"{address}/stores/A/seen{path}?lang=ko")
        assert page.status_code == 200, path
        assert '<html lang="ko">' in page.text
        assert 'method="post"' not in page.text
        assert "조회만 할 수 있습니다" in page.text
        assert "/seen/convert" not in page.text
    assert "150,000" in httpx.get(f"{address}/stores/A/seen").text
    assert "settlements.csv" in httpx.get(f"{address}/stores/A").text
    assert "settlements.csv" not in httpx.get(f"{address}/stores/A/seen/why/2026-10").text
    assert has(program) == (150_000, 0)


def test_the_language_is_that_of_the_setting_until_another_is_chosen(address: str) -> None:
    shown = httpx.get(f"{address}/stores/A/seen/used?month=2026-11").text

    assert '<html lang="en">' in shown
    assert 'href="/stores/A/seen/used?month=2026-11&amp;lang=ko"' in shown


def test_what_there_is_not_is_said(address: str) -> None:
    for path, why in {
        "nobody": "No seller &#39;nobody&#39; is in any month&#39;s snapshot",
        "A/seen/convert": "There is no such page.",
        "A/seen/why/2026-07": "2026-07 was never closed.",
        "A/seen/why/2026-13": "2026-13",
        "A/seen/used/x": "There is no such page.",
        "A%00": "There is no such page.",
        "A?x=" + "1" * 3_000: "There is no such page.",
        "?id=A%00": "There is no such page.",
    }.items():
        missing = httpx.get(f"{address}/stores/{path}")
        assert missing.status_code == 404, path
        assert why in missing.text
    for query in ("month=x", "page=0", "page=x", "page=999999999999"):
        assert httpx.get(f"{address}/stores/A/seen/used?{query}").status_code in (200, 404)


def test_a_database_that_is_away_is_said(settings: Settings, address: str) -> None:
    gone = settings.model_copy(update={"database_url": "postgresql://nobody@127.0.0.1:1/none"})
    with serving(gone, 0) as away:
        assert httpx.get(f"{away}/stores/A").status_code == 503
    assert date(2026, 11, 10).isoformat() in httpx.get(f"{address}/stores/A/seen/why/2026-10").text
