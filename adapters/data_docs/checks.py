"""The record of checks: one JSON file for each check of a delivery."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from adapters.whole_file import write_whole
from domain.findings import Finding, Severity
from domain.months import SettlementMonth
from domain.profile import Profile
from domain.refusal import Refused
from domain.sentence import sentence

_RESULTS: Final = "results"
_MOST_KEPT: Final = 2_000  # checks in memory: decades of months


@dataclass(frozen=True, slots=True)
class CheckedDelivery:
    """The result of one check of a delivery.

    `content_hash` and `profile` are None for a delivery that could not be read. `profile` is
    `Profile.as_data`, `results` the validation results, one for each suite.
    """

    settlement_month: SettlementMonth
    source: str
    checked_at: datetime
    findings: tuple[Finding, ...]
    content_hash: str | None = None
    profile: Mapping[str, Any] | None = None
    results: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def of(
        cls,
        month: SettlementMonth,
        profile: Profile,
        content_hash: str,
        source: str,
        checked_at: datetime,
        findings: tuple[Finding, ...],
        results: tuple[Mapping[str, Any], ...],
    ) -> "CheckedDelivery":
        """Return the record for a delivery that could be read."""
        return cls(month, source, checked_at, findings, content_hash, profile.as_data(), results)

    @property
    def blocked(self) -> bool:
        """Whether a finding blocks ingesting the delivery."""
        return any(finding.severity is Severity.CRITICAL for finding in self.findings)

    @property
    def name(self) -> str:
        """Return a name that is the same for each check of the same content.

        A delivery that could not be read is identified by its source and its findings.
        """
        if self.content_hash is not None:
            return self.content_hash[:12]
        faults = [self.source, *(finding.sentence for finding in self.findings)]
        return f"unreadable-{hashlib.sha256(json.dumps(faults).encode()).hexdigest()[:8]}"


class CheckDamaged(Refused):
    """The record of a check cannot be read."""

    def __init__(self, file: Path) -> None:
        super().__init__(
            sentence(
                "{file} is damaged: the check in it cannot be read. Restore it from a "
                "backup, or remove it to continue without that check.",
                file=file,
            )
        )
        self.file = file


def keep_check(folder: Path, checked: CheckedDelivery) -> Path:
    """Store a check under the next number; the file is renamed into place when complete."""
    number = 1 + max(map(_number, _files(folder)), default=0)
    name = f"{number:06}-{checked.checked_at:%Y%m%dT%H%M%S.%f%z}-{checked.name}.json"
    file = folder / _RESULTS / str(checked.settlement_month) / name
    file.parent.mkdir(parents=True, exist_ok=True)
    findings = [each.stored() for each in checked.findings]
    data = asdict(replace(checked, findings=())) | {
        "settlement_month": str(checked.settlement_month),
        "findings": findings,
    }
    write_whole(file, json.dumps(data, default=str, ensure_ascii=False))
    return file


def read_checks(folder: Path, month: SettlementMonth | None = None) -> tuple[CheckedDelivery, ...]:
    """Read all checks, or a month's, in the order of their numbers, then of their instants.

    Checks of two runs at once may have the same number. Raises CheckDamaged.
    """
    checks = [(_number(file), _read(file)) for file in _files(folder, month)]
    checks.sort(key=lambda each: (each[0], each[1].checked_at))
    return tuple(checked for _, checked in checks)


def last_checks(folder: Path) -> Mapping[SettlementMonth, CheckedDelivery]:
    """Read the last check of each month; raises CheckDamaged."""
    newest: dict[str, Path] = {}
    for file in sorted(_files(folder), key=lambda file: (_number(file), file.name)):
        newest[file.parent.name] = file
    return {each.settlement_month: each for each in map(_read, newest.values())}


def _files(folder: Path, month: SettlementMonth | None = None) -> Iterator[Path]:
    return (folder / _RESULTS).glob(f"{month or '*'}/*.json")


def _number(file: Path) -> int:
    """Return a check's number from its file's name; 0 for one without a number."""
    number = file.name.partition("-")[0]
    return int(number) if number.isdecimal() else 0


def _read(file: Path) -> CheckedDelivery:
    """Read a check, once as long as its file is the same: pages list all that were ever made."""
    found = file.stat()
    return _parsed(file, (found.st_ino, found.st_mtime_ns, found.st_size))


@lru_cache(maxsize=_MOST_KEPT)
def _parsed(file: Path, _stamp: tuple[int, ...]) -> CheckedDelivery:
    try:
        return _checked(json.loads(file.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError) as error:
        raise CheckDamaged(file) from error


def _checked(data: Mapping[str, Any]) -> CheckedDelivery:
    return CheckedDelivery(
        settlement_month=SettlementMonth.parse(data["settlement_month"]),
        source=data["source"],
        checked_at=datetime.fromisoformat(data["checked_at"]),
        findings=tuple(map(Finding.of, data["findings"])),
        content_hash=data["content_hash"],
        profile=data["profile"],
        results=tuple(data["results"]),
    )
