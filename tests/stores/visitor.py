"""A store's browser, as far as its page needs one: cookies, forms, and from where they are sent."""

import re
from dataclasses import dataclass, field
from html import unescape

import httpx
from starlette.testclient import TestClient

HERE = "https://testserver"
ELSEWHERE = "https://seller.example"
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


@dataclass
class Visitor:
    """A browser with the page open; `hidden` are the hidden fields of the page that is shown."""

    client: TestClient
    hidden: dict[str, str] = field(default_factory=dict)

    def open(self, token: str) -> httpx.Response:
        """Come from the seller center with a token."""
        self.client.base_url = HERE
        self.client.cookies.clear()
        headers = {"Origin": ELSEWHERE, "Sec-Fetch-Site": "cross-site"}
        return self._seen(self.client.post("/open", data={"token": token}, headers=headers))

    def see(self, path: str) -> httpx.Response:
        """Open a page."""
        return self._seen(self.client.get(path))

    def send(self, path: str, *, origin: str | None = HERE, **fields: str) -> httpx.Response:
        """Send the form of the page that is shown, with its hidden fields."""
        headers = {} if origin is None else {"Origin": origin}
        response = self.client.post(path, data={**self.hidden, **fields}, headers=headers)
        return self._seen(response)

    def convert(self, points: str) -> httpx.Response:
        """Ask for a conversion, and confirm it."""
        self.see("/convert")
        self.send("/convert/review", points=points)
        return self.send("/convert")

    def _seen(self, response: httpx.Response) -> httpx.Response:
        self.hidden = {name: unescape(value) for name, value in _HIDDEN.findall(response.text)}
        return response
