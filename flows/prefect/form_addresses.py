"""Addresses of forms and runs in the Prefect UI, for pages: asked of the server, kept a while."""

import base64
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Final
from urllib.parse import quote

import httpx

from flows.prefect.servers.lasting_server import running_server

_ANSWER_SECONDS: Final = 2
_KEPT_SECONDS: Final = 300
_SILENT_SECONDS: Final = 15  # how long a server that did not answer is not asked again


class PrefectAddresses:
    """The Prefect server of a home, or the one that is configured, as far as it answers."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._lock = Lock()
        self._known: dict[str, tuple[float, str | None]] = {}
        self._api: tuple[float, str | None] = (0.0, None)

    @property
    def ui(self) -> str | None:
        """The address of the UI; None if there is no server."""
        if (given := os.environ.get("PREFECT_UI_URL")) is not None:
            return given.rstrip("/").removesuffix("/v2") + "/v2"
        api = self._server()
        return None if api is None else api.removesuffix("/api") + "/v2"

    def form(self, deployment: str, parameters: Mapping[str, object]) -> str | None:
        """Return the address of a form with parameters filled in; None if no server has it."""
        number = self._asked(f"/deployments/name/{deployment}/{deployment}", "id")
        if number is None:
            return None
        filled_in = quote(json.dumps(dict(parameters)))
        return f"{self.ui}/deployments/deployment/{number}/run?parameters={filled_in}"

    def last_run(self, artifact: str) -> str | None:
        """Return the address of the run that made the newest artifact of a key, if there is one."""
        run = self._asked(f"/artifacts/{quote(artifact, safe='')}/latest", "flow_run_id", 5)
        return f"{self.ui}/runs/flow-run/{run}" if run else None

    def _asked(self, path: str, name: str, kept: float = _KEPT_SECONDS) -> str | None:
        """Ask for a value, or return what was answered a short while ago."""
        with self._lock:
            until, value = self._known.get(path, (0.0, None))
            if time.monotonic() < until:
                return value
            value = self._ask(path, name)
            seconds = kept if value else _SILENT_SECONDS
            self._known[path] = (time.monotonic() + seconds, value)
            return value

    def _ask(self, path: str, name: str) -> str | None:
        api = self._server()
        if api is None:
            return None
        try:
            answer = httpx.get(f"{api}{path}", headers=_login(), timeout=_ANSWER_SECONDS)
            return str(found) if answer.is_success and (found := answer.json()[name]) else None
        except (httpx.HTTPError, ValueError, KeyError):
            self._api = (time.monotonic() + _SILENT_SECONDS, None)
            return None

    def _server(self) -> str | None:
        until, api = self._api
        if time.monotonic() >= until:
            api = os.environ.get("PREFECT_API_URL") or running_server(self._home)
            self._api = (time.monotonic() + _SILENT_SECONDS, api)
        return api


def _login() -> dict[str, str]:
    """Return the header by which Prefect's own client would log in."""
    if key := os.environ.get("PREFECT_API_KEY"):
        return {"Authorization": f"Bearer {key}"}
    if given := os.environ.get("PREFECT_API_AUTH_STRING"):
        return {"Authorization": f"Basic {base64.b64encode(given.encode()).decode()}"}
    return {}
