"""The stores' own page: what it shows, what its forms do, and that each refusal keeps the input."""

import csv
import io
import re
from html import unescape

import pytest
from fastapi import FastAPI
from sqlalchemy import create_engine
from starlette.testclient import TestClient

from adapters.postgres.ledger.converting import end
from adapters.postgres.statements import statement
from adapters.postgres.using import conversions, standing_of
from tests.closings import Program, Sold
from tests.stores.tokens import Issuer
from tests.stores.visitor import Visitor
from tests.using.store_a import convert, has

PAGES = ("/", "/received", "/used", "/expired", "/convert", "/why", "/why/2026-10", "/consulting")


@pytest.fixture
def visitor(client: TestClient, issuer: Issuer) -> Visitor:
    """Store A, come from the seller center."""
    visitor = Visitor(client)
    assert visitor.open(issuer.token("A")).status_code == 200
    return visitor


def said(text: str) -> str:
    """Return what a page says, without its markup."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", text)).split())


def test_a_store_sees_what_it_has_in_korean_first(visitor: Visitor) -> None:
    page = visitor.see("/")

    assert '<html lang="ko">' in page.text
    assert "사용 가능한 성장포인트 150,000 P 2027년 11월 10일까지" in said(page.text)
    assert "17,000,000원 이상" in said(page.text)
    assert "2구간 300,000P" in said(page.text)


def test_the_language_is_kept_once_it_was_chosen(visitor: Visitor) -> None:
    assert '<html lang="en">' in visitor.see("/?lang=en").text
    assert "Usable through November 10, 2027" in said(visitor.see("/").text)
    assert '<html lang="en">' in visitor.see("/?lang=fr").text
    assert (
        'href="/received?month=2026-11&amp;lang=ko"' in visitor.see("/received?month=2026-11").text
    )


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_page_is_small_and_loads_nothing_from_elsewhere(
    visitor: Visitor, language: str
) -> None:
    for path in PAGES:
        page = visitor.see(f"{path}?lang={language}")

        assert page.status_code == 200, path
        assert len(page.content) < 60_000
        assert set(re.findall(r'(?:src|href|action)="(\w+:|//)', page.text)) == set()
        assert "<script" not in page.text
        assert " style=" not in page.text


def test_the_tabs_add_up_to_the_statement(program: Program, visitor: Visitor) -> None:
    convert(program, 100_000)
    program.adjust("A", 5_000)

    rows = [
        row
        for tab in ("received", "used", "expired")
        for row in csv.DictReader(io.StringIO(visitor.see(f"/{tab}.csv").text))
    ]
    with program.engine.connect() as connection:
        lines = list(statement(connection, "A"))

    assert sorted((int(row["entry_no"]), int(row["balance"])) for row in rows) == sorted(
        (line.entry_no, line.balance) for line in lines
    )
    for line in lines:
        tab = "used" if line.points < 0 else "received"
        page = said(visitor.see(f"/{tab}").text)
        assert f"{line.points:+,} P".replace("-", "−") in page
        assert f"{line.balance:,} P" in page


def test_a_month_shows_and_exports_its_lines_alone(program: Program, visitor: Visitor) -> None:
    convert(program, 100_000)  # on 1 December

    assert "100,000 P" in visitor.see("/used?month=2026-12").text
    assert "100,000 P" not in visitor.see("/used?month=2026-11").text
    assert visitor.see("/used.csv?month=2026-11").text.count("\n") == 1
    assert visitor.see("/used.csv?month=2026-12").text.count("\n") == 2


def test_many_lines_come_by_pages(program: Program, visitor: Visitor) -> None:
    for number in range(101):
        convert(program, 10 + number, f"r{number}")

    first, second = visitor.see("/used").text, visitor.see("/used?page=2").text

    assert first.count('class="points number"') == 100
    assert second.count('class="points number"') == 1
    assert "−110 P" in first
    assert "−10 P" in second


def test_points_are_converted_after_a_confirmation(program: Program, visitor: Visitor) -> None:
    visitor.see("/convert?lang=en")
    review = visitor.send("/convert/review", points="100,000")
    assert "This cannot be undone." in review.text
    assert has(program) == (150_000, 0)

    done = visitor.send("/convert")

    assert has(program) == (50_000, 100_000)
    assert "100,000 points of seller A are held" in said(done.text)
    assert str(done.url).startswith("https://testserver/conversions/")


def test_the_same_confirmation_twice_is_one_conversion(program: Program, visitor: Visitor) -> None:
    visitor.see("/convert")
    visitor.send("/convert/review", points="100000")
    confirmed = dict(visitor.hidden)
    first = visitor.send("/convert")
    visitor.hidden = confirmed
    second = visitor.send("/convert")

    assert first.url == second.url
    assert has(program) == (50_000, 100_000)


def test_a_conversion_shows_its_state_until_it_is_delivered(
    program: Program, visitor: Visitor
) -> None:
    address = visitor.convert("1000").url.path
    assert "전환 중" in visitor.see(address).text
    with program.engine.begin() as connection:
        (held,) = conversions(connection, seller_id="A")
        end(connection, held, "credited as C-1", "tests", delivered=True)

    assert "전환 완료" in visitor.see(address).text
    assert "전환 완료" in visitor.see("/convert").text


@pytest.mark.parametrize(
    ("points", "why"),
    [
        ("150,001", "Seller A has 150,000 available points, not 150,001."),
        ("ten", "Write the points as a whole number in digits, such as 10,000."),
        ("", "Write the points as a whole number in digits, such as 10,000."),
        ("10.5", "Write the points as a whole number in digits, such as 10,000."),
        ("-5", "Write the points as a whole number in digits, such as 10,000."),
        ("1,00", "Write the points as a whole number in digits, such as 10,000."),
        ("0", "0 is not a number of points to convert"),
        ("999999999999999", "999,999,999,999,999 is not a number of points to convert"),
        ("9" * 400, "Write the points as a whole number in digits, such as 10,000."),
        ("<b>", "Write the points as a whole number in digits, such as 10,000."),
    ],
)
def test_a_refused_amount_says_why_and_is_kept(
    program: Program, visitor: Visitor, points: str, why: str
) -> None:
    visitor.see("/convert?lang=en")
    refused = visitor.send("/convert/review", points=points)

    assert refused.status_code in (409, 422)
    assert why in said(refused.text)
    assert f'name="points" value="{points.replace("<", "&lt;").replace(">", "&gt;")}"' in (
        refused.text
    )
    assert has(program) == (150_000, 0)


def test_an_account_is_linked_changed_and_unlinked(program: Program, visitor: Visitor) -> None:
    visitor.see("/convert")
    assert "ads-2" in visitor.send("/ad-account", account_id="ads-2").text
    assert _account(program) == "ads-2"
    visitor.send("/ad-account/unlink")
    assert _account(program) is None
    assert 'name="points"' not in visitor.see("/convert").text
    assert visitor.send("/ad-account", account_id=" ads-3 ").status_code == 200
    assert _account(program) == "ads-3"


@pytest.mark.parametrize("account_id", ["", "a\x07b", "x" * 65])
def test_a_refused_account_is_kept(program: Program, visitor: Visitor, account_id: str) -> None:
    visitor.see("/convert?lang=en")
    refused = visitor.send("/ad-account", account_id=account_id)

    assert refused.status_code == 422
    assert "A search-ad account is" in said(refused.text)
    assert _account(program) == "ads-1"


def test_each_month_is_explained(program: Program, visitor: Visitor) -> None:
    assert "1구간 150,000P" in said(visitor.see("/why").text)
    explained = said(visitor.see("/why/2026-10?lang=en").text)

    assert "Seller A is awarded tier 1 for 2026-10: 150,000 points." in explained
    assert "settlements.csv" not in explained  # from which files is the operator's
    assert visitor.see("/why/2026-07").status_code == 404
    assert visitor.see("/why/2026-13").status_code == 422


def test_consulting_names_the_award_that_opens_it(
    visitor: Visitor, client: TestClient, issuer: Issuer
) -> None:
    assert "2026-10 awarded it tier 1" in said(visitor.see("/consulting?lang=en").text)
    visitor.open(issuer.token("B"))
    assert "Consulting is closed to seller B" in said(visitor.see("/consulting?lang=en").text)


def test_a_store_without_anything_sees_that(visitor: Visitor, issuer: Issuer) -> None:
    visitor.open(issuer.token("B"))

    assert "0 P" in said(visitor.see("/").text)
    for path in PAGES:
        assert visitor.see(path).status_code == 200


def test_what_comes_stands_with_its_date(program: Program, visitor: Visitor) -> None:
    program.close("2026-11", {"A": Sold(60_000_000), "B": Sold()})

    assert "300,000 P for November 2026, on December 10, 2026" in said(
        visitor.see("/?lang=en").text
    )


def test_an_unknown_page_is_a_page(visitor: Visitor) -> None:
    for path in ("/nothing", "/conversions/none", "/received?page=0"):
        missing = visitor.see(path)
        assert missing.status_code == 404
        assert "<h1>" in missing.text


def test_a_database_that_is_away_is_said_on_a_page(app: FastAPI, visitor: Visitor) -> None:
    app.state.engine = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    missing = visitor.see("/")

    assert missing.status_code == 503
    assert missing.headers["retry-after"]
    assert "<h1>" in missing.text


def test_a_bug_is_told_on_a_page_without_a_key(app: FastAPI, visitor: Visitor) -> None:
    app.state.policies = None
    failed = visitor.see("/convert?lang=en")

    assert failed.status_code == 500
    assert "Before you try again, check whether the request was done." in said(failed.text)


def _account(program: Program) -> str | None:
    with program.engine.connect() as connection:
        return standing_of(connection, "A").account_id
