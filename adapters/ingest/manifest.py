"""Reading a delivery's manifest: the control totals that its sender declares."""

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

from adapters.ingest.file_problem import FileProblem
from domain.columns import Content
from domain.delivery import SUMMED, Expected, Period, expected_of
from domain.profile import DeclaredTotals
from domain.sentence import Text, Word, sentence

MANIFEST = "manifest.json"
_LARGEST_NUMBER = 2**31 - 1
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a manifest declares of each file, by file name, and its problems.

    `declared` has all files that it names; their totals are valid only without problems.
    `delivery_no` numbers the signed deliveries of a period, None if it is invalid.
    """

    declared: dict[str, DeclaredTotals]
    problems: tuple[FileProblem, ...]
    delivery_no: int | None = 1

    def differences(self, found: Set[str]) -> Iterator[FileProblem]:
        """Compare the files that it names with those found."""
        for name in sorted(self.declared.keys() - found):
            yield FileProblem(
                "manifest_file_absent", sentence("it names {name}, which is not there", name=name)
            )
        for name in sorted(found - self.declared.keys()):
            yield FileProblem(
                "manifest_incomplete",
                sentence("it does not name {name}, which is there", name=name),
            )


def read_manifest(content: bytes, period: Period) -> Manifest:
    """Parse the manifest of a month or a day; raises FileProblem if it is not a JSON object.

    The SHA-256 of a file is optional.
    """
    data, expected = _json_object(content), expected_of(period)
    entries = {key: _entries(data, key) for key in expected.listed}
    declared = {
        _name(entry): _totals(entry, expected.listed[key])
        for key, listed in entries.items()
        for entry in listed
        if _name(entry)
    }
    problems = (
        *_period_problems(data.get(expected.stated_as), period, expected),
        *_problems(data, entries, expected),
    )
    return Manifest(declared, problems, _delivery_no(data))


def content_hash(hashes: Mapping[str, str], manifest: bytes | None) -> str:
    """Hash a delivery by the names and SHA-256 of its files, and its manifest if it has one."""
    hashed = dict(hashes)
    if manifest is not None:
        hashed[MANIFEST] = hashlib.sha256(manifest).hexdigest()
    content = json.dumps(sorted(hashed.items()), ensure_ascii=True)
    return hashlib.sha256(content.encode()).hexdigest()


def _delivery_no(data: dict[str, Any]) -> int | None:
    number = _whole(data, "delivery_no") if "delivery_no" in data else 1
    return number if number is not None and 1 <= number <= _LARGEST_NUMBER else None


def _period_problems(stated: Any, period: Period, expected: Expected) -> Iterator[FileProblem]:
    if stated != str(period):
        told = sentence(
            "it is for the {unit} {stated}, not for {period}",
            unit=Word("unit", expected.unit),
            stated=str(stated),
            period=str(period),
        )
        yield FileProblem(f"manifest_{expected.unit}", told)


def _problems(
    data: dict[str, Any], entries: dict[str, list[dict[str, Any]]], expected: Expected
) -> Iterator[FileProblem]:
    for key, listed in entries.items():
        if not listed or len(listed) < len(_listed(data, key)):
            yield _malformed(sentence("its {key!r} does not list files", key=key))
        for place, entry in enumerate(listed, 1):
            if not _name(entry):
                yield _malformed(
                    sentence("file {place} in its {key!r} has no name", place=place, key=key)
                )
            name = _name(entry) or sentence("file {place} in {key!r}", place=place, key=key)
            yield from _entry_problems(entry, name, expected.listed[key])
    yield from _named_again(entries)


def _named_again(entries: dict[str, list[dict[str, Any]]]) -> Iterator[FileProblem]:
    times = Counter(_name(entry) for listed in entries.values() for entry in listed)
    for name in sorted(name for name, count in times.items() if name and count > 1):
        yield _malformed(sentence("it names {name} {times} times", name=name, times=times[name]))


def _entry_problems(entry: dict[str, Any], name: Text, content: Content) -> Iterator[FileProblem]:
    for number in filter(None, ("rows", SUMMED.get(content))):
        if _whole(entry, number) is None:
            yield _malformed(
                sentence("the {key} of {name} is not a whole number", key=number, name=name)
            )
    sha256 = entry.get("sha256")
    if sha256 is not None and not (isinstance(sha256, str) and _SHA256.fullmatch(sha256)):
        yield _malformed(sentence("the sha256 of {name} is not 64 hex digits", name=name))


def _malformed(text: Text) -> FileProblem:
    return FileProblem("manifest_malformed", text)


def _json_object(content: bytes) -> dict[str, Any]:
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _malformed(sentence("it is not JSON ({error})", error=str(error))) from error
    if not isinstance(data, dict):
        raise _malformed(sentence("it is not a JSON object"))
    return data


def _listed(data: dict[str, Any], key: str) -> list[Any]:
    """Return the list under a key; a single entry may stand without a list."""
    value = data.get(key)
    return value if isinstance(value, list) else [value]


def _entries(data: dict[str, Any], key: str) -> list[dict[str, Any]]:
    return [entry for entry in _listed(data, key) if isinstance(entry, dict)]


def _name(entry: dict[str, Any]) -> str:
    name = entry.get("name")
    return unicodedata.normalize("NFC", name) if isinstance(name, str) else ""


def _totals(entry: dict[str, Any], content: Content) -> DeclaredTotals:
    summed, sha256 = SUMMED.get(content), entry.get("sha256")
    rows, total = _whole(entry, "rows"), _whole(entry, summed) if summed else None
    return DeclaredTotals(rows or 0, total, sha256.lower() if isinstance(sha256, str) else None)


def _whole(entry: dict[str, Any], key: str) -> int | None:
    value = entry.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
