"""Check a delivery that was read: every finding of the gate."""

from adapters.intake import StagedMonth
from domain.findings import Finding
from expectations.gate_process import start_gate


def check_delivery(staged: StagedMonth) -> tuple[Finding, ...]:
    """Judge a staged month by its profile; a critical finding forbids accepting it."""
    return start_gate().judge(staged.profile)
