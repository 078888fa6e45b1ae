"""What the simulated ad system answers to a request, without the network."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from adapters.ad_system.simulated.behaviour import Behaviour
from adapters.ad_system.simulated.store import OtherContent, Store

_CREDIT: Final = re.compile(r"/credits/([A-Za-z0-9_-]{1,80})")
_LONGEST_ACCOUNT: Final = 64
_MOST_POINTS: Final = 2**53 - 1

Reply = tuple[HTTPStatus, dict[str, Any]]
Step = Callable[[str], None]  # told "before", "within" and "after" a delivery's transaction


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came."""

    method: str
    target: str
    body: bytes


def answer(store: Store, behaviour: Behaviour, asked: Asked, step: Step) -> Reply:
    """Do what is asked, and return the answer."""
    address = urlsplit(asked.target)
    credit = _CREDIT.fullmatch(address.path)
    if credit and asked.method == "PUT":
        return _deliver(store, behaviour, credit[1], _content(asked.body), step)
    if credit and asked.method == "GET":
        decided = store.decided(credit[1])
        if decided is None:
            return HTTPStatus.NOT_FOUND, {"outcome": "unknown", "id": credit[1]}
        return HTTPStatus.OK, decided
    if address.path == "/credits" and asked.method == "GET":
        return _list(store, parse_qs(address.query, keep_blank_values=True))
    return _error(HTTPStatus.NOT_FOUND, "there is nothing here")


def _deliver(
    store: Store,
    behaviour: Behaviour,
    credit_id: str,
    content: tuple[str, int] | None,
    step: Step,
) -> Reply:
    if content is None:
        return _error(HTTPStatus.BAD_REQUEST, "write account and points")
    account, points = content
    at = datetime.fromisoformat(behaviour.now) if behaviour.now else datetime.now(UTC)
    step("before")
    try:
        decided = store.decide(
            (credit_id, account, points),
            at,
            refused=behaviour.refuses(account),
            before_commit=lambda: step("within"),
        )
    except OtherContent:
        return _error(HTTPStatus.CONFLICT, "the id is known with other content")
    step("after")
    return HTTPStatus.OK, decided


def _list(store: Store, query: dict[str, list[str]]) -> Reply:
    day, after = query.pop("day", [""]), query.pop("after", None)
    if query or not _is_day(*day) or not (after is None or after[0].isdecimal()):
        return _error(HTTPStatus.BAD_REQUEST, "write day=YYYY-MM-DD, and after as it was given")
    return HTTPStatus.OK, store.page(day[0], after[0] if after else None)


def _is_day(text: str, *others: str) -> bool:
    try:
        return not others and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _content(body: bytes) -> tuple[str, int] | None:
    try:
        read = json.loads(body)
        account, points = read["account"], read["points"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    valid = (
        len(read) == len(("account", "points"))
        and isinstance(account, str)
        and 1 <= len(account) <= _LONGEST_ACCOUNT
        and account.isprintable()
        and type(points) is int
        and 1 <= points <= _MOST_POINTS
    )
    return (account, points) if valid else None


def _error(status: HTTPStatus, text: str) -> Reply:
    return status, {"error": text}
