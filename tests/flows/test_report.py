"""The report of a month: what it says, and that its page needs nothing but itself."""

import json
import re
from dataclasses import replace
from pathlib import Path
from shutil import copytree, rmtree

import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

from domain.findings import Finding, Severity
from domain.months import SettlementMonth
from flows.addresses import address_of
from flows.closing import next_step
from flows.reports.keeping import keep_report, report_page
from flows.reports.markdown import markdown, markdown_attached
from flows.reports.report import Bar, Figure, Link, Mood, NextStep, Report, Section
from flows.settings import Settings
from flows.verifying.kept_heads import ReportDamaged, heads_in_reports
from tests.command_line import Line, Marketplace
from tests.three_stores import OCTOBER, OCTOBER_CORRECTED, OCTOBER_DUE_ON, STORES, deliver
from web.serving import serving

FINDING = Finding("line_repeated", Severity.WARNING, "3 lines are <repeated> & more.", 3, "a.csv")
REPORT = Report(
    period=SettlementMonth.parse(OCTOBER),
    headline="2024-10 is closed",
    mood=Mood.WARN,
    findings=(FINDING,),
    figures=(Figure("sellers", "600,000"),),
    sections=(
        Section(
            "Why stores got nothing",
            ("reason", "left"),
            (("all", "40"), ("uses_api", "10")),
            bars=(Bar(40), Bar(10, 30)),
        ),
    ),
    next_step=NextStep("Approve it:", form=Link("the form", "/v2/deployments/1?a=<b>")),
    links=(Link("refused lines", Path("/data/home/quarantine/lines.parquet")),),
)
FOLDER = Path("/data/home/reports/2024-10")


def test_findings_come_first() -> None:
    for text in (markdown(REPORT), report_page(REPORT, FOLDER)):
        parts = ["line_repeated", "Approve it", "600,000", "uses_api", "refused lines"]
        found = [text.index(part) for part in parts]
        assert found == sorted(found)


def test_what_comes_from_files_cannot_become_markup() -> None:
    page = report_page(REPORT, FOLDER)

    assert "&lt;repeated&gt; &amp; more" in page
    assert 'href="/v2/deployments/1?a=&lt;b&gt;"' in page


def test_a_cell_of_a_table_cannot_become_a_row_or_a_column() -> None:
    section = Section("Who", ("seller", "name"), (("s1", "a|b\\|c\r\n| ledger head | 1 |"),))

    rows = markdown(replace(REPORT, sections=(section,))).splitlines()

    assert "| s1 | a\\|b\\\\\\|c \\| ledger head \\| 1 \\| |" in rows


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("[approve them](http://evil/)", "\\[approve them\\](http&#58;//evil/)"),
        ("<b>s1</b>", "\\<b>s1\\</b>"),
        ("https://evil www.evil.com", "https&#58;//evil www&#46;evil.com"),
        ("`s1` **s2**", "\\`s1\\` \\*\\*s2\\*\\*"),
    ],
)
def test_text_of_files_and_forms_stays_text(written: str, shown: str) -> None:
    finding = replace(FINDING, text=written)
    section = Section("Who", ("seller",), ((written,),))

    rows = markdown(replace(REPORT, findings=(finding,), sections=(section,))).splitlines()

    assert f"| {shown} |" in rows
    assert f"- **warning** {shown} `line_repeated`" in rows


def test_a_head_is_read_from_what_the_program_wrote_whatever_people_wrote(
    tmp_path: Path,
) -> None:
    settings, true, told = Settings(home=tmp_path), "2" * 64, f"| ledger head | 7 {'1' * 64} |"
    finding = replace(FINDING, text=told)
    decided = Section("How it was decided", ("", ""), (("by", told), ("ledger head", f"8 {true}")))
    report = replace(REPORT, findings=(finding,), sections=(decided,), facts={"ledger_head": true})

    keep_report(settings, "closed-1", report)

    assert heads_in_reports(settings.reports) == (true,)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}"])
def test_a_damaged_report_is_refused_by_its_name(tmp_path: Path, content: str) -> None:
    damaged = tmp_path / OCTOBER / "closed-1.json"
    damaged.parent.mkdir()
    damaged.write_text(content)

    with pytest.raises(ReportDamaged, match=re.escape(str(damaged))):
        heads_in_reports(tmp_path)


def test_a_program_reads_what_a_closing_came_to(with_history: Marketplace) -> None:
    with_history.done("close", OCTOBER)

    kept = with_history.home / "reports" / OCTOBER / "closed-1.json"
    facts = json.loads(kept.read_text(encoding="utf-8"))
    assert (facts["month"], facts["evaluation"], facts["revision"]) == (OCTOBER, 1, 1)
    assert (facts["awards"], facts["points"], facts["due_on"]) == (2, 300_000, OCTOBER_DUE_ON)
    assert (facts["findings"], facts["warnings"]) == ([], 0)


def test_a_page_links_to_pages_from_where_it_lies_and_names_other_files() -> None:
    quality = Link("data-quality page", Path("/data/home/docs/index.html"))

    page = report_page(replace(REPORT, links=(*REPORT.links, quality)), FOLDER)

    assert re.findall('href="([^"]+)"', page)[-1] == "../../docs/index.html"
    assert "refused lines: <code>/data/home/quarantine/lines.parquet</code>" in page


def test_rows_are_drawn_to_one_scale() -> None:
    page = report_page(REPORT, FOLDER)

    assert re.findall(r'rect class="kept" width="([\d.]+)"', page) == ["100.00", "25.00"]
    assert re.findall(r'rect class="lost" x="25.00" width="([\d.]+)"', page) == ["75.00"]
    assert re.findall("[█░]+", markdown(REPORT)) == ["█" * 16, "█" * 4 + "░" * 12]


def test_a_table_beside_a_run_is_cut_and_says_so() -> None:
    section = Section("Who", ("seller",), tuple((f"s{n}",) for n in range(1_200)))
    report = replace(REPORT, sections=(section,))

    assert "s1199" in markdown(report)
    assert "… and 700 more, in the kept report." in markdown_attached(report)
    assert "… and 200 more, in the Markdown file" in report_page(report, FOLDER)


def test_the_kept_page_loads_nothing_and_its_links_lead_somewhere(
    with_history: Marketplace,
) -> None:
    said = with_history.done("close", OCTOBER).stdout

    kept = with_history.home / "reports" / OCTOBER / "closed-1.html"
    page = kept.read_text(encoding="utf-8")
    assert f"report: {kept}" in said
    assert not re.search(r"https?:|src=|url\(|@import|<script|<link", page)
    links = re.findall('href="([^"]+)"', page)
    assert links == [f"../../docs/{OCTOBER}-revision-1.html"]
    assert all((kept.parent / link).exists() for link in links)


def test_the_page_and_the_terminal_tell_the_same_figures(with_history: Marketplace) -> None:
    said = with_history.done("close", OCTOBER).stdout

    page = (with_history.home / "reports" / OCTOBER / "closed-1.html").read_text(encoding="utf-8")
    for told in ("16,000,000", "3 settlement lines", "300,000", "2024-11-11"):
        assert told in page
        assert told in said
    assert "2024-11-10 is Sunday" in page


def test_a_report_tells_the_difference_to_the_run_before(closed_october: Marketplace) -> None:
    deliver(closed_october, OCTOBER, OCTOBER_CORRECTED)

    closed_october.done("close", OCTOBER, "--reason", "corrected files")

    text = (closed_october.home / "reports" / OCTOBER / "closed-2.md").read_text(encoding="utf-8")
    assert re.search(r"## Compared with run \d+ of \d{4}-", text)
    assert "| sellers | 3 | 3 | 0 |" in text
    assert "| amount, KRW | 16,000,000 | 40,000,000 | +24,000,000 |" in text
    assert "| awards of tier 1 | 2 | 0 | -2 |" in text
    assert "| awards of tier 2 | 0 | 1 | +1 |" in text
    assert "| points | 300,000 | 300,000 | 0 |" in text


def test_the_first_closing_is_compared_with_nothing(with_history: Marketplace) -> None:
    with_history.done("close", OCTOBER)

    text = (with_history.home / "reports" / OCTOBER / "closed-1.md").read_text(encoding="utf-8")
    assert "Compared with run" not in text


def test_a_month_closed_after_its_payout_date_says_what_pays_it(with_history: Marketplace) -> None:
    said = with_history.done("close", OCTOBER).stdout

    assert "Its payout was due on 2024-11-11" in said
    assert "until" not in said


def test_a_preview_keeps_no_report_and_says_how_to_commit(with_history: Marketplace) -> None:
    said = with_history.done("close", OCTOBER, "--preview").stdout

    assert f"growth-points close {OCTOBER}" in said
    assert not (with_history.home / "reports").exists()


def test_a_blocked_month_has_a_page_that_names_the_refused_lines(
    with_history: Marketplace,
) -> None:
    with_history.deliver(OCTOBER, [Line("maru", 1_000, "2024-12-24")], STORES)

    assert with_history.run("close", OCTOBER).exit_code == 1

    kept = with_history.home / "reports" / OCTOBER / "blocked.html"
    page = kept.read_text(encoding="utf-8")
    assert f"{OCTOBER} is blocked" in page
    links = re.findall('href="([^"]+)"', page)
    assert [Path(link).parts[2] for link in links] == ["docs"]
    assert all((kept.parent / link).exists() for link in links)
    (named,) = re.findall("refused rows: <code>(.+)</code>", page)
    assert Path(named).is_relative_to(with_history.home / "quarantine")
    assert Path(named).exists()


def test_a_blocked_preview_shows_its_findings_with_the_run_and_keeps_nothing(
    with_history: Marketplace,
) -> None:
    with_history.deliver(OCTOBER, [Line("maru", 1_000, "2024-12-24")], STORES)

    assert with_history.run("close", OCTOBER, "--preview").exit_code == 1

    assert f"{OCTOBER} is blocked" in _attached(f"month-{OCTOBER}")
    assert not (with_history.home / "reports").exists()
    assert not list(with_history.home.glob("quarantine/**/*.parquet"))


def test_a_payout_shows_with_its_run_what_was_paid(closed_october: Marketplace) -> None:
    closed_october.done("pay-out")
    assert "300,000 points" in _attached(f"payout-{OCTOBER}")


def test_the_report_is_attached_with_addresses_where_it_is_served(
    with_history: Marketplace,
) -> None:
    served = replace(with_history, variables={"GROWTH_POINTS_PAGES_URL": "http://127.0.0.1:4201/"})

    served.done("close", OCTOBER)

    attached = _attached(f"month-{OCTOBER}")
    assert f"(http://127.0.0.1:4201/reports/{OCTOBER}/closed-1.html)" in attached
    assert f"(http://127.0.0.1:4201/docs/{OCTOBER}-revision-1.html)" in attached


def test_the_refused_rows_of_a_month_are_linked_to_the_page_that_lists_them(
    with_history: Marketplace,
) -> None:
    served = replace(with_history, variables={"GROWTH_POINTS_PAGES_URL": "http://127.0.0.1:4201/"})
    served.deliver(OCTOBER, [Line("maru", 1_000, "2024-12-24")], STORES)

    assert served.run("close", OCTOBER).exit_code == 1

    links = re.findall(r"\]\((http://127[^)]*)\)", _attached(f"month-{OCTOBER}"))
    assert [each.removeprefix("http://127.0.0.1:4201/") for each in links] == [
        f"reports/{OCTOBER}/blocked.html",
        "docs/index.html",
        f"months/{OCTOBER}/refused",
    ]
    settings = Settings(home=with_history.home, database_url=with_history.database_url)
    with serving(settings, 0) as address:
        for each in links:
            assert httpx.get(each.replace("http://127.0.0.1:4201", address)).is_success, each


@pytest.mark.parametrize("folder", ["quarantine", "rewards", "postgres"])
def test_a_file_that_is_not_served_has_no_address(tmp_path: Path, folder: str) -> None:
    settings = Settings(home=tmp_path, pages_url="https://points.example/")
    assert (
        address_of(settings, tmp_path / "docs" / "a.html") == "https://points.example/docs/a.html"
    )
    assert address_of(settings, tmp_path / folder / "a.parquet") is None


def test_a_payout_that_waits_for_an_approval_is_the_next_step(with_history: Marketplace) -> None:
    careful = replace(with_history, variables={"GROWTH_POINTS_APPROVAL": "required"})

    said = careful.done("close", OCTOBER).stdout

    told = f"growth-points approve-payout {OCTOBER} 300000"
    assert told in said
    page = (careful.home / "reports" / OCTOBER / "closed-1.html").read_text(encoding="utf-8")
    assert told in page
    assert page.index("300,000 points wait for an approval") < page.index("Awards by tier")


@pytest.mark.parametrize(
    ("approval", "told"),
    [("none", "closing it also pays 300,000 points"), ("required", "like this")],
)
def test_a_preview_says_that_a_month_whose_payout_is_due_is_paid_at_once(
    with_history: Marketplace, monkeypatch: pytest.MonkeyPatch, approval: str, told: str
) -> None:
    monkeypatch.setattr(next_step, "form_link", lambda name, *_: Link(name, "/v2/deployments/1"))
    asked = replace(with_history, variables={"GROWTH_POINTS_APPROVAL": approval})

    assert told in " ".join(asked.done("close", OCTOBER, "--preview").stdout.split())


def test_a_preview_knows_of_an_approval_that_an_earlier_closing_demanded(
    with_history: Marketplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(next_step, "form_link", lambda name, *_: Link(name, "/v2/deployments/1"))
    replace(with_history, variables={"GROWTH_POINTS_APPROVAL": "required"}).done("close", OCTOBER)

    said = " ".join(with_history.done("close", OCTOBER, "--preview").stdout.split())

    assert "To close it like this" in said
    assert "also pays" not in said


def _attached(key: str) -> str:
    with get_client(sync_client=True) as client:
        wanted = ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
        found = client.read_artifacts(artifact_filter=wanted, limit=200)
    newest = max(found, key=lambda artifact: artifact.created or pytest.fail("has no date"))
    assert isinstance(newest.data, str)
    return newest.data


def test_a_preview_says_how_to_close_it_like_this(closed_october: Marketplace) -> None:
    asked = ("--policy", "d-commerce-2024", "--acknowledge-paid", "--reason", "the new rules")
    elsewhere = closed_october.root.parent / "elsewhere"
    copytree(closed_october.root, elsewhere)

    shown = closed_october.done("close", "2024-11", "--preview", "--from", str(elsewhere), *asked)

    command = f"growth-points close 2024-11 --from {elsewhere} --policy d-commerce-2024"
    unfolded = "".join(shown.stdout.split())
    assert "".join(f"{command} --acknowledge-paid --reason 'the new rules'".split()) in unfolded


@pytest.mark.parametrize("cut", ["html", "md", "json"])
def test_a_report_that_a_crash_cut_short_is_written_again(
    closed_october: Marketplace, cut: str
) -> None:
    closed_october.done("close", OCTOBER)
    file = closed_october.home / "reports" / OCTOBER / f"closed-1.{cut}"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2] + bytes(20))

    closed_october.done("close", OCTOBER)

    written = file.read_bytes()
    assert written.endswith(whole[-2:])
    assert b"\0" not in written
    closed_october.done("verify")


def test_a_report_that_a_killed_run_did_not_keep_says_that_it_is_written_again(
    closed_october: Marketplace,
) -> None:
    rmtree(closed_october.home / "reports", ignore_errors=True)

    for _ in range(2):
        closed_october.done("close", OCTOBER)
        kept = closed_october.home / "reports" / OCTOBER / "closed-1.md"
        assert "| report | written again: " in kept.read_text()
