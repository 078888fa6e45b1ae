"""The record of checks: one JSON file for each time that a delivery was checked."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from domain.findings import Finding, Severity
from domain.months import SettlementMonth
from domain.profile import Profile
from domain.refusal import Refused

_RESULTS = "results"


@dataclass(frozen=True, slots=True)
class CheckedDelivery:
    """One check of a delivery, as the gate left it.

    `content_hash` and `profile` are None for a delivery that could not be read at all. `profile`
    is `Profile.as_data`, `results` the validation results, one for each suite.
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
        profile: Profile,
        content_hash: str,
        source: str,
        checked_at: datetime,
        findings: tuple[Finding, ...],
        results: tuple[Mapping[str, Any], ...],
    ) -> "CheckedDelivery":
        """Describe the check of a delivery that could be read."""
        month, counted = profile.settlement_month, profile.as_data()
        return cls(month, source, checked_at, findings, content_hash, counted, results)

    @property
    def blocked(self) -> bool:
        """Say whether a finding forbids taking the delivery in."""
        return any(finding.severity is Severity.CRITICAL for finding in self.findings)

    @property
    def name(self) -> str:
        """Name what was checked, the same for each check of the same content.

        What could not be read is told apart by where it lay and by what was wrong with it.
        """
        if self.content_hash is not None:
            return self.content_hash[:12]
        faults = [self.source, *(finding.sentence for finding in self.findings)]
        return f"unreadable-{hashlib.sha256(json.dumps(faults).encode()).hexdigest()[:8]}"


class CheckDamaged(Refused):
    """The record of a check is not what was kept."""

    def __init__(self, file: Path) -> None:
        super().__init__(
            f"{file} is damaged: the check that it records cannot be read. "
            "Restore it from a backup, or remove it to go on without that check."
        )
        self.file = file


def keep_check(folder: Path, checked: CheckedDelivery) -> Path:
    """Keep a check beside all earlier ones, numbered; the file is there whole or not at all."""
    number = 1 + max(map(_number, _files(folder)), default=0)
    name = f"{number:06}-{checked.checked_at:%Y%m%dT%H%M%S.%f%z}-{checked.name}.json"
    file = folder / _RESULTS / str(checked.settlement_month) / name
    file.parent.mkdir(parents=True, exist_ok=True)
    data = asdict(checked) | {"settlement_month": str(checked.settlement_month)}
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(data, default=str, ensure_ascii=False), encoding="utf-8")
    unfinished.replace(file)
    return file


def read_checks(folder: Path) -> tuple[CheckedDelivery, ...]:
    """Read every check that was kept, in the order in which they were, whatever the clock showed.

    Those of two runs at once may have one number; then their instants order them. Raises
    CheckDamaged.
    """
    checks = [(_number(file), _read(file)) for file in _files(folder)]
    checks.sort(key=lambda each: (each[0], each[1].checked_at))
    return tuple(checked for _, checked in checks)


def _files(folder: Path) -> Iterator[Path]:
    return (folder / _RESULTS).glob("*/*.json")


def _number(file: Path) -> int:
    """Read a check's number from its file's name; 0 for one that was kept without."""
    number = file.name.partition("-")[0]
    return int(number) if number.isdecimal() else 0


def _read(file: Path) -> CheckedDelivery:
    try:
        return _checked(json.loads(file.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError) as error:
        raise CheckDamaged(file) from error


def _checked(data: Mapping[str, Any]) -> CheckedDelivery:
    return CheckedDelivery(
        settlement_month=SettlementMonth.parse(data["settlement_month"]),
        source=data["source"],
        checked_at=datetime.fromisoformat(data["checked_at"]),
        findings=tuple(map(_finding, data["findings"])),
        content_hash=data["content_hash"],
        profile=data["profile"],
        results=tuple(data["results"]),
    )


def _finding(data: Mapping[str, Any]) -> Finding:
    weight, examples = Severity(data["severity"]), tuple(data["examples"])
    return Finding(**{**data, "severity": weight, "examples": examples})
