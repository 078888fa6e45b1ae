"""The operators' pages: one link apart, never stale, and a sentence for what is not there."""

import csv
import io
import re
from datetime import date
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest

from adapters.data_docs import CheckedDelivery, keep_check
from domain.findings import Finding, Severity
from domain.months import SettlementMonth
from flows.occasion import this_occasion
from flows.settings import Settings
from flows.showing import seller_view
from tests.closings import Program, Sold, month
from tests.command_line import Marketplace
from tests.operators.conftest import TIER_1, Ask, restate_after_payout
from web.operators.visit import Visit

REPORT = '<!doctype html>\n<html lang="en"><body>\n<h1>the report</h1>\n</body></html>'


def keep(settings: Settings, name: str) -> Path:
    file = settings.reports / "2026-10" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(REPORT)
    return file


def rows(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_every_link_of_every_page_leads_somewhere(
    ask: Ask, program: Program, settings: Settings
) -> None:
    restate_after_payout(program)
    keep(settings, "closed-2.html")
    seen, to_see = set(), ["/"]
    while to_see:
        path = to_see.pop()
        seen.add(path)
        answer = ask(path.removeprefix("/"))
        assert answer.is_success or answer.is_redirect, f"{path}: {answer.status_code}"
        if answer.headers["content-type"].startswith("text/html"):
            links = {
                urljoin(path, each.replace("&amp;", "&"))
                for each in re.findall(r'href="(?!\w+:)([^"#]+)', answer.text)
            }
            same = {re.sub(r"[?&]([\w-]*sort|lang|page)=[^&]*", "", each) for each in links}
            to_see += sorted(same - seen - set(to_see))
    for path in (
        "/months/2026-10/awards",
        "/months/2026-10/decisions.csv",
        "/stores/nuri/ledger",
        "/compare?month=2026-10&a=1&b=2",
        "/reports/2026-10/closed-2.html",
        "/rules",
    ):
        assert path in seen, path


@pytest.mark.parametrize(
    "path", ["", "months", "months/2026-10", "stores/maru", "accounts", "nowhere"]
)
def test_nothing_is_kept_by_anybody(ask: Ask, path: str) -> None:
    assert ask(path).headers["cache-control"] == "no-store"


def test_pages_bring_no_script_and_load_only_their_style(ask: Ask) -> None:
    answer = ask("")
    assert "<script" not in answer.text
    assert "style-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe-inline" not in answer.headers["content-security-policy"]


def test_a_report_that_is_superseded_or_paid_since_says_so_at_its_top(
    ask: Ask, program: Program, settings: Settings
) -> None:
    first = keep(settings, "closed-1.html")
    assert "desk-since" not in ask("reports/2026-10/closed-1.html").text.split("</style>")[1]

    restate_after_payout(program)
    keep(settings, "closed-2.html")

    old, new = (ask(f"reports/2026-10/closed-{number}.html").text for number in (1, 2))
    assert "This report is superseded: 2026-10 was evaluated again" in old
    assert "(corrected files)" in old
    assert 'href="/reports/2026-10/closed-2.html"' in old
    assert "superseded" not in new
    for shown in (old, new):
        assert "2026-10 was paid on 2026-11-12: 300,000 P." in shown
        assert 'href="/months/2026-09"' in shown
        assert 'href="/months/2026-11"' in shown
        assert "<h1>the report</h1>" in shown
    assert first.read_text() == REPORT


def test_evaluations_are_told_apart_by_when_and_why(ask: Ask, program: Program) -> None:
    restate_after_payout(program)
    shown = ask("months/2026-10").text

    for why in ("a test", "corrected files"):
        assert f">{why}</td>" in shown
    assert "closed-2" not in shown
    assert "/compare?month=2026-10&amp;a=1&amp;b=2" in shown


def test_two_evaluations_of_a_month_stand_side_by_side(ask: Ask, program: Program) -> None:
    program.close("2026-10", {"maru": TIER_1, "nuri": Sold(1_000), "sora": Sold(1_000)})

    shown = ask("compare", month="2026-10", a="1", b="2").text

    points = shown.split('<th scope="row">Points awarded</th>')[1].split("</tr>")[0]
    assert re.findall(r">([−\d,]+)<", points) == ["300,000", "150,000", "−150,000"]
    changed = shown.split("Stores whose result changed")[-1]
    assert "nuri" in changed
    assert "tier 1" in changed
    assert "Below the lowest tier" in changed
    assert "maru" not in changed


def test_two_months_stand_side_by_side(ask: Ask, program: Program) -> None:
    program.close("2026-11", {"maru": Sold(20_000_000)})

    shown = ask("compare", a="2026-10", b="2026-11").text

    stores = shown.split('<th scope="row">Stores</th>')[1].split("</tr>")[0]
    assert re.findall(r">([−\d,]+)<", stores) == ["3", "1", "−2"]


def test_tables_sort_and_filter_by_their_addresses(ask: Ask, program: Program) -> None:
    def stores(**asked: str) -> list[str]:
        shown = ask("months/2026-10/decisions", **asked).text.split("<tbody>")
        return re.findall(r"/stores/(\w+)/seen", shown[1]) if len(shown) > 1 else []

    assert stores() == ["maru", "nuri", "sora"]
    assert stores(sort="-seller_id") == ["sora", "nuri", "maru"]
    assert stores(sort="window_amount_krw") == ["sora", "nuri", "maru"]
    assert stores(outcome="awarded") == ["maru", "nuri"]
    assert stores(reasons="below_lowest_tier") == ["sora"]
    assert stores(q="nu") == ["nuri"]
    assert stores(q="%") == []
    assert stores(page="7") == []
    for odd in ({"sort": "nonsense"}, {"page": "x"}, {"tier": "x"}, {"outcome": "'"}):
        assert stores(**odd) == ["maru", "nuri", "sora"]


def test_a_table_is_filtered_by_what_it_shows(ask: Ask, program: Program) -> None:
    program.adjust("maru", 1_234_567)

    def shown(path: str, text: str) -> int:
        return ask(path, q=text).text.count("<tr><td")

    for text in ("1,234,567", "1234567"):
        assert shown("stores/maru/ledger", text) == 1, text
    done = ask("months/2026-10").text.split("What was done")[-1]
    at = re.findall(r">(\d{4}-\d\d-\d\d \d\d:\d\d)<", done)[0]
    for text, rows_left in ((at, 1), ("1999-01-01 00:00", 0)):
        shown_then = ask("months/2026-10", q=text).text.split("What was done")[-1]
        assert shown_then.count(">Close<") == rows_left
    assert shown("stores/maru/ledger", "nonsense") == 0


def test_what_is_asked_of_one_table_leaves_the_others_of_its_page_whole(
    ask: Ask, program: Program
) -> None:
    restate_after_payout(program)

    def shown(**asked: str) -> list[int]:
        cards = ask("months/2026-10", **asked).text.split("<h2 id=")[-4:]
        return [each.count("<tr><td") for each in cards]

    corrections, evaluations, files, history = shown()
    assert (corrections, evaluations, files) == (2, 2, 2)
    assert history > 0
    for odd in ({"q": "nonsense"}, {"page": "2"}):
        assert shown(**odd) == [2, 2, 2, 0]
        assert "No row matches." in ask("months/2026-10", **odd).text
    assert shown(**{"corrections-q": "sora"}) == [1, 2, 2, history]
    listed = ask("months/2026-10", **{"corrections-sort": "-seller_id"}).text
    assert listed.index('href="/stores/sora"') < listed.index('href="/stores/nuri"')


@pytest.mark.parametrize("path", ["", "stores/maru"])
def test_a_page_that_filters_nothing_shows_all_whatever_is_asked(ask: Ask, path: str) -> None:
    whole = ask(path).text.count("<tr><td")
    assert whole
    for odd in ({"q": "nonsense"}, {"page": "2"}):
        assert ask(path, **odd).text.count("<tr><td") == whole


@pytest.mark.parametrize("path", ["months", "months/2026-10/decisions", "stores/maru/months"])
def test_every_table_sorts_by_each_column_in_both_directions(
    ask: Ask, program: Program, path: str
) -> None:
    restate_after_payout(program)
    keys = set(re.findall(r"[?&;]sort=-?(\w+)", ask(path).text))
    assert len(keys) > 3
    for key in keys:
        for sort in (key, f"-{key}"):
            assert ask(path, sort=sort).is_success, sort


def test_the_file_of_a_store_with_a_slash_in_its_id_is_linked(ask: Ask, program: Program) -> None:
    program.close("2026-11", {"ma/ru": TIER_1})

    (link,) = re.findall(r'href="([^"]*)">CSV', ask("stores/ma%2Fru/ledger").text)

    assert [each["points"] for each in rows(ask(link.removeprefix("/")))] == ["150000"]


def test_no_link_leads_to_another_server_whatever_the_address(settings: Settings) -> None:
    from web.serving import serving

    with serving(settings, 0) as address:
        shown = httpx.get(f"{address}//elsewhere.example/x").text
    links = re.findall(r'(?:href|action)="([^"]*)"', shown)
    assert links
    assert [each for each in links if each.startswith("//")] == []


def test_reports_lead_only_to_months_that_have_pages(
    ask: Ask, program: Program, settings: Settings
) -> None:
    keep(settings, "closed-1.html")
    (settings.reports / "2026-10").rename(settings.reports / "2026-08")
    newest = SettlementMonth.of(this_occasion().today)
    (settings.reports / str(newest)).mkdir()
    (settings.reports / str(newest) / "blocked.html").write_text(REPORT)

    for name in ("2026-08/closed-1", f"{newest}/blocked"):
        links = re.findall(r'href="/(months/[^"]*)"', ask(f"reports/{name}.html").text)
        assert links
        for each in links:
            assert ask(each).is_success, each


def test_a_month_is_compared_only_with_one_that_is_known(ask: Ask, program: Program) -> None:
    program.ingest("2026-11", {"maru": Sold(1_000)})
    program.ingest("2026-12", {"maru": Sold(1_000)})
    for path in re.findall(r'href="/(compare[^"]*)"', ask("months/2026-12").text):
        assert ask(path.replace("&amp;", "&")).is_success, path


def test_the_runbook_page_of_each_alarm_opens_in_both_languages(
    ask: Ask, settings: Settings
) -> None:
    from flows.addresses import runbook_address
    from flows.prefect.alarm_list import ALARMS

    served = settings.model_copy(update={"pages_url": "https://points.example/desk/"})
    for alarm in (each for each in ALARMS if each.news is None):
        for page, heading in ((alarm.page(), "What to do"), (alarm.page("ko"), "<h2>")):
            shown = ask(page)
            assert shown.is_success, page
            assert heading in shown.text
            assert "<table>" in ask("docs/runbook/README.md").text
            assert runbook_address(served, page) == f"https://points.example/desk/{page}"
    assert runbook_address(settings, "docs/runbook/run-failed.md") == "docs/runbook/run-failed.md"
    for nothing in ("nothing.md", "..%2f..%2fREADME.md", "ko/../../../README.md"):
        assert ask(f"docs/runbook/{nothing}").status_code == 404


def test_files_have_every_row(
    ask: Ask, program: Program, database_url: str, tmp_path: Path
) -> None:
    marketplace = Marketplace(tmp_path, tmp_path / "home", database_url)
    for path, command in {
        "months/2026-10/decisions.csv": ("decisions", "2026-10"),
        "months/2026-10/history.csv": ("history", "2026-10"),
    }.items():
        assert ask(path).text == marketplace.done(*command, "--output", "csv").stdout
    awards = rows(ask("months/2026-10/awards.csv"))
    assert [(each["seller_id"], each["points"]) for each in awards] == [
        ("maru", "150000"),
        ("nuri", "150000"),
    ]
    listed = marketplace.done("seller", "maru", "--show", "ledger", "--output", "csv").stdout
    assert ask("stores/maru/ledger.csv").text == listed
    assert [each["month"] for each in rows(ask("months.csv"))][-1] == "2026-08"
    for path in ("months.csv", "months/2026-10/evaluations.csv", "compare.csv", "stores.csv"):
        assert rows(ask(path)), path
        assert ask(path, lang="ko").text == ask(path, lang="en").text


def test_a_stores_page_has_its_months_ledger_and_explanation(ask: Ask, program: Program) -> None:
    restate_after_payout(program)
    program.adjust("nuri", -150_000, grants="2026-10")

    shown = ask("stores/nuri").text

    assert "below the lowest tier" in shown
    ledger = [tuple(each.values())[-3:] for each in rows(ask("stores/nuri/ledger.csv"))]
    assert ledger == [("150000", "0", "0"), ("0", "150000", "0"), ("0", "0", "0")]
    assert "Clawback" in shown
    assert "gets no award for 2026-10" in shown
    assert 'href="/stores/nuri/seen"' in shown


def test_a_stores_page_reads_the_newest_rows_and_a_table_only_its_own(
    ask: Ask, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    for points in range(1, 14):
        program.adjust("maru", points)
    monkeypatch.setattr(seller_view, "conversions", None)
    shown = ask("stores/maru").text.split('id="ledger-head"')[1].split("</section>")[0]
    assert shown.count("<tr><td") == 12
    assert ">All 14</a>" in shown
    assert ask("stores/maru/ledger").text.count("<tr><td") == 14
    monkeypatch.setattr(seller_view, "entries", None)
    for path in ("stores/maru", "stores/maru/months", "stores/maru/rewards.csv"):
        assert ask(path).is_success, path
    assert ask("stores/maru/ledger").status_code == 500


def test_a_store_that_a_payout_forgot_has_the_form_for_it_named(ask: Ask, program: Program) -> None:
    restate_after_payout(program)
    for language, named in (
        ("en", "They can be awarded: the form adjust-points with sora 150000"),
        ("ko", "추가 지급할 수 있습니다: "),
    ):
        shown = ask("stores/sora", lang=language).text
        assert named in shown
        assert "growth-points adjust" not in shown


def test_what_counts_of_a_stores_months_adds_up_to_their_decision(
    ask: Ask, program: Program
) -> None:
    program.close("2026-11", {"maru": Sold(1_000), "nuri": Sold(70_000, line_type="DELIVERY")})

    months = rows(ask("stores/nuri/months.csv"))[-3:]

    assert [each["amount_krw"] for each in months] == ["0", "6000000", "70000"]
    assert [each["counted_amount_krw"] for each in months] == ["0", "6000000", "0"]
    assert months[-1]["window_amount_krw"] == "6000000"
    shown = ask("stores/nuri/months", lang="ko").text
    assert "집계 거래액(원)" in shown
    assert "6,000,000" in shown
    assert "70,000" not in shown


def test_a_rule_has_its_history_over_the_months(ask: Ask, settings: Settings) -> None:
    finding = Finding("line_seller_missing", Severity.CRITICAL, "the seller_id is missing", 3, "a")
    for name, findings in {"2026-09": (), "2026-10": (finding,)}.items():
        result = {
            "success": not findings,
            "expectation_config": {
                "severity": "critical",
                "meta": {"rule": "line_seller_missing", "sentence": "the seller_id is missing"},
            },
            "result": {"observed_value": len(findings)},
        }
        checked_at = this_occasion().now
        keep_check(
            settings.docs,
            CheckedDelivery(
                month(name), "files", checked_at, findings, name * 9, {}, ({"results": [result]},)
            ),
        )

    (listed,) = rows(ask("rules.csv"))
    assert (listed["checked"], listed["broken"], listed["last_broken"]) == ("2", "1", "2026-10")
    history = rows(ask("rules/line_seller_missing.csv"))
    assert [(each["month"], each["result"], each["found"]) for each in history] == [
        ("2026-09", "holds", "0"),
        ("2026-10", "broken", "3"),
    ]
    assert ask("rules/line_seller_missing").is_success
    assert "The last delivery of 2026-10 was refused." in ask("").text


@pytest.mark.parametrize(
    ("path", "status", "english", "korean"),
    [
        ("months/2026-13", 404, "2026-13", "2026-13"),
        ("months/nonsense", 404, "nonsense", "nonsense"),
        ("months/2031-01", 404, "Nothing is known of 2031-01 yet.", "2031-01 정산월의 정보가 아직"),
        ("months/2026-10/refused", 404, "No row of 2026-10 was refused.", "격리된 행이 없습니다"),
        ("stores?id=", 400, "Type a store", "스토어 번호 또는 앞부분을 입력해"),
        ("stores?id=zzz", 404, "No store of the newest snapshot", "시작하는 스토어가 없습니다"),
        (f"stores?id={'x' * 65}", 400, "more than 64 characters", "64자를 넘지 않습니다"),
        ("stores/nobody", 404, "No seller", "판매자가 없습니다"),
        ("stores/maru/nonsense", 404, "There is no such page.", "페이지가 없습니다"),
        ("rules/nonsense", 404, "No delivery was checked", "점검한 자료가 없습니다"),
        ("compare?a=2026-10&b=2031-01", 404, "Nothing is known of 2031-01", "정보가 아직 없습니다"),
        ("compare?month=2026-10&a=1&b=9", 404, "no evaluation 9", "9차 평가가 없습니다"),
        (
            "compare?month=2026-10&a=x&b=1",
            404,
            "not the number of an evaluation",
            "차수가 아닙니다",
        ),
        ("nowhere", 404, "There is no such page.", "페이지가 없습니다"),
    ],
)
def test_what_is_not_there_is_said_in_the_language_asked_for(
    ask: Ask, path: str, status: int, english: str, korean: str
) -> None:
    for language, said in (("en", english), ("ko", korean)):
        answer = ask(f"{path}{'&' if '?' in path else '?'}lang={language}")
        shown = re.sub("&#39;", "'", answer.text)
        assert answer.status_code == status
        assert said in shown
        assert f'<html lang="{language}">' in shown


def test_a_store_that_is_not_known_leads_to_the_search(ask: Ask) -> None:
    shown = ask("stores/nobody", lang="en").text
    assert "any month&#39;s snapshot.</p>" in shown
    assert 'href="/stores">Find a store</a>' in shown
    for path in ("stores/nobody", "stores/maru/seen/why/2026-07"):
        assert "growth-points decisions" not in ask(path).text
        assert "growth-points close" not in ask(path).text


def test_no_form_of_a_store_is_the_one_to_press_first(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Visit, "form", lambda _visit, form: f"/{form.deployment}")
    shown = ask("stores/maru").text
    assert 'class="button plain" href="/adjust-points"' in shown
    assert 'class="button"' not in shown
    assert 'class="amount keep"' in shown


def test_a_language_that_is_not_there_is_said(ask: Ask) -> None:
    answer = ask("months", lang="fr")
    assert (answer.status_code, "en, ko" in answer.text or "ko, en" in answer.text) == (400, True)


def test_the_language_is_chosen_then_kept_else_the_settings_else_the_browsers(
    settings: Settings,
) -> None:
    from web.serving import serving

    def language(client: httpx.Client, path: str = "/months", **headers: str) -> str:
        return str(re.findall('<html lang="(..)">', client.get(path, headers=headers).text)[0])

    korean = {"Accept-Language": "ko-KR,ko;q=0.9,en;q=0.5"}
    with serving(settings, 0) as address, httpx.Client(base_url=address) as client:
        assert language(client) == "en"
        assert language(client, **korean) == "ko"
        assert language(client, "/months?lang=en", **korean) == "en"
        assert language(client, **korean) == "en"
    set_ = Settings(home=settings.home, database_url=settings.database_url, language="ko")
    with serving(set_, 0) as address, httpx.Client(base_url=address) as client:
        assert language(client, **{"Accept-Language": "en"}) == "ko"


def test_links_are_below_the_path_that_a_proxy_keeps(settings: Settings) -> None:
    from web.serving import serving

    proxied = settings.model_copy(update={"pages_url": "https://points.example/desk/"})
    with serving(proxied, 0) as address:
        shown = httpx.get(f"{address}/months/2026-10", headers={"Host": "points.example"}).text
    links = re.findall(r'(?:href|action)="(/[^"]*)"', shown)
    assert links
    assert [each for each in links if not each.startswith("/desk/")] == []


def test_used_and_expired_points_count_in_their_month(
    ask: Ask, program: Program, settings: Settings
) -> None:
    from adapters.postgres.ledger import seal_now
    from adapters.postgres.month_points import points_by_month

    program.pay("2026-10", date(2026, 11, 10))
    with program.engine.begin() as connection:
        seal_now(connection)
    with program.engine.connect() as connection:
        found = points_by_month(connection)[SettlementMonth(2026, 10)]

    assert (found.awarded, found.paid, found.used) == (300_000, 300_000, 0)
