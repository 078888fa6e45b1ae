"""The interface answers what the ledger has, and does what the program's own functions do."""

import csv
import io
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from starlette.testclient import TestClient

from adapters.postgres.statements import statement
from flows.converting.link_ad_account import link_account
from tests.closings import Program, Sold
from tests.stores.conftest import Asked
from tests.stores.tokens import Issuer
from tests.using.store_a import SOME_DAY, has

A = "/stores/A"


def ask_to_convert(asked: Asked, points: object, key: str = "r1", of: str = A) -> httpx.Response:
    return asked(
        "POST", f"{of}/conversions", json={"points": points}, headers={"Idempotency-Key": key}
    )


def reason(response: httpx.Response) -> str:
    assert response.headers["content-type"] == "application/problem+json"
    written: dict[str, Any] = response.json()
    assert written["status"] == response.status_code
    assert written["detail"].endswith((".", ":")) or "\n" in written["detail"]
    assert "Traceback" not in response.text
    return str(written["reason"])


def test_a_store_reads_what_it_has(store: Asked) -> None:
    found = store("GET", f"{A}/points").json()

    assert (found["available"], found["held"], found["ad_account"]) == (150_000, 0, "ads-1")
    assert (found["last_usable_on"], found["today"]) == ("2027-11-10", str(SOME_DAY))
    assert found["months"][-1] == {
        "month": "2026-10",
        "amount_krw": 7_000_000,
        "window_amount_krw": 7_000_000,
        "tier": 1,
    }
    assert found["next_month"]["tier"] == 2
    assert found["next_month"]["least_krw"] == 17_000_000


def test_points_are_converted_once_and_the_same_request_is_the_same(store: Asked) -> None:
    first = ask_to_convert(store, 100_000)
    again = ask_to_convert(store, 100_000)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["state"] == "held"
    assert datetime.fromisoformat(first.json()["requested_at"]).utcoffset() is not None
    assert store("GET", first.headers["location"]).json() == first.json()
    assert store("GET", f"{A}/points").json()["held"] == 100_000
    assert reason(ask_to_convert(store, 50_000)) == "other_conversion"


def test_a_refused_request_does_not_use_its_key_up(program: Program, store: Asked) -> None:
    assert reason(ask_to_convert(store, 150_001)) == "insufficient_points"
    assert ask_to_convert(store, 150_000).status_code == 201
    assert has(program) == (0, 150_000)


def test_an_account_is_linked_and_unlinked(store: Asked) -> None:
    assert store("GET", f"{A}/ad-account").json() == {"ad_account": "ads-1"}
    assert store("DELETE", f"{A}/ad-account").status_code == 204
    assert reason(store("DELETE", f"{A}/ad-account")) == "not_linked"
    assert reason(ask_to_convert(store, 1)) == "no_ad_account"
    linked = store("PUT", f"{A}/ad-account", json={"ad_account": "ads-2"})
    assert linked.json() == store("GET", f"{A}/ad-account").json() == {"ad_account": "ads-2"}
    assert ask_to_convert(store, 1).json()["ad_account"] == "ads-2"


def test_conversions_are_listed_by_pages(store: Asked) -> None:
    for number in range(5):
        ask_to_convert(store, 1_000 + number, f"r{number}")

    pages, after = [], 0
    while after is not None:
        page = store("GET", f"{A}/conversions", params={"limit": 2, "after": after}).json()
        pages.append([each["request_id"] for each in page["conversions"]])
        after = page["next"]

    assert pages == [["r0", "r1"], ["r2", "r3"], ["r4"]]


def test_page_csv_and_ledger_say_the_same(program: Program, store: Asked) -> None:
    for number in range(4):
        ask_to_convert(store, 1_000 + number, f"=r{number}")
    with program.engine.connect() as connection:
        recorded = list(statement(connection, "A"))

    lines, after = [], 0
    while after is not None:
        page = store("GET", f"{A}/statement", params={"limit": 2, "after": after}).json()
        lines += page["lines"]
        after = page["next"]
    written = store("GET", f"{A}/statement", headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(written.text)))

    assert written.headers["content-type"] == "text/csv; charset=utf-8"
    assert [each["balance"] for each in lines] == [each.balance for each in recorded]
    assert [each["reference"] for each in lines] == [each.reference for each in recorded]
    assert [
        {name: str(value) for name, value in each.items()} | {"reference": ""} for each in lines
    ] == [row | {"reference": ""} for row in rows]
    assert [row["reference"] for row in rows][1:] == [f"'=r{number}" for number in range(4)]


@pytest.mark.parametrize(
    ("asked", "kinds"),
    [
        ({"kind": "payout"}, ["payout"]),
        ({"kind": ["payout", "expiry"]}, ["payout"]),
        ({"from": "2026-11-30"}, ["conversion"]),
        ({"to": "2026-11-30"}, ["payout"]),
        ({"from": "2026-11-11", "to": "2026-11-30"}, []),
    ],
)
def test_a_statement_has_filters(store: Asked, asked: dict[str, Any], kinds: list[str]) -> None:
    ask_to_convert(store, 1)

    found = store("GET", f"{A}/statement", params=asked).json()

    assert [each["kind"] for each in found["lines"]] == kinds
    assert found["next"] is None


def test_a_decision_is_explained_in_the_language_that_is_accepted(store: Asked) -> None:
    english = store("GET", f"{A}/decisions/2026-10", headers={"Accept-Language": "en"}).json()
    korean = store("GET", f"{A}/decisions/2026-10", headers={"Accept-Language": "ko-KR,en;q=0.5"})

    assert (english["outcome"], english["tier"], english["points"]) == ("awarded", 1, 150_000)
    assert "Seller A is awarded tier 1 for 2026-10" in english["explanation"]
    assert "150,000" in korean.json()["explanation"]
    assert "awarded" not in korean.json()["explanation"].splitlines()[0]
    assert korean.headers["content-language"] == "ko"


def test_who_decided_from_which_files_is_told_to_services_only(
    store: Asked, service: Asked
) -> None:
    told = [
        asked("GET", f"{A}/decisions/2026-10", headers={"Accept-Language": "en"}).json()
        for asked in (service, store)
    ]

    assert ["by tests" in each["explanation"] for each in told] == [True, False]


def test_why_nothing_was_awarded_is_a_list_of_reasons(other: Asked) -> None:
    found = other("GET", "/stores/B/decisions/2026-10").json()

    assert (found["outcome"], found["reasons"]) == ("not_eligible", ["below_lowest_tier"])
    assert reason(other("GET", "/stores/B/decisions/2026-11")) == "month_not_closed"


def test_consulting_is_open_by_an_award(store: Asked, other: Asked) -> None:
    opened = {"settlement_month": "2026-10", "tier": 1, "points": 150_000}

    assert store("GET", f"{A}/consulting").json() == {"open": True, "award": opened}
    assert other("GET", "/stores/B/consulting").json() == {"open": False, "award": None}


def test_a_pending_award_names_its_date(program: Program, other: Asked) -> None:
    program.close("2026-11", {"A": Sold(7_000_000), "B": Sold(20_000_000)})

    assert other("GET", "/stores/B/points").json()["pending"] == [
        {"settlement_month": "2026-11", "tier": 1, "points": 150_000, "due_on": "2026-12-10"}
    ]


def test_problems_are_told_in_the_language_that_is_accepted(store: Asked) -> None:
    korean = store("GET", f"{A}/conversions/none", headers={"Accept-Language": "ko"})

    assert reason(korean) == "conversion_unknown"
    assert any("가" <= letter <= "힣" for letter in korean.json()["detail"])


def test_a_service_names_the_store_and_needs_no_token_for_health(
    service: Asked, client: Any
) -> None:
    assert service("GET", f"{A}/points").json()["seller_id"] == "A"
    assert reason(service("GET", "/stores/nobody/points")) == "seller_unknown"
    assert Asked(client, None)("GET", "/health").json() == {"status": "ok"}


def test_the_interface_describes_itself_and_loads_nothing(client: Any) -> None:
    page = client.get("/api/v1/docs")

    assert "/api/v1/stores/{seller_id}/conversions" in page.text
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("accepted", ["application/json", "text/csv"])
def test_no_cache_keeps_what_a_store_is_told(store: Asked, accepted: str) -> None:
    headers = store("GET", f"{A}/statement", headers={"Accept": accepted}).headers

    assert headers["content-type"].startswith(accepted)
    assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")


def test_a_conversion_has_an_address_whatever_the_store_is_called(
    program: Program, client: TestClient, issuer: Issuer
) -> None:
    seller_id = "가게 1?#"
    program.close("2026-11", {seller_id: Sold(7_000_000)})
    link_account(program.engine, seller_id, "ads-2", "a store")
    program.adjust(seller_id, 150_000)
    store = Asked(client, issuer.token(seller_id))
    made = ask_to_convert(store, 1_000, "a/b", f"/stores/{quote(seller_id)}")

    assert made.status_code == 201, made.text
    assert store("GET", made.headers["location"]).json() == made.json()
