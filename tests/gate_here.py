"""The gate's judgment of awards without a process of its own, for processes that are forked."""

from collections.abc import Iterator
from contextlib import contextmanager

from domain.award_profile import AwardProfile
from domain.findings import Finding
from expectations import gate, gate_process


class _GateHere:
    alive = True

    def judge_awards(self, profile: AwardProfile) -> tuple[Finding, ...]:
        return gate.judge_awards(profile)


@contextmanager
def gate_here() -> Iterator[None]:
    """Judge awards in this process and those forked from it; the gate is loaded once, before."""
    gate.warm_up()
    gate_process._started.append(_GateHere())  # type: ignore[arg-type]
    yield
    gate_process._started.pop()
