"""Checking the Prefect server that an operator configured as PREFECT_API_URL.

Prefect itself reports a wrong address only in the middle of a run, without naming it.
"""

import os
import ssl
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from http.client import HTTPException
from typing import Final
from urllib.parse import urlsplit

from domain.refusal import Refused, WrongUsage
from domain.sentence import Text, sentence
from flows.prefect.servers.proxies import unusable_proxies

_ANSWER_SECONDS: Final = 30  # a busy server answers late
_RESTART_PAUSES: Final = (0.5, 1.0, 2.0)  # seconds, while a server restarts
_BEHIND_A_LOGIN: Final = ("PREFECT_API_KEY", "PREFECT_CLIENT_CUSTOM_HEADERS")
_ASKS_WHO: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)


class PrefectUnreachable(Refused):
    """No server answers at PREFECT_API_URL."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(
            sentence(
                "PREFECT_API_URL is {url}, where no server answers ({why}). Start that "
                "server, or unset the variable to work without one. Nothing was done.",
                url=url,
                why=why,
            )
        )
        self.url = url


class NotAPrefectServer(WrongUsage):
    """PREFECT_API_URL is not the address of a Prefect API."""

    def __init__(self, url: str, why: Text) -> None:
        super().__init__(
            sentence(
                "PREFECT_API_URL is {url!r}, {why}. Name the API of a Prefect server, "
                "as in http://127.0.0.1:4200/api, or unset the variable. Nothing was "
                "done.",
                url=url,
                why=why,
            )
        )
        self.url = url


class ProxyUnusable(WrongUsage):
    """A proxy in the environment is of a kind that Prefect's client does not support."""

    def __init__(self, kind: str, proxy: str) -> None:
        super().__init__(
            sentence(
                "{name} is {proxy!r}, a proxy that Prefect's client cannot use "
                "to reach PREFECT_API_URL. Name an HTTP proxy, or bypass it with "
                "NO_PROXY=*.",
                name=f"{kind.upper()}_PROXY",
                proxy=proxy,
            )
        )
        self.proxy = proxy


def configured_server() -> str | None:
    """Return the address of the configured Prefect server after checking that it answers.

    None if none is configured. Raises PrefectUnreachable, NotAPrefectServer, ProxyUnusable.
    """
    if not (url := os.environ.get("PREFECT_API_URL", "").strip()):
        return None
    parts = _parts(url)
    if parts is None or parts[0] not in ("http", "https") or not parts[1]:
        raise NotAPrefectServer(url, sentence("which is not the address of a server"))
    for kind, proxy in unusable_proxies().items():
        raise ProxyUnusable(kind, proxy)
    if not any(os.environ.get(name) for name in _BEHIND_A_LOGIN):
        _require_prefect(url)
    return url


def _parts(url: str) -> tuple[str, str | None] | None:
    try:
        found = urlsplit(url)
        found.port  # noqa: B018 raises if it is not a port
    except ValueError:
        return None
    return found.scheme, found.hostname


def _require_prefect(url: str) -> None:
    """Refuse an address where nothing or something other than Prefect's API answers."""
    try:
        if _is_prefect_perhaps_restarting(url):
            return
        answer = sentence("where something other than Prefect's API answers")
    except urllib.error.HTTPError as error:
        if error.code in _ASKS_WHO:
            return
        if error.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise PrefectUnreachable(url, f"{error.code} {error.reason}") from None
        answer = sentence("where the answer is HTTP {code}, not Prefect's", code=error.code)
    except HTTPException:
        answer = sentence("where something other than a web server answers")
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLError):
            return  # Prefect has its own settings for certificates
        raise PrefectUnreachable(url, str(reason)) from None
    raise NotAPrefectServer(url, answer)


def _is_prefect_perhaps_restarting(url: str) -> bool:
    for pause in _RESTART_PAUSES:
        try:
            return is_prefect(url, _ANSWER_SECONDS)
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
            time.sleep(pause)
    return is_prefect(url, _ANSWER_SECONDS)


def is_prefect(url: str, seconds: float) -> bool:
    """Return whether Prefect's API answers at an address; raises OSError and the like if none."""
    address = f"{url.rstrip('/')}/health"
    with urllib.request.urlopen(address, timeout=seconds) as found:  # noqa: S310 the operator's own
        return bool(found.read(5) == b"true")
