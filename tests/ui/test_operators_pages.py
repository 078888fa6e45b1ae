"""The operators' pages in a real browser: telephone and desktop, light, dark and on paper.

Screenshots of every page are kept in the folder that SCREENSHOTS names, `build/ui` by default.
"""

import re
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Engine

from flows.settings import Settings
from tests.closings import Program, Sold
from tests.command_line import Marketplace
from tests.ui.looking import WIDTHS, look, screenshots
from web.serving import serving

pytest.importorskip("playwright", reason="make test-ui installs it")
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.slow

PATHS = (
    *("", "months", "months/2026-10", "months/2026-11", "months/2026-12"),
    *("months/2026-10/awards", "months/2026-10/decisions?sort=-window_amount_krw", "rules"),
    *("compare?a=2026-10&b=2026-11", "compare?month=2026-10&a=1&b=2", "accounts", "stores"),
    *("stores/nuri", "stores/nuri/ledger", "stores/nuri/seen", "stores/nobody", "stores?id="),
    "reports/2026-10/closed-1.html",
)
TIER_1 = Sold(6_000_000)


@pytest.fixture
def settings(engine: Engine, database_url: str, tmp_path: Path) -> Settings:
    """October paid and different since, November closed and unapproved."""
    program = Program(engine, tmp_path)
    for name in ("2026-08", "2026-09"):
        program.ingest(name, {"maru": Sold(1_000)})
    program.close("2026-10", {"maru": TIER_1, "nuri": TIER_1, "sora": Sold(1_000)})
    program.pay("2026-10", date(2026, 11, 10))
    again = {"maru": TIER_1, "nuri": Sold(1_000), "sora": TIER_1}
    program.close("2026-10", again, acknowledge_paid=True, reason="corrected files")
    program.close("2026-11", {"maru": Sold(20_000_000), "nuri": Sold(1_000), "sora": TIER_1})
    settings = Settings(home=tmp_path / "home", database_url=database_url, approval="required")
    report = settings.reports / "2026-10" / "closed-1.html"
    report.parent.mkdir(parents=True)
    report.write_text(
        '<!doctype html>\n<html lang="en"><head><title>a report</title></head>\n<body>\n'
        "<h1>2026-10 is closed</h1>\n</body></html>"
    )
    return settings


@pytest.fixture
def address(settings: Settings) -> Iterator[str]:
    """Where the pages are served, by a real server."""
    with serving(settings, 0) as address:
        yield address


def open_page(chromium: Browser, width: str, **options: Any) -> tuple[Page, list[str]]:
    """Open a window; return it with what it complains about and asks of others."""
    wide, high = WIDTHS[width]
    context = chromium.new_context(viewport={"width": wide, "height": high}, **options)
    page, complaints = context.new_page(), []

    def note(url: str) -> None:
        if urlsplit(url).hostname != "127.0.0.1":
            complaints.append(url)

    page.on("console", lambda told: complaints.append(told.text))
    page.on("request", lambda request: note(request.url))
    return page, complaints


def name_of(path: str) -> str:
    return re.sub(r"\W+", "-", path) or "first"


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_page(chromium: Browser, address: str, language: str, width: str) -> None:
    page, complaints = open_page(chromium, width, locale=language)
    for path in PATHS:
        page.goto(f"{address}/{path}")
        if not path.startswith("reports/"):
            expect(page.locator("html")).to_have_attribute("lang", language)
        look(page, screenshots() / f"desk-{language}-{width}-{name_of(path)}.png")
    assert [each for each in complaints if "status of 4" not in each] == []


def test_every_page_in_a_dark_room_and_on_paper(chromium: Browser, address: str) -> None:
    page, _ = open_page(chromium, "desktop", color_scheme="dark")
    for path in PATHS:
        page.goto(f"{address}/{path}")
        look(page, screenshots() / f"desk-dark-{name_of(path)}.png")
        page.emulate_media(media="print")
        for hidden in (".tabs", ".find", ".does", ".actions"):
            for each in page.locator(hidden).all():
                expect(each).not_to_be_visible()
        ink = page.evaluate("getComputedStyle(document.body).color")
        assert max(map(int, re.findall(r"\d+", ink))) < 128, f"{path} is printed in {ink}"
        page.screenshot(path=screenshots() / f"desk-paper-{name_of(path)}.png", full_page=True)
        page.emulate_media(media="screen")


def test_an_operator_goes_from_what_is_wrong_to_the_store_by_links(
    chromium: Browser, address: str
) -> None:
    page, _ = open_page(chromium, "desktop", locale="en")
    page.goto(address)
    expect(page.locator(".tasks")).to_contain_text("2026-11 is closed but not approved")
    expect(page.locator(".tasks")).to_contain_text("2026-10 is paid, but its data has changed")

    page.locator(".chart.wide a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("October 2026")
    page.get_by_role("link", name="With the one before").click()
    expect(page.locator("main")).to_contain_text("Stores whose result changed")
    page.get_by_role("link", name="sora").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Store sora")
    page.get_by_role("link", name="한국어").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("스토어 sora")
    page.get_by_role("link", name="정산월", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("정산월")


def test_a_store_is_found_by_the_keyboard_alone(chromium: Browser, address: str) -> None:
    page, _ = open_page(chromium, "phone", locale="en")
    page.goto(address)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.locator("#find").focus()
    page.keyboard.type("nuri")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/stores/nuri")
    expect(page.get_by_role("heading", level=1)).to_have_text("Store nuri")


def test_the_first_view_comes_within_a_second(chromium: Browser, address: str) -> None:
    seconds = []
    for _ in range(5):
        page, _ = open_page(chromium, "desktop")
        begun = time.monotonic()
        page.goto(address)
        expect(page.locator(".chart.wide")).to_be_visible()
        seconds.append(time.monotonic() - begun)
        page.context.close()

    assert min(seconds) < 1, seconds


def test_the_command_says_the_same_of_a_store(
    chromium: Browser, address: str, settings: Settings, tmp_path: Path
) -> None:
    marketplace = Marketplace(tmp_path, settings.home, str(settings.database_url))
    said = marketplace.done("seller", "nuri").stdout
    page, _ = open_page(chromium, "desktop", locale="en")
    page.goto(f"{address}/stores/nuri")
    for told in ("gets no award for 2026-11", "below the lowest tier"):
        assert told in said
        expect(page.locator("main")).to_contain_text(told)
