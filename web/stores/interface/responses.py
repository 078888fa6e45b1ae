"""The answers that routes share: problems, as the interface describes them, and CSV."""

from typing import Any, Final

from fastapi import Request

from web.stores.problems import MEDIA_TYPE

_PROBLEM: Final = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_MEANS: Final = {
    400: "The body is not JSON.",
    401: "The token is missing or not valid.",
    403: "The token belongs to another store, or lacks a scope.",
    404: "The store, or what is asked about it, is not known.",
    409: "What is recorded forbids it; `reason` says why.",
    413: "The body is too long.",
    422: "The request does not match this description.",
    503: "The service cannot answer at the moment; try again after the seconds in Retry-After.",
}
_ALWAYS: Final = (422, 503)
_RETRY_AFTER: Final = {"Retry-After": {"schema": {"type": "integer"}}}
CSV: Final = {"text/csv": {"schema": {"type": "string"}}}


def problems_of(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the problems that a route answers with, beside those that every route has."""
    found: dict[int | str, dict[str, Any]] = {
        status: {"description": _MEANS[status], "content": _PROBLEM}
        for status in (*statuses, *_ALWAYS)
    }
    found[503]["headers"] = _RETRY_AFTER
    return found


def wants_csv(request: Request) -> bool:
    """Whether a request accepts CSV and names it."""
    accepted = request.headers.get("accept", "").lower().split(",")
    return any(each.partition(";")[0].strip() == "text/csv" for each in accepted)
