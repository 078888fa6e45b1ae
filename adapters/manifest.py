"""Reading a delivery's manifest: the control totals that its sender declares."""

import json
import re
from typing import Any

from adapters.file_problem import FileProblem
from domain.months import SettlementMonth
from domain.profile import DeclaredTotals

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


def read_manifest(content: bytes, month: SettlementMonth) -> dict[str, DeclaredTotals]:
    """Read what a manifest declares of each file, by file name; the SHA-256 may be left out.

    Raises FileProblem for anything that is not a manifest of that month.
    """
    data = _json_object(content)
    stated = data.get("settlement_month")
    if stated != str(month):
        raise FileProblem("manifest_month", f"it is for the month {stated}, not for {month}")
    files = _entries(data, "files")
    sellers = _entries(data, "sellers")
    entries = [_declared(file, with_amount=True) for file in files]
    entries += [_declared(file, with_amount=False) for file in sellers]
    declared = dict(entries)
    if len(declared) < len(entries):
        raise FileProblem("manifest_malformed", "it names a file twice")
    return declared


def _json_object(content: bytes) -> dict[str, Any]:
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise FileProblem("manifest_malformed", f"it is not JSON ({error})") from error
    if not isinstance(data, dict):
        raise FileProblem("manifest_malformed", "it is not a JSON object")
    return data


def _entries(data: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """List the entries under a key; a single one need not stand in a list."""
    value = data.get(key)
    listed: list[Any] = value if isinstance(value, list) else [value]
    entries = [entry for entry in listed if isinstance(entry, dict)]
    if not entries or len(entries) < len(listed):
        raise FileProblem("manifest_malformed", f"its {key!r} does not list files")
    return entries


def _declared(entry: dict[str, Any], *, with_amount: bool) -> tuple[str, DeclaredTotals]:
    name = entry.get("name")
    if not isinstance(name, str):
        raise FileProblem("manifest_malformed", "a file in it has no name")
    amount = _whole(entry, name, "payment_amount_krw") if with_amount else None
    sha256 = entry.get("sha256")
    if sha256 is not None and not (isinstance(sha256, str) and _SHA256.fullmatch(sha256)):
        raise FileProblem("manifest_malformed", f"the sha256 of {name} is not 64 hex digits")
    totals = DeclaredTotals(_whole(entry, name, "rows"), amount, sha256 and sha256.lower())
    return name, totals


def _whole(entry: dict[str, Any], name: str, key: str) -> int:
    value = entry.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise FileProblem("manifest_malformed", f"the {key} of {name} is not a whole number")
    return value
