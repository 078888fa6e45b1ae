"""Prefect's server answers by its own names and to its own pages alone; it has no login."""

from collections.abc import Collection

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocket

from flows.prefect.servers.own_pages import restrict_to_own_pages
from flows.settings import Settings

HERE = "127.0.0.1:4200"
FOREIGN = ("http://elsewhere.example", "http://127.0.0.1:3000", "http://localhost:4200", "null")


async def _told(_: Request) -> PlainTextResponse:
    return PlainTextResponse("told")


async def _events(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("an event")
    await socket.close()


def _client(host_names: Collection[str] = (), host: str = HERE) -> TestClient:
    app = Starlette(
        routes=[Route("/api", _told, methods=["GET", "POST"]), WebSocketRoute("/events", _events)]
    )
    return TestClient(restrict_to_own_pages(app, host_names), base_url=f"http://{host}")


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_what_a_foreign_page_asks_is_refused(origin: str, method: str) -> None:
    assert _client().request(method, "/api", headers={"Origin": origin}).status_code == 403


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_foreign_page_may_not_open_a_web_socket(origin: str) -> None:
    with (
        pytest.raises(WebSocketDenialResponse),
        _client().websocket_connect("/events", headers={"Origin": origin, "Host": HERE}),
    ):
        pass


@pytest.mark.parametrize("headers", [{}, {"Origin": f"http://{HERE}"}])
def test_own_pages_and_programs_are_answered(headers: dict[str, str]) -> None:
    client = _client()

    assert client.post("/api", headers=headers).text == "told"
    with client.websocket_connect("/events", headers={"Host": HERE, **headers}) as socket:
        assert socket.receive_text() == "an event"


@pytest.mark.parametrize("path", ["/api", "/nowhere"])
def test_no_page_of_another_origin_may_frame_this_one(path: str) -> None:
    headers = _client().get(path).headers
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in headers["content-security-policy"]


def test_a_page_behind_a_proxy_is_answered_by_the_name_that_was_configured() -> None:
    asked = {"Origin": "https://points.example"}

    assert _client(["points.example"]).get("/api", headers=asked).text == "told"
    assert _client(["points.example"], host="points.example").get("/api").text == "told"
    assert _client(host="points.example").get("/api").status_code == 400


def test_further_names_are_those_of_the_hosts_and_of_the_pages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GROWTH_POINTS_HOSTS", "prefect-server, Points.example,")
    monkeypatch.setenv("GROWTH_POINTS_PAGES_URL", "https://reports.example/points")

    names = Settings.read().host_names

    assert set(names) == {"prefect-server", "points.example", "reports.example"}
