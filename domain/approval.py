"""Approval of payouts: the operator's rule, and the approvals given."""

from dataclasses import dataclass
from typing import Final, Self

from domain.refusal import WrongUsage
from domain.sentence import sentence


class ApprovalRuleInvalid(WrongUsage):
    """A setting that is not an approval rule."""

    def __init__(self, text: str) -> None:
        super().__init__(
            sentence(
                "{text!r} is not an approval rule; write none, required, or the number "
                "of points above which a payout needs an approval",
                text=text,
            )
        )


_LONGEST: Final = 18  # digits: the number is recorded with each payout, in 64 bits
_REQUIRED: Final = -1  # a payout of 0 points is above it: it closes its month for good, too


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """A payout of more than `above_points` needs an approval; None: no payout does."""

    above_points: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `none`, `required` or a number of points; raises ApprovalRuleInvalid."""
        if text == "none":
            return cls()
        if text == "required":
            return cls(_REQUIRED)
        if text.isascii() and text.isdecimal() and len(text) <= _LONGEST:
            return cls(int(text))
        raise ApprovalRuleInvalid(text)

    def demands(self, points: int) -> bool:
        """Return whether a payout of so many points needs an approval."""
        return self.above_points is not None and points > self.above_points


NO_APPROVAL: Final = ApprovalRule()


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody's approval of paying an evaluation's awards, `points` in total."""

    evaluation_id: int
    points: int
    actor: str

    def covers(self, evaluation_id: int, points: int) -> bool:
        """Return whether it is for this evaluation and total; a restatement makes it void."""
        return (self.evaluation_id, self.points) == (evaluation_id, points)
