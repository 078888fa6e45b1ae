"""The short form of the torture: each fault at planned and unplanned moments, small months."""

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.torture.interrupted import FAULTS, STEPS, plan_interruptions, torture


def test_interrupted_closings_and_payouts_end_as_if_nothing_had_happened() -> None:
    said: list[str] = []
    with TemporaryDirectory(prefix="growth-points-", ignore_cleanup_errors=True) as folder:
        found = torture(Path(folder) / "data", interruptions=9, awards=50, report=said.append)
    assert found == []
    assert len(said) > 9


def test_the_long_form_has_every_fault_at_every_step() -> None:
    planned = {
        (each.fault, each.moment) for each in plan_interruptions(2 * len(FAULTS) * len(STEPS))
    }
    assert {(fault, step) for fault in FAULTS for step in STEPS} <= planned
