"""Checking a delivery as a closing would, without a database, for its sender."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adapters.ingest.delivery import DeliveryRefused, find_delivery
from adapters.ingest.signed_manifest import TrustedSenders
from console.output import Row
from domain.findings import Finding, blocking, warnings
from domain.limits import LIMITS
from domain.many import many
from domain.months import MonthInvalid, SettlementMonth
from domain.profile import Past, Profile
from domain.refusal import Refused, WrongUsage
from domain.sentence import Text, sentence, sentences
from expectations.gate_process import start_gate
from flows.ingesting.read_delivery import judge_beside, read_delivery

FINDINGS: Final = ("settlement_month", "severity", "rule", "count", "where", "sentence")


class NoMonthFolder(WrongUsage):
    """The folder is neither a month's nor contains one."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            sentence(
                "{folder} is not a month's folder and contains none; give a folder "
                "named after its settlement month, such as 2026-10, or the folder that "
                "contains it",
                folder=folder,
            )
        )


class WouldBeRefused(Refused):
    """A closing would refuse at least one of the deliveries."""

    def __init__(self, months: tuple[SettlementMonth, ...]) -> None:
        super().__init__(
            sentences(
                "{months} would be refused as it is",
                "{months} would be refused as they are",
                count=len(months),
                months=", ".join(map(str, months)),
            )
        )
        self.months = months


@dataclass(frozen=True, slots=True)
class CheckedFolder:
    """The findings about a month's files; `profile` is None if they cannot be read."""

    month: SettlementMonth
    findings: tuple[Finding, ...]
    profile: Profile | None

    @property
    def refused(self) -> bool:
        """Whether the delivery would be refused."""
        return bool(blocking(self.findings))

    def headline(self) -> Text:
        """Describe the result in a sentence."""
        if self.profile is None:
            return sentence("{month} cannot be read.", month=self.month)
        facts = {
            "month": self.month,
            "lines": many("line", self.profile.lines),
            "amount": self.profile.amount_krw,
            "stores": many("store", self.profile.sellers),
        }
        if self.refused:
            return sentence("{month} would be refused: {lines}, {amount:,} KRW, {stores}.", **facts)
        if count := len(warnings(self.findings)):
            return sentences(
                "{month} would be accepted, with {count} warning: {lines}, {amount:,} KRW, "
                "{stores}.",
                "{month} would be accepted, with {count} warnings: {lines}, {amount:,} KRW, "
                "{stores}.",
                count=count,
                **facts,
            )
        return sentence("{month} would be accepted: {lines}, {amount:,} KRW, {stores}.", **facts)

    def rows(self) -> Iterator[Row]:
        """List the findings, critical ones first."""
        for each in self.findings:
            severity = str(each.severity)
            yield (str(self.month), severity, each.rule, each.count, each.where, each.sentence)


def check_folder(
    folder: Path,
    limits: Mapping[str, float] = LIMITS,
    trusted: TrustedSenders | None = None,
) -> Iterator[CheckedFolder]:
    """Check a month's folder, or all months in a folder; raises NoMonthFolder.

    Signatures are checked if there are trusted senders. Nothing is compared with earlier months,
    and nothing is kept.
    """
    folder = folder.absolute()
    months = _months(folder)
    if not months:
        raise NoMonthFolder(folder)
    start_gate()  # it loads while the files are read
    root = folder.parent if _month(folder) else folder
    return (_check(root, month, limits, trusted) for month in months)


def _months(folder: Path) -> list[SettlementMonth]:
    own = _month(folder)
    if own is not None:
        return [own]
    inside = map(_month, folder.iterdir()) if folder.is_dir() else ()
    return sorted(month for month in inside if month is not None)


def _month(folder: Path) -> SettlementMonth | None:
    try:
        return SettlementMonth.parse(folder.name) if folder.is_dir() else None
    except MonthInvalid:
        return None


def _check(
    root: Path,
    month: SettlementMonth,
    limits: Mapping[str, float],
    trusted: TrustedSenders | None,
) -> CheckedFolder:
    with tempfile.TemporaryDirectory(prefix="growth-points-check-") as work:
        try:
            delivery = find_delivery(str(root), month, trusted=trusted)
            staged = read_delivery(delivery, Path(work) / "staging", Path(work) / "quarantine")
        except DeliveryRefused as refused:
            return CheckedFolder(month, refused.findings, None)
        verdict = judge_beside(staged, Past(words=frozenset()), limits)
        return CheckedFolder(month, verdict.findings, staged.profile)
