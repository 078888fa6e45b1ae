"""The data-quality pages: complete, readable without a network, one for each revision."""

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from unittest.mock import Mock
from zoneinfo import ZoneInfo

import pytest

from adapters.data_docs import (
    CheckedDelivery,
    checks,
    keep_check,
    pages,
    publish_pages,
    read_checks,
)
from adapters.languages.catalog import Language
from adapters.postgres.month_list import MonthRevision
from adapters.whole_file import write_whole
from domain.findings import Finding, Severity
from tests.deliveries import MONTH

NOON = datetime(2026, 11, 2, 12, tzinfo=ZoneInfo("Asia/Seoul"))
WARNING = Finding("line_type_unknown", Severity.WARNING, "a.csv: odd <b>type</b>", 1, "a.csv")
CRITICAL = Finding("seller_unknown", Severity.CRITICAL, "a.csv: who is '가게'?", 2, "a.csv", ("x",))


def _rule(name: str, severity: str, *, success: bool) -> dict[str, object]:
    return {
        "success": success,
        "expectation_config": {
            "severity": severity,
            "kwargs": {"min_value": 0, "max_value": 0},
            "meta": {"rule": name, "sentence": f"what {name} means"},
        },
        "result": {"observed_value": 0 if success else 2},
    }


SOUND = CheckedDelivery(
    settlement_month=MONTH,
    source="/data/2026-10",
    checked_at=NOON,
    findings=(),
    content_hash="ab" * 32,
    profile={
        "lines": 60_000,
        "amount_krw": 123_456_789,
        "sellers": 3_000,
        "files": [
            {
                "name": "a.csv",
                "rows": 60_000,
                "amount_krw": 123_456_789,
                "sha256": "ab" * 32,
                "declared": None,
            }
        ],
    },
    results=({"results": [_rule("seller_unknown", "critical", success=True)]},),
)
BLOCKED = replace(
    SOUND,
    content_hash="cd" * 32,
    findings=(CRITICAL, WARNING),
    checked_at=NOON + timedelta(minutes=1),
    results=(
        {
            "results": [
                _rule("seller_unknown", "critical", success=False),
                _rule("line_type_unknown", "warning", success=False),
            ]
        },
    ),
)
FIRST = MonthRevision(MONTH, 1, "ab" * 32, 3_000, 60_000, 123_456_789, 0, "closed")


def text_of(page: Path) -> str:
    return unescape(re.sub(r"<[^>]*>", " ", page.read_text(encoding="utf-8")))


class _Addresses(HTMLParser):
    """Every element that could load something, and where each link leads."""

    def __init__(self) -> None:
        super().__init__()
        self.loading: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if tag in {"script", "link", "img", "iframe", "object"} or "src" in names:
            self.loading.append(tag)
        if tag == "a":
            self.links.append(names["href"] or "")


@pytest.mark.parametrize(
    "later",
    [
        timedelta(seconds=1),
        timedelta(),
        -timedelta(seconds=90),
        -timedelta(days=1),
        -timedelta(days=366),
        timedelta(days=366),
    ],
    ids=[
        "a second later",
        "at the same instant",
        "after a clock was 90 seconds ahead",
        "after a clock was a day ahead",
        "after a clock was a year ahead",
        "a year later",
    ],
)
@pytest.mark.parametrize("checks", [(BLOCKED, SOUND), (SOUND, BLOCKED)], ids=["sound", "refused"])
def test_what_was_checked_last_is_told_by_the_order_of_checks(
    tmp_path: Path, checks: tuple[CheckedDelivery, CheckedDelivery], later: timedelta
) -> None:
    first, last = replace(checks[0], checked_at=NOON), replace(checks[1], checked_at=NOON + later)
    for checked in (first, last):
        keep_check(tmp_path, checked)
    assert read_checks(tmp_path) == (first, last)
    months = text_of(publish_pages(tmp_path, [FIRST])).split("Replaced, refused")[0]
    assert ("its last delivery was refused" in months) is last.blocked


def test_checks_without_a_number_come_before_those_with_one(tmp_path: Path) -> None:
    for checked in (BLOCKED, SOUND):
        file = keep_check(tmp_path / "numbered", checked)
        unnumbered = tmp_path / "results" / file.parent.name / file.name.partition("-")[2]
        unnumbered.parent.mkdir(parents=True, exist_ok=True)
        file.rename(unnumbered)
    last = replace(SOUND, checked_at=NOON - timedelta(days=1))
    keep_check(tmp_path, last)
    assert read_checks(tmp_path) == (SOUND, BLOCKED, last)


def test_a_check_is_parsed_again_only_if_its_file_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [keep_check(tmp_path, each) for each in (SOUND, BLOCKED)]
    parsed = Mock(side_effect=json.loads)
    monkeypatch.setattr(checks, "json", Mock(loads=parsed))
    for _ in range(3):
        assert read_checks(tmp_path) == (SOUND, BLOCKED)
    assert parsed.call_count == 2
    other = json.loads(files[0].read_text()) | {"source": "elsewhere"}
    write_whole(files[0], json.dumps(other))
    assert [each.source for each in read_checks(tmp_path)] == ["elsewhere", BLOCKED.source]
    files[1].write_text("{")
    for _ in range(2):
        with pytest.raises(checks.CheckDamaged):
            read_checks(tmp_path)


def test_each_check_of_the_same_content_is_kept(tmp_path: Path) -> None:
    later = replace(SOUND, checked_at=NOON + timedelta(seconds=1))
    keep_check(tmp_path, SOUND)
    keep_check(tmp_path, later)
    assert len(read_checks(tmp_path)) == 2
    publish_pages(tmp_path, [FIRST])
    assert len(list(tmp_path.glob("*.html"))) == 2


def test_pages_load_nothing_and_link_only_to_each_other(tmp_path: Path) -> None:
    for checked in (SOUND, BLOCKED):
        keep_check(tmp_path, checked)
    publish_pages(tmp_path, [FIRST])
    for page in tmp_path.glob("*.html"):
        html = page.read_text()
        addresses = _Addresses()
        addresses.feed(html)
        assert addresses.loading == []
        assert "url(" not in html
        assert "@import" not in html
        assert addresses.links
        assert all((tmp_path / link).is_file() for link in addresses.links)


def test_a_revision_has_its_page_and_the_index_names_its_state(tmp_path: Path) -> None:
    keep_check(tmp_path, SOUND)
    index = publish_pages(tmp_path, [FIRST])
    assert re.search(r"2026-10 revision 1\s+sound\s+60,000\s+123,456,789", text_of(index))
    page = text_of(tmp_path / "2026-10-revision-1.html")
    assert "This is the month's current revision." in page
    assert "Every rule holds." in page


def test_a_rule_that_holds_is_not_read_as_broken_in_korean(tmp_path: Path) -> None:
    keep_check(tmp_path, SOUND)
    publish_pages(tmp_path, [FIRST], "ko")
    page = tmp_path / "2026-10-revision-1.html"
    assert re.search(
        r"위반일 때의 내용.*위반 없음\s+차단\s+what seller_unknown", text_of(page), re.DOTALL
    )
    assert re.search(r'<td class="keep">차단</td>\s+<td class="long">what', page.read_text())
    assert "word-break: keep-all" in page.read_text()


def test_a_blocked_delivery_shows_all_its_findings_with_their_weight(tmp_path: Path) -> None:
    keep_check(tmp_path, BLOCKED)
    index = publish_pages(tmp_path, [])
    assert re.search(r"not ingested\s+blocked", text_of(index))
    (page,) = tmp_path.glob("2026-10-not-taken-in-*.html")
    text = text_of(page)
    for finding in BLOCKED.findings:
        assert re.search(rf"{finding.severity}\s+.*{finding.rule}", text)
    assert "odd &lt;b&gt;type" in page.read_text()
    assert "가게" in text


@pytest.mark.parametrize(("many", "listed"), [(3, False), (20, False), (21, True), (5_000, True)])
def test_what_a_sentence_does_not_name_is_listed_on_the_page(
    many: int, listed: bool, tmp_path: Path
) -> None:
    examples = tuple(f"<{n}>" for n in range(many))
    finding = Finding("approval_date_moved", Severity.WARNING, "moved", many, "", examples)
    keep_check(tmp_path, replace(SOUND, findings=(finding,)))
    publish_pages(tmp_path, ())
    (page,) = (each for each in tmp_path.glob("*.html") if each.name != "index.html")
    assert (f"&lt;{many - 1}&gt;" in page.read_text(encoding="utf-8")) is listed


def test_a_delivery_that_cannot_be_read_has_a_page_too(tmp_path: Path) -> None:
    keep_check(tmp_path, CheckedDelivery(MONTH, "/data", NOON, (CRITICAL,)))
    assert "cannot be read" in text_of(publish_pages(tmp_path, []))


def test_a_replaced_revision_says_so(tmp_path: Path) -> None:
    second = replace(SOUND, content_hash="ef" * 32, findings=(WARNING,))
    for checked in (SOUND, second):
        keep_check(tmp_path, checked)
    newer = replace(FIRST, content_hash="ef" * 32, revision_no=2)
    index = text_of(publish_pages(tmp_path, [replace(FIRST, state="replaced"), newer]))
    assert "replaced this revision" in text_of(tmp_path / "2026-10-revision-1.html")
    assert index.index("revision 2") < index.index("revision 1")
    assert "sound, with warnings" in index


def test_a_page_of_something_else_does_not_stay(tmp_path: Path) -> None:
    keep_check(tmp_path, SOUND)
    publish_pages(tmp_path, [])
    before = set(tmp_path.glob("*.html"))
    publish_pages(tmp_path, [FIRST])
    assert {page.name for page in before} & {page.name for page in tmp_path.glob("*.html")} == {
        "index.html"
    }


@pytest.mark.parametrize("checks", [(), (SOUND,)])
def test_publishing_twice_gives_the_same(
    tmp_path: Path, checks: tuple[CheckedDelivery, ...]
) -> None:
    for checked in checks:
        keep_check(tmp_path, checked)
    index = publish_pages(tmp_path, [FIRST])
    once = index.read_bytes()
    assert publish_pages(tmp_path, [FIRST]).read_bytes() == once


def test_a_page_says_when_nobody_declared_what_the_files_hold(tmp_path: Path) -> None:
    assert SOUND.profile is not None
    [file] = SOUND.profile["files"]
    declared = file | {"declared": {"rows": 60_000, "amount_krw": 123_456_789, "sha256": None}}
    for name, files in {"without": [file], "with": [file, declared]}.items():
        keep_check(tmp_path / name, replace(SOUND, profile={**SOUND.profile, "files": files}))
        publish_pages(tmp_path / name, [FIRST])
    pages = {name: tmp_path / name / "2026-10-revision-1.html" for name in ("without", "with")}
    assert "No manifest.json came with these files" in text_of(pages["without"])
    assert "manifest.json" not in text_of(pages["with"])


def test_the_index_shows_a_refusal_beside_the_month_that_still_stands(tmp_path: Path) -> None:
    keep_check(tmp_path, SOUND)
    keep_check(tmp_path, BLOCKED)
    index = text_of(publish_pages(tmp_path, [FIRST]))
    months, others = index.split("Replaced, refused")
    assert "its last delivery was refused" in months
    assert "/data/2026-10" in others
    page = text_of(tmp_path / f"2026-10-not-taken-in-{BLOCKED.name}.html")
    assert "growth-points quarantine 2026-10" in page


def test_each_delivery_that_cannot_be_read_has_a_page(tmp_path: Path) -> None:
    for fault in ("a.csv: it is cut off.", "b.csv: it is empty."):
        finding = Finding("file_damaged", Severity.CRITICAL, fault, 1, fault[:5])
        keep_check(tmp_path, CheckedDelivery(MONTH, "/data/2026-10", NOON, (finding,)))
    publish_pages(tmp_path, [])
    assert len(list(tmp_path.glob("2026-10-not-taken-in-unreadable-*.html"))) == 2


def test_only_pages_of_what_changed_are_rendered_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content_hash = "ef" * 32
    other = replace(SOUND, settlement_month=MONTH + 1, content_hash=content_hash)
    for checked in (SOUND, other):
        keep_check(tmp_path, checked)
    of_other = replace(FIRST, settlement_month=MONTH + 1, content_hash=content_hash)
    publish_pages(tmp_path, [FIRST, of_other])
    before = _pages_of(tmp_path)
    rendered: list[str] = []
    render = pages._revision

    def seen(page: pages._Page, language: Language) -> str:
        rendered.append(page.file)
        return render(page, language)

    monkeypatch.setattr(pages, "_revision", seen)
    publish_pages(tmp_path, [FIRST, of_other])
    assert rendered == []
    assert _pages_of(tmp_path) == before

    (tmp_path / f"{MONTH}-revision-1.html").write_text("cut")
    publish_pages(tmp_path, [FIRST, of_other])
    assert rendered == [f"{MONTH}-revision-1.html"]
    assert _pages_of(tmp_path) == before

    publish_pages(tmp_path, [FIRST, replace(of_other, state="paid")])
    assert rendered[1:] == [f"{MONTH + 1}-revision-1.html"]


def test_a_months_checks_are_read_without_those_of_others(tmp_path: Path) -> None:
    keep_check(tmp_path, SOUND)
    keep_check(tmp_path, replace(SOUND, settlement_month=MONTH + 1))

    assert [each.settlement_month for each in read_checks(tmp_path, MONTH)] == [MONTH]
    assert len(read_checks(tmp_path)) == 2


def _pages_of(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text("utf-8") for file in folder.glob("*.html")}
