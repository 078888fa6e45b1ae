"""An operator's day in a real browser: a month previewed, closed, approved and paid by forms.

Screenshots of every page are kept in the folder that SCREENSHOTS names, `build/ui` by default.
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import pytest

from adapters.languages.catalog import Language, say
from domain.sentence import Word
from tests.ui.running import MONTH, Running, wait_for

pytest.importorskip("playwright", reason="make test-ui installs it")
from playwright.sync_api import Locator, Page, Request, expect, sync_playwright
from playwright.sync_api import TimeoutError as NotInTime

pytestmark = pytest.mark.slow

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_MOST_CLICKS = 20
_SECONDS = 180  # a machine with other work may take a while


@dataclass
class Browser:
    """A page of a browser in Seoul, what it asked of whom, and how often it was clicked."""

    page: Page
    up: Running
    folder: Path
    shots: int = 0
    clicks: int = 0
    asked_others: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Note every answer from elsewhere than this machine."""
        self.page.set_default_timeout(_SECONDS * 1000)
        expect.set_options(timeout=_SECONDS * 1000)
        self.page.on("requestfinished", self._note)

    def _note(self, request: Request) -> None:
        where = urlsplit(request.url)
        if where.scheme in ("http", "https") and where.hostname != "127.0.0.1":
            self.asked_others.append(request.url)

    def shoot(self, name: str) -> None:
        """Keep a screenshot, numbered in order."""
        self.shots += 1
        self.page.wait_for_timeout(700)  # what slides in has come
        self.page.screenshot(path=self.folder / f"{self.shots:02}-{name}.png", full_page=True)

    def click(self, what: Locator) -> None:
        """Click, and count it."""
        what.first.click()
        self.clicks += 1

    def open_form(self, deployment: str) -> None:
        """Go to a deployment's form, as an operator does."""
        self.open_deployment(deployment)
        self.page.get_by_role("button", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Custom run").click()

    def open_deployment(self, name: str) -> None:
        """Search for a deployment, whose list has several pages, and go to it."""
        self.page.goto(f"{self.up.address}/v2/deployments")
        self.page.get_by_placeholder("Search deployments").fill(name)
        self.page.wait_for_url(f"**flowOrDeploymentName={name}*")
        self.page.get_by_role("link", name=name, exact=True).first.click()

    def fill_in(self, **fields: str) -> None:
        """Fill in fields of the form, and leave the last one so that all are checked."""
        for name, value in fields.items():
            self._field(name).fill(value)
        self.page.keyboard.press("Tab")

    def _field(self, name: str) -> Locator:
        """Find a field by its name in the language of the forms."""
        language: Language = self.up.variables.get("GROWTH_POINTS_LANGUAGE", "en")  # type: ignore[assignment]
        return self.page.get_by_label(say(Word("field", name), language)).first

    def choose(self, name: str, choice: str) -> None:
        """Take one of the choices of a field."""
        self._field(name).click()
        self.page.get_by_role("option", name=choice).click()

    def submit(self) -> None:
        """Send the form; by the keyboard, since the page moves under the mouse while it checks."""
        self.page.get_by_role("button", name="Submit").press("Enter")

    def open_run(self, name: str) -> None:
        """Wait until a run of this name is seen, go to it, and wait until it is completed."""
        state = self.open_run_that_ends(name)
        assert state["type"] == "COMPLETED", state["message"]

    def open_run_that_ends(self, name: str) -> dict[str, Any]:
        """Wait until a run of this name is seen, go to it, and wait for its last state."""
        self.page.get_by_role("link", name=name, exact=True).first.click()
        expect(self.page).to_have_url(re.compile(r"/v2/runs/flow-run/"))
        state = self.up.wait_until_ended(self.run_shown())
        self.page.reload()
        return state

    def run_shown(self) -> str:
        """Tell which run's page this is."""
        return str(urlsplit(self.page.url).path.rsplit("/", 1)[-1])

    def retry(self) -> dict[str, Any]:
        """Have the run that is shown run once more; wait for its last state."""
        run, tries = self.run_shown(), self.up.tries(self.run_shown())
        self.page.get_by_role("button", name="Open menu").first.click()
        self.page.get_by_role("menuitem", name="Retry").click()
        self.page.get_by_role("button", name="Retry", exact=True).click()
        wait_for("another try", lambda: self.up.tries(run) > tries)
        return self.up.wait_until_ended(run)

    def send(self) -> None:
        """Send the form until it is taken: after a refusal it only checks anew, the first time."""
        for _ in range(5):
            self.submit()
            with suppress(NotInTime):
                self.page.wait_for_url(re.compile(r"^(?!.*/run($|\?))"), timeout=10_000)
                return
        pytest.fail("the form was not taken")

    def be_refused(self, said: str) -> None:
        """Send the form and be told at once why it cannot be; nothing starts."""
        self.submit()
        expect(self.page.get_by_text(said).first).to_be_visible()
        expect(self.page).to_have_url(re.compile("/run$|/run[?]"))

    def open_artifact(self, name: str) -> None:
        """Go from a run to what it shows."""
        self.page.get_by_role("tab", name="Artifacts").click()
        self.page.get_by_role("link", name=re.compile(name)).first.click()

    def open_newest_artifact(self) -> None:
        """Go from the list of what a month's runs showed to the newest of it."""
        self.page.get_by_role("link", name=re.compile(r"^[0-9a-f]{8}$")).first.click()


@contextmanager
def _browsing(up: Running) -> Iterator[Browser]:
    folder = Path(os.environ.get("SCREENSHOTS", "build/ui"))
    folder.mkdir(parents=True, exist_ok=True)
    executable = next(filter(None, map(shutil.which, _BROWSERS)))
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        page = chromium.new_page(
            viewport={"width": 1280, "height": 900}, timezone_id="Asia/Seoul", locale="en-US"
        )
        browser = Browser(page, up, folder)
        browser.watch()
        yield browser
        browser.shoot("last")
        chromium.close()


def _let_nothing_close_by_itself(up: Running) -> None:
    """The files are there, so that the hourly run would close the month first."""
    up.change(f"/deployments/{up.deployments()['close-due-months']['id']}", {"paused": True})


@pytest.fixture
def browser(up: Running) -> Iterator[Browser]:
    """A browser beside a program whose payouts need an approval, one month ingested."""
    up.variables["GROWTH_POINTS_APPROVAL"] = "required"
    up.start()
    _let_nothing_close_by_itself(up)
    up.run("ingest", str(MONTH - 2))
    with _browsing(up) as browser:
        yield browser


def test_an_operator_previews_closes_approves_and_pays_a_month(browser: Browser) -> None:
    _find_the_deployments(browser)
    _be_refused_a_month_that_is_none(browser)
    _close_too_early_and_retry(browser)
    _preview(browser)
    _close(browser)
    due_on = _find_the_payout_planned(browser)
    _approve(browser)
    _work_the_dates_out_again(browser)
    _pay_too_early(browser)
    _verify(browser)  # before the clock is moved: the database's own stays, and they would differ
    _let_the_day_come(browser, due_on)
    _pay_what_was_missed(browser)
    _be_refused_an_adjustment_ahead_of_the_database(browser)
    assert browser.asked_others == []


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_month_is_closed_approved_and_paid_in_20_clicks(up: Running, language: str) -> None:
    """What is typed: the month, a name and a reason; links lead from each step to the next."""
    up.variables |= {"GROWTH_POINTS_APPROVAL": "required", "GROWTH_POINTS_LANGUAGE": language}
    up.start()
    _let_nothing_close_by_itself(up)
    for month in (MONTH - 2, MONTH - 1):
        up.run("ingest", str(month))
    with _browsing(up) as browser:
        began = monotonic()
        _start_with_the_form(browser)
        _follow_the_link(browser, f"close {MONTH} · preview")
        _send_what_is_filled_in(browser, reason="checked the preview")
        _follow_the_link(browser, f"close {MONTH}")
        _send_what_is_filled_in(browser, approved_by="Park Minseo", reason="read the report")
        browser.click(browser.page.get_by_role("link", name=f"approve {MONTH}", exact=True))
        assert up.wait_until_ended(browser.run_shown())["type"] == "COMPLETED"
        _let_the_day_come(browser, date.fromisoformat(up.listed("payouts")[0]["due_on"]))
        print(f"\n{browser.clicks} clicks, {monotonic() - began:.0f} s")  # noqa: T201
        assert browser.clicks <= _MOST_CLICKS


def _start_with_the_form(browser: Browser) -> None:
    page = browser.page
    page.goto(f"{browser.up.address}/v2/deployments")
    browser.click(page.get_by_role("link", name="close-month", exact=True))
    browser.click(page.get_by_role("button", name="Run", exact=True))
    browser.click(page.get_by_role("menuitem", name="Custom run"))
    _send_what_is_filled_in(browser, month=str(MONTH))


def _send_what_is_filled_in(browser: Browser, **fields: str) -> None:
    browser.fill_in(**fields)
    browser.send()
    browser.clicks += 1


def _follow_the_link(browser: Browser, run: str) -> None:
    """Go to a run, to its report, and on by the link to the form of the next step."""
    page = browser.page
    browser.click(page.get_by_role("link", name=run, exact=True))
    expect(page).to_have_url(re.compile(r"/v2/runs/flow-run/"))
    state = browser.up.wait_until_ended(browser.run_shown())
    assert state["type"] == "COMPLETED", state["message"]
    page.reload()
    browser.click(page.get_by_role("tab", name="Artifacts"))
    browser.click(page.get_by_role("link", name=re.compile(f"month-{MONTH}")))
    browser.click(page.locator("a[href*='/run?parameters']"))


def _find_the_deployments(browser: Browser) -> None:
    browser.page.goto(f"{browser.up.address}/v2/deployments")
    expect(browser.page.get_by_role("link", name="close-month", exact=True).first).to_be_visible()
    browser.shoot("deployments")


def _be_refused_a_month_that_is_none(browser: Browser) -> None:
    browser.open_form("rerun-month")
    browser.fill_in(month="2026-13", reason="first closing")
    browser.be_refused("'2026-13' does not match")
    browser.shoot("refused-month")


def _close_too_early_and_retry(browser: Browser) -> None:
    """Close before the month before is there; take that in, and go on where it failed."""
    browser.open_form("close-month")
    browser.fill_in(month=str(MONTH))
    browser.choose("mode", "preview")
    browser.shoot("close-form")
    browser.send()
    failed = browser.open_run_that_ends(f"close {MONTH} · preview")
    assert failed["type"] == "FAILED"
    assert str(MONTH - 1) in failed["message"]
    browser.shoot("failed")
    where = browser.page.url

    browser.open_form("ingest-month")
    browser.fill_in(month="2026-00")
    browser.be_refused("'2026-00' does not match")
    browser.fill_in(month=str(MONTH - 1), asked_by="Kim Jiwoo")
    browser.choose("mode", "commit")
    browser.send()
    browser.open_run(f"ingest {MONTH - 1}")

    browser.page.goto(where)
    assert browser.retry()["type"] == "COMPLETED"


def _preview(browser: Browser) -> None:
    browser.open_form("rerun-month")
    browser.fill_in(month=str(MONTH), reason="first closing", asked_by="Kim Jiwoo")
    browser.send()
    browser.open_run(f"close {MONTH} · rerun preview")
    browser.open_artifact(f"month-{MONTH}")
    expect(browser.page.get_by_text("previewed: nothing was written").first).to_be_visible()
    browser.shoot("preview")
    assert browser.up.listed("payouts") == []


def _close(browser: Browser) -> None:
    browser.open_form("rerun-month")
    browser.fill_in(month=str(MONTH), reason="first closing", asked_by="Kim Jiwoo")
    browser.choose("mode", "commit")
    browser.send()
    browser.open_run(f"close {MONTH} · rerun")
    browser.shoot("closed-run")
    browser.open_artifact(f"month-{MONTH}")
    expect(browser.page.get_by_text(f"{MONTH} is closed").first).to_be_visible()
    ledger = browser.up.run("ledger", "--output", "csv")
    browser.page.go_back()
    assert browser.retry()["type"] == "COMPLETED"
    assert browser.up.run("ledger", "--output", "csv") == ledger
    (payout,) = browser.up.listed("payouts")
    assert (payout["state"], payout["settlement_month"]) == ("unapproved", str(MONTH))
    bar = {"artifacts": {"key": {"any_": [f"progress-{MONTH}"]}}}
    assert [each["data"] for each in browser.up.ask("/artifacts/latest/filter", bar)] == [100]


def _find_the_payout_planned(browser: Browser) -> date:
    page, up = browser.page, browser.up
    browser.open_deployment("pay-out")
    due_on = date.fromisoformat(up.listed("payouts")[0]["due_on"])
    expect(page.get_by_role("link", name=f"pay out {MONTH}").first).to_be_visible()
    expect(page.get_by_text(f"{due_on:%Y/%m/%d} 09:00:00 AM").first).to_be_visible()
    browser.shoot("planned-payout")
    return due_on


def _approve(browser: Browser) -> None:
    page, up = browser.page, browser.up
    page.goto(f"{up.address}/v2/artifacts/key/month-{MONTH}")
    browser.open_newest_artifact()
    expect(page.get_by_role("link", name="approve them").first).to_be_visible()
    browser.shoot("report")
    page.get_by_role("link", name="approve them").first.click()
    expect(page.get_by_label("month").first).to_have_value(str(MONTH))
    points = page.get_by_label("points").first.input_value()
    browser.fill_in(approved_by="Park Minseo", reason="read the report", points="-1")
    browser.submit()
    assert page.get_by_label("points").first.evaluate("field => field.validity.rangeUnderflow")
    browser.fill_in(points=points)
    browser.shoot("approval")
    browser.send()
    browser.open_run(f"approve {MONTH}")
    assert up.listed("payouts")[0]["state"] == "planned"
    assert "Park Minseo" in up.run("history", str(MONTH), "--output", "csv")


def _work_the_dates_out_again(browser: Browser) -> None:
    browser.open_form("reschedule-payouts")
    browser.fill_in(reason=" ")
    browser.be_refused("' ' does not match")
    browser.fill_in(reason="no holiday was announced", asked_by="Kim Jiwoo")
    browser.choose("mode", "commit")
    browser.shoot("reschedule-form")
    browser.send()
    browser.open_run("reschedule payouts")


def _pay_too_early(browser: Browser) -> None:
    browser.open_form("pay-out")
    browser.fill_in(month=str(MONTH))
    browser.choose("mode", "commit")
    browser.send()
    browser.page.get_by_role("link", name="pay-out", exact=True).first.wait_for()
    refused = wait_for("the refusal", lambda: _one_that(browser.up, "pay-out", "FAILED"))
    assert "Nothing was paid" in refused["state"]["message"]
    assert browser.up.listed("payouts")[0]["state"] == "planned"


def _one_that(up: Running, deployment: str, state: str) -> dict[str, Any] | None:
    return next((run for run in up.runs(deployment) if run["state"]["type"] == state), None)


def _let_the_day_come(browser: Browser, due_on: date) -> None:
    """Move the program's clock to the payout date, and have the planned run start now."""
    page, up = browser.page, browser.up
    (planned,) = [run for run in up.runs("pay-out") if run["state"]["type"] == "SCHEDULED"]
    up.set_clock(due_on, hour=9)
    up.ask(f"/flow_runs/{planned['id']}/set_state", {"state": {"type": "SCHEDULED"}, "force": True})
    assert up.wait_until_ended(planned["id"])["type"] == "COMPLETED"
    page.goto(f"{up.address}/v2/runs/flow-run/{planned['id']}")
    expect(page.get_by_text("Completed", exact=True).first).to_be_visible()
    browser.shoot("paid")
    assert up.listed("payouts")[0]["state"] == "paid"
    page.goto(f"{up.address}/v2/runs")
    expect(page.get_by_role("link", name=f"approve {MONTH}").first).to_be_visible()
    browser.shoot("runs")


def _pay_what_was_missed(browser: Browser) -> None:
    browser.open_form("pay-out-sweep")
    browser.send()
    wait_for("the sweep", lambda: _one_that(browser.up, "pay-out-sweep", "COMPLETED"))


def _be_refused_an_adjustment_ahead_of_the_database(browser: Browser) -> None:
    """Adjust points by the program's clock, which is ahead of that of the database."""
    store = browser.up.listed("decisions", str(MONTH))[0]["seller_id"]
    browser.open_form("adjust-points")
    browser.fill_in(seller_id=store, points="12345", reason="sent twice", month="2026-13")
    browser.be_refused("'2026-13' does not match")
    browser.fill_in(month="", asked_by="Park Minseo")
    browser.choose("mode", "commit")
    browser.shoot("adjust-form")
    browser.send()
    refused = browser.open_run_that_ends(f"adjust {store}")
    assert refused["type"] == "FAILED"
    assert "Nothing was adjusted; check the clocks" in refused["message"]
    given = [str(entry["points"]) for entry in browser.up.listed("ledger", "--seller", store)]
    assert "12345" not in given


def _verify(browser: Browser) -> None:
    browser.open_form("verify")
    switches = browser.page.get_by_role("switch")
    expect(switches).to_have_count(2)  # that of the parameter comes later than the page's own
    switches.first.click()
    browser.shoot("verify-form")
    browser.send()
    done = wait_for("the check", lambda: _one_that(browser.up, "verify", "COMPLETED"))
    assert done["parameters"] == {"replay": True}
