"""Asking the ad system over HTTP; whatever is not understood is a NoAnswer."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import TracebackType
from typing import Final, Self, TypeVar
from urllib.parse import quote

import httpx

from adapters.ad_system import contract
from adapters.ad_system.address import checked_address, checked_token
from adapters.ad_system.contract import NotTheContract, Page
from adapters.ad_system.loop_thread import LoopThread
from domain.using.ad_credit import Answer, Credit, CreditRequest, NoAnswer

_T = TypeVar("_T")
_MOST_PAGES: Final = 10_000
_OK: Final = 200
_NOT_FOUND: Final = 404

_UNACCEPTED: Final = (
    "it does not accept the token; check GROWTH_POINTS_AD_SYSTEM_TOKEN or the file that "
    "GROWTH_POINTS_AD_SYSTEM_TOKEN_FILE names"
)
_STATUSES: Final = {
    400: "it does not accept the form of the request",
    401: _UNACCEPTED,
    403: _UNACCEPTED,
    404: "there is no ad system at this address; check GROWTH_POINTS_AD_SYSTEM_URL",
    409: "it knows the id with another account or number of points",
}
_REDIRECTED: Final = "redirects are not followed; check GROWTH_POINTS_AD_SYSTEM_URL"


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds to wait for a connection, and in all for one answer or page."""

    connection_seconds: float = 5.0
    answer_seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class _Question:
    method: str
    credit_id: str | None = None
    content: dict[str, str | int] | None = None
    parameters: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class _Received:
    status: int
    body: bytes  # empty unless the contract gives the status one that is read


class HttpAdSystem:
    """An ad system that follows `openapi.yaml`, for any number of threads; use it in a `with`.

    It trusts the certificates that the machine trusts, uses no proxy, and reads no environment.
    """

    def __init__(self, url: str, token: str, patience: Patience = Patience()) -> None:
        """Prepare to ask; raises AddressInvalid and TokenInvalid. Nothing is sent yet."""
        self._url = checked_address(url)
        self._token = checked_token(token)
        self._patience = patience
        self._loop = LoopThread()
        self._http = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {self._token}", "Accept-Encoding": "identity"},
            timeout=httpx.Timeout(None, connect=patience.connection_seconds),
            verify=_trusted(),
            follow_redirects=False,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        self._loop.run(self._http.aclose())
        self._loop.close()

    def deliver(self, request: CreditRequest) -> Answer:
        """Deliver credit; the same request again has no further effect."""
        content: dict[str, str | int] = {"account": request.account_id, "points": request.points}
        question = _Question("PUT", request.credit_id, content)
        return self._understood(question, lambda received: _read_delivery(received, request))

    def ask(self, request: CreditRequest) -> Answer:
        """Return what became of a request; NoAnswer if it is known with other content."""
        question = _Question("GET", request.credit_id)
        return self._understood(question, lambda received: _read_asked(received, request))

    def credits_of(self, day: date) -> tuple[Credit, ...] | NoAnswer:
        """Return all that was credited on a day in Asia/Seoul, in order of ids."""
        found: dict[str, Credit] = {}
        after: str | None = None
        for _ in range(_MOST_PAGES):
            page = self._page(day, after)
            if isinstance(page, NoAnswer):
                return page
            for credit in page.credits:
                if found.setdefault(credit.request.credit_id, credit) is not credit:
                    return NoAnswer("it lists a credit twice")
            if page.following is None:
                return tuple(found[each] for each in sorted(found))
            after = page.following
        return NoAnswer(f"it lists a day on more than {_MOST_PAGES} pages")

    def _page(self, day: date, after: str | None) -> Page | NoAnswer:
        parameters = {"day": day.isoformat()} | ({} if after is None else {"after": after})
        return self._understood(
            _Question("GET", parameters=parameters),
            lambda received: _read_page(received, day, after),
        )

    def _understood(
        self, question: _Question, read: Callable[[_Received], _T | NoAnswer]
    ) -> _T | NoAnswer:
        try:
            answer = read(self._loop.run(self._received(question)))
        except NotTheContract as error:
            return NoAnswer(f"its answer is not in the contract: {error}")
        except httpx.ConnectTimeout:
            return NoAnswer(f"no connection within {self._patience.connection_seconds:g} seconds")
        except TimeoutError:
            return NoAnswer(f"no answer within {self._patience.answer_seconds:g} seconds")
        except (
            Exception
        ) as error:  # whatever a library raises: points stay held, and it is asked again
            return NoAnswer(f"no answer ({type(error).__name__})")
        if self._token in repr(answer):
            return NoAnswer("its answer repeats the token")
        return answer

    async def _received(self, question: _Question) -> _Received:
        async with asyncio.timeout(self._patience.answer_seconds):
            request = self._http.build_request(
                question.method,
                self._url + _path_of(question.credit_id),
                json=question.content,
                params=question.parameters,
            )
            response = await self._http.send(request, stream=True)
            try:
                read = response.status_code in (_OK, _NOT_FOUND)
                return _Received(response.status_code, await _body(response) if read else b"")
            finally:
                await response.aclose()


@cache
def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context()  # reading the machine's certificates takes a while


async def _body(response: httpx.Response) -> bytes:
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise NotTheContract("it is compressed")
    body = bytearray()
    async for part in response.aiter_raw():
        body += part
        if len(body) > contract.MOST_BYTES:
            raise NotTheContract(f"it has more than {contract.MOST_BYTES} bytes")
    return bytes(body)


def _path_of(credit_id: str | None) -> str:
    return "/credits" if credit_id is None else f"/credits/{quote(credit_id, safe='')}"


def _read_delivery(received: _Received, request: CreditRequest) -> Answer:
    if received.status == _OK:
        return contract.read_answer(received.body, request)
    return _status(received.status)


def _read_asked(received: _Received, request: CreditRequest) -> Answer:
    if received.status == _NOT_FOUND:
        return contract.read_unknown(received.body, request)
    return _read_delivery(received, request)


def _read_page(received: _Received, day: date, after: str | None) -> Page | NoAnswer:
    if received.status == _OK:
        return contract.read_page(received.body, day, after)
    return _status(received.status)


def _status(status: int) -> NoAnswer:
    redirected = _REDIRECTED if httpx.codes.is_redirect(status) else "that is no answer"
    return NoAnswer(f"status {status}: {_STATUSES.get(status, redirected)}")
