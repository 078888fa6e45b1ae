"""Counts of why stores are not awarded: by reason, and as a funnel through the rules in order."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.eligibility import Reason


@dataclass(frozen=True, slots=True)
class Stage:
    """One rule of the funnel: the stores whose first failed rule it is, and those that remain."""

    reason: Reason
    stopped: int
    left: int


@dataclass(frozen=True, slots=True)
class Funnel:
    """The number of stores for each combination of reasons; those without reasons are awarded."""

    by_reasons: Mapping[tuple[Reason, ...], int]

    @property
    def stores(self) -> int:
        """The number of stores decided."""
        return sum(self.by_reasons.values())

    @property
    def counts(self) -> dict[Reason, int]:
        """The number of stores for each reason, in the order of the rules."""
        counted = {
            reason: sum(count for reasons, count in self.by_reasons.items() if reason in reasons)
            for reason in Reason
        }
        return {reason: count for reason, count in counted.items() if count}

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages in the order of the rules; a store stops at the first rule that it fails."""
        left, stages = self.stores, []
        for reason in self.counts:
            stopped = sum(
                count for reasons, count in self.by_reasons.items() if reasons[:1] == (reason,)
            )
            left -= stopped
            stages.append(Stage(reason, stopped, left))
        return tuple(stages)
