"""Check a delivery that was read: every finding of the gate."""

from adapters.intake import StagedMonth
from domain.findings import Finding
from expectations.gate import judge


def check_delivery(staged: StagedMonth) -> tuple[Finding, ...]:
    """Judge a staged month by its profile; a critical finding forbids accepting it."""
    return judge(staged.profile)
