"""The short form of the torture: a few interruptions of small months, and its plan."""

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.torture.interrupted import FAULTS, Torture, plan_interruptions, torture


def test_interrupted_months_and_uses_end_as_if_nothing_had_happened() -> None:
    said: list[str] = []
    with TemporaryDirectory(prefix="growth-points-", ignore_cleanup_errors=True) as folder:
        found = torture(Path(folder), Torture(interruptions=12, awards=50, seed=4), said.append)
    assert found == []
    assert sum(", interrupted" in line for line in said) >= 6


def test_every_fault_comes_at_every_step_before_one_comes_twice() -> None:
    steps = {"close": ["first", "second"], "pay": ["only"]}
    planned = plan_interruptions(steps, 60, seed=1, only=steps)
    assert {
        name: {each.moment for of, each in planned if of == name and each} for name in steps
    } == {
        "close": {"first", "second", "any moment"},
        "pay": {"only", "any moment"},
    }
    for name, moments in steps.items():
        at_steps = [each for of, each in planned if of == name and each and each.moment in moments]
        every = {(fault, moment) for fault in FAULTS for moment in moments}
        assert {(each.fault, each.moment) for each in at_steps[: len(every)]} == every
