"""Reading the bodies that `openapi.yaml` describes; whatever it does not describe is an error."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from domain.using.ad_credit import Credit, Credited, CreditRequest, Refused, Unknown

MOST_BYTES: Final = 1024 * 1024  # of one body
_SEOUL: Final = ZoneInfo("Asia/Seoul")
_MOST_POINTS: Final = 2**53 - 1  # what JSON numbers hold everywhere

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,80}")
_ACCOUNT: Final = re.compile(r".{1,64}")
_REFERENCE: Final = re.compile(r"[!-~]{1,64}")
_REASON: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_SENTENCE: Final = re.compile(r"(?=.*\S).{1,200}")
_INSTANT: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII
)
_CURSOR: Final = re.compile(r"[!-~]{1,200}")

_REQUEST: Final = {"id", "account", "points"}


class NotTheContract(Exception):
    """A body that the contract does not describe; the message names the part."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a day's credits; `following` is where the next part begins, None after the last."""

    credits: tuple[Credit, ...]
    following: str | None


def read_answer(body: bytes, request: CreditRequest) -> Credited | Refused:
    """Read what became of a request; raises NotTheContract, also if it is another request's."""
    answer = _object(body)
    match answer.get("outcome"):
        case "credited":
            _require_names(answer, _REQUEST | {"outcome", "at", "reference"})
            read: Credited | Refused = _credited(answer)
        case "refused":
            _require_names(answer, _REQUEST | {"outcome", "reason", "text"})
            read = Refused(_text(answer, "reason", _REASON), _text(answer, "text", _SENTENCE))
        case _:
            raise NotTheContract("outcome")
    if _request(answer) != request:
        raise NotTheContract("it is about another id, account or number of points")
    return read


def read_unknown(body: bytes, request: CreditRequest) -> Unknown:
    """Read the answer that a request is not known; raises NotTheContract."""
    if _object(body) != {"outcome": "unknown", "id": request.credit_id}:
        raise NotTheContract("it does not say that the id is unknown")
    return Unknown()


def read_page(body: bytes, day: date, after: str | None) -> Page:
    """Read a part of a day's credits; raises NotTheContract, also if it is another part."""
    page = _object(body)
    _require_names(page, {"day", "after", "credits", "next"})
    if page["day"] != day.isoformat() or page["after"] != after:
        raise NotTheContract("it is another page")
    following = None if page["next"] is None else _text(page, "next", _CURSOR)
    listed = page["credits"]
    if not isinstance(listed, list) or (following is not None and not listed):
        raise NotTheContract("credits")
    return Page(tuple(_credit(item, day) for item in listed), following)


def _credit(item: object, day: date) -> Credit:
    if not isinstance(item, dict):
        raise NotTheContract("credits")
    _require_names(item, _REQUEST | {"at", "reference"})
    credited = _credited(item)
    if credited.at.astimezone(_SEOUL).date() != day:
        raise NotTheContract("a credit of another day")
    return Credit(_request(item), credited)


def _credited(item: dict[str, Any]) -> Credited:
    try:
        at = datetime.fromisoformat(_text(item, "at", _INSTANT)).astimezone(UTC)
        at.astimezone(_SEOUL)
    except (ValueError, OverflowError):
        raise NotTheContract("at") from None
    return Credited(at, _text(item, "reference", _REFERENCE))


def _request(item: dict[str, Any]) -> CreditRequest:
    points = item["points"]
    if type(points) is not int or not 1 <= points <= _MOST_POINTS:
        raise NotTheContract("points")
    return CreditRequest(_text(item, "id", _ID), _text(item, "account", _ACCOUNT), points)


def _text(item: dict[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    text = item[name]
    if not isinstance(text, str) or not (pattern.fullmatch(text) and text.isprintable()):
        raise NotTheContract(name)
    return text


def _require_names(item: dict[str, Any], names: set[str]) -> None:
    if item.keys() != names:
        raise NotTheContract("it has other fields")


def _object(body: bytes) -> dict[str, Any]:
    try:
        read = json.loads(body.decode(), object_pairs_hook=_once_each)
    except (ValueError, RecursionError):
        raise NotTheContract("it is not JSON") from None
    if not isinstance(read, dict):
        raise NotTheContract("it is no object")
    return read


def _once_each(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    listed = list(pairs)
    read = dict(listed)
    if len(read) < len(listed):
        raise NotTheContract("a field is there twice")
    return read
