"""Who may come to the stores' page: nobody without a token, and no form from elsewhere."""

import time

import pytest
from starlette.testclient import TestClient

from tests.closings import Program
from tests.stores.tokens import Issuer
from tests.stores.visitor import ELSEWHERE, HERE, Visitor
from tests.using.store_a import has

PAGES = ("/", "/received", "/used.csv", "/convert", "/why", "/why/2026-10", "/consulting")
FORMS = ("/convert/review", "/convert", "/ad-account", "/ad-account/unlink", "/leave")


@pytest.fixture
def visitor(client: TestClient, issuer: Issuer) -> Visitor:
    """Store A, come from the seller center."""
    visitor = Visitor(client)
    visitor.open(issuer.token("A"))
    return visitor


def test_nobody_sees_a_page_without_a_session(client: TestClient) -> None:
    for path in PAGES:
        answer = client.get(path)

        assert answer.status_code == 401, path
        assert "판매자센터" in answer.text


def test_only_a_stores_token_opens_the_page(client: TestClient, issuer: Issuer) -> None:
    visitor = Visitor(client)
    for token in (
        "",
        "x",
        issuer.token("A")[:-4] + "AAAA",
        issuer.token("shop", "points:read conversions:write"),
        issuer.token("A", exp=int(time.time()) - 3600),
        issuer.token("A", aud="another"),
    ):
        answer = visitor.open(token)
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers


def test_the_session_is_in_cookies_that_no_script_and_no_other_site_reaches(
    client: TestClient, issuer: Issuer
) -> None:
    answer = client.post("/open", data={"token": issuer.token("A")}, follow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    for cookie in answer.headers.get_list("set-cookie"):
        assert "HttpOnly" in cookie
        assert "samesite=lax" in cookie.lower()
        assert "expires=" in cookie.lower()
        assert "Domain" not in cookie


def test_cookies_come_back_over_tls_only_but_on_this_machine(
    client: TestClient, issuer: Issuer
) -> None:
    for address, secure in {
        "https://points.example": True,
        "http://points.example": True,  # behind a proxy that ends TLS
        "https://127.0.0.1": True,
        "http://127.0.0.1": False,
        "http://localhost:4202": False,
    }.items():
        client.base_url = address
        answer = client.post("/open", data={"token": issuer.token("A")}, follow_redirects=False)
        cookies = answer.headers.get_list("set-cookie")
        assert len(cookies) == 2
        assert [("Secure" in each) for each in cookies] == [secure] * 2, address
        assert [each.startswith("__Host-") for each in cookies] == [secure] * 2, address


def test_a_session_ends_with_its_token(
    visitor: Visitor, issuer: Issuer, client: TestClient
) -> None:
    visitor.open(issuer.token("A", exp=int(time.time()) + 1))
    client.cookies.set("__Host-growth-points-session", issuer.token("A", exp=int(time.time()) - 60))

    assert visitor.see("/").status_code == 401


def test_a_cookie_that_another_host_could_have_set_is_none(
    client: TestClient, issuer: Issuer
) -> None:
    client.base_url = HERE
    client.cookies.set("growth-points-session", issuer.token("B"))

    assert client.get("/").status_code == 401


def test_leaving_ends_the_session(visitor: Visitor) -> None:
    visitor.see("/")
    assert visitor.send("/leave").status_code == 200
    assert visitor.see("/").status_code == 401


@pytest.mark.parametrize("path", FORMS)
def test_a_form_from_elsewhere_is_refused(program: Program, visitor: Visitor, path: str) -> None:
    given = {"points": "1000", "account_id": "ads-1", "request_id": "r"}
    for origin in (ELSEWHERE, "null", None, "https://testserver.example", "x"):
        visitor.see("/convert")
        assert visitor.send(path, origin=origin, **given).status_code == 403, origin

    assert has(program) == (150_000, 0)
    assert visitor.see("/").status_code == 200


@pytest.mark.parametrize("path", FORMS)
def test_a_form_without_its_token_is_refused(program: Program, visitor: Visitor, path: str) -> None:
    for token in ({}, {"form_token": ""}, {"form_token": "0" * 64}, {"form_token": "é"}):
        visitor.hidden = token
        answer = visitor.send(path, points="1000", account_id="ads-9", request_id="r")
        assert answer.status_code == 403
    assert has(program) == (150_000, 0)


def test_a_form_of_another_session_is_refused(
    program: Program, visitor: Visitor, client: TestClient, issuer: Issuer
) -> None:
    visitor.see("/convert")
    of_a = dict(visitor.hidden)
    key = client.cookies["__Host-growth-points-form"]
    visitor.open(issuer.token("B"))
    client.cookies.set("__Host-growth-points-form", key)  # A's key beside B's token
    visitor.hidden = of_a

    assert visitor.send("/ad-account", account_id="ads-9").status_code == 403


def test_a_session_without_a_key_can_send_nothing(visitor: Visitor, client: TestClient) -> None:
    client.cookies.delete("__Host-growth-points-form")
    visitor.see("/convert")

    assert visitor.send("/ad-account", account_id="ads-9").status_code == 403


def test_a_browser_that_says_it_comes_from_elsewhere_is_refused(
    visitor: Visitor, client: TestClient
) -> None:
    visitor.see("/convert")
    headers = {"Origin": HERE, "Sec-Fetch-Site": "same-site"}

    answer = client.post("/ad-account", data={**visitor.hidden, "account_id": "x"}, headers=headers)

    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{}", "application/json"),
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        (b"a=%ff", "application/x-www-form-urlencoded"),
        (b"token=a&token=b", "application/x-www-form-urlencoded"),
        (b"&".join(b"f%d=1" % number for number in range(50)), "application/x-www-form-urlencoded"),
        (b"token=" + b"x" * 20_000, "application/x-www-form-urlencoded"),
        (b"token=" + b"x" * 10_000_000, "application/x-www-form-urlencoded"),
        (b"", "application/x-www-form-urlencoded"),
    ],
)
def test_what_is_no_form_is_refused_with_a_page(client: TestClient, body: bytes, kind: str) -> None:
    answer = client.post("/open", content=body, headers={"Content-Type": kind})

    assert answer.status_code in (401, 422)
    assert "Traceback" not in answer.text


def test_a_store_sees_nothing_of_another(
    visitor: Visitor, client: TestClient, issuer: Issuer
) -> None:
    address = visitor.convert("1000").url.path
    visitor.open(issuer.token("B"))

    assert visitor.see(address).status_code == 404
    assert "1,000 P" not in visitor.see("/convert").text


@pytest.mark.parametrize("path", ["/", "/nothing", "/used.csv", "/style.css", "/leaf.svg"])
def test_every_answer_forbids_what_a_page_does_not_need(visitor: Visitor, path: str) -> None:
    headers = visitor.see(path).headers
    policy = headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    if not path.startswith(("/style", "/leaf")):
        assert headers["cache-control"] == "no-store"


def test_a_token_may_write_its_end_as_a_text(client: TestClient, issuer: Issuer) -> None:
    token = issuer.token("A", exp=str(int(time.time()) + 900))

    assert Visitor(client).open(token).status_code == 200
