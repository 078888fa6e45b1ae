"""What visitors ask for, and what others wrote, stays text: no template, and no other host."""

import json
import re
from http.client import HTTPConnection

import pytest

from adapters.data_docs import CheckedDelivery, keep_check
from domain.findings import Finding, Severity
from flows.occasion import this_occasion
from flows.settings import Settings
from tests.closings import Program, month
from tests.operators.conftest import TIER_1, Ask
from web.serving import serving

NO_TEMPLATES = ("{0.__class__}", "{settings}", "{", "}")


def test_no_link_of_a_page_leads_to_the_host_in_its_path(settings: Settings) -> None:
    with serving(settings, 0) as address:
        asked = HTTPConnection(address.removeprefix("http://"))
        asked.request("GET", "//elsewhere.example/months")
        links = re.findall(r'href="([^"]*)', asked.getresponse().read().decode())
        asked.close()

    assert "/elsewhere.example/months?lang=ko" in links
    assert [each for each in links if each.startswith("//")] == []


@pytest.mark.parametrize("reason", NO_TEMPLATES)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_reason_with_braces_is_shown_as_it_is(
    ask: Ask, program: Program, reason: str, language: str
) -> None:
    program.adjust("maru", 5, reason=reason)

    seen = ask("stores/maru/seen/received", lang=language)

    assert f">{reason}</td>" in seen.text


@pytest.mark.parametrize("text", NO_TEMPLATES)
def test_a_finding_that_is_kept_in_english_alone_is_shown_as_it_is(
    ask: Ask, settings: Settings, text: str
) -> None:
    finding = Finding("file_unreadable", Severity.CRITICAL, text, 1, "a")
    checked = CheckedDelivery(month("2026-11"), "files", this_occasion().now, (finding,))
    file = keep_check(settings.docs, checked)
    kept = json.loads(file.read_text())
    del kept["findings"][0]["text"]
    file.write_text(json.dumps(kept))

    assert f"<li>{text}</li>" in ask("").text
    assert f"<h1>{text}." in ask("rules/file_unreadable").text


ODD = ("a/b", "<i>&", "=1+1", "a\u3000b", "a b?c#d", "{0}", "%2f", "\u05d0\u05d1", "e\u0301")


def test_each_file_that_the_pages_of_odd_stores_link_to_is_there(
    program: Program, ask: Ask
) -> None:
    program.close("2026-11", dict.fromkeys(ODD, TIER_1))
    for odd in ODD:
        store = ask("stores", id=odd).headers["location"].removeprefix("/")
        for path in (store, f"{store}/ledger", f"{store}/seen/why/2026-11"):
            shown = ask(path)
            assert shown.is_success, path
            assert "<i>" not in shown.text
            for file in re.findall(r'href="/([^"]*\.csv)"', shown.text):
                assert ask(file).is_success, file
