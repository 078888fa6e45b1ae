"""A delivery that was read and judged sound."""

from dataclasses import dataclass

from adapters.ingest.staged_month import StagedMonth
from domain.findings import Finding


@dataclass(frozen=True, slots=True)
class SoundDelivery:
    """A delivery that may be recorded; `staged` is None if it is already the current revision.

    `seen_no` is the revision that was current when it was found, 0 if none was, None if unknown.
    """

    staged: StagedMonth | None
    findings: tuple[Finding, ...] = ()
    seen_no: int | None = None
