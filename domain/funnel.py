"""Why stores are not awarded, counted: each reason for itself, and in the order of the rules."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.eligibility import Reason


@dataclass(frozen=True, slots=True)
class Stage:
    """One rule of the funnel: the stores that it is the first to stop, and those that go on."""

    reason: Reason
    stopped: int
    left: int


@dataclass(frozen=True, slots=True)
class Funnel:
    """How many stores have each combination of reasons; those with none are awarded."""

    by_reasons: Mapping[tuple[Reason, ...], int]

    @property
    def stores(self) -> int:
        """How many stores were decided about."""
        return sum(self.by_reasons.values())

    @property
    def counts(self) -> dict[Reason, int]:
        """Count for each reason the stores that have it, in the order of the rules."""
        counted = {
            reason: sum(count for reasons, count in self.by_reasons.items() if reason in reasons)
            for reason in Reason
        }
        return {reason: count for reason, count in counted.items() if count}

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Let the stores pass the rules in order, each stopped by the first that it fails."""
        left, stages = self.stores, []
        for reason in self.counts:
            stopped = sum(
                count for reasons, count in self.by_reasons.items() if reasons[:1] == (reason,)
            )
            left -= stopped
            stages.append(Stage(reason, stopped, left))
        return tuple(stages)
