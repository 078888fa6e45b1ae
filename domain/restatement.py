"""What must be posted when a month's awards come out differently (rules 16 and 17)."""

from collections.abc import Set
from dataclasses import dataclass

from domain.ledger import Award


@dataclass(frozen=True, slots=True)
class Restatement:
    """The way from the awards that stand to the awards that are earned.

    Before payout the way is taken: `reverse`, then `post`. After it what was paid stays, and the
    difference is only told: `over_awarded` was paid and is not earned, `under_awarded` is earned
    and was not paid.
    """

    reverse: tuple[Award, ...] = ()
    post: tuple[Award, ...] = ()
    over_awarded: tuple[Award, ...] = ()
    under_awarded: tuple[Award, ...] = ()

    def applied_to(self, standing: frozenset[Award]) -> frozenset[Award]:
        """Tell which awards stand once the way is taken."""
        return (standing - set(self.reverse)) | set(self.post)


def restate(standing: Set[Award], earned: Set[Award], *, paid_out: bool) -> Restatement:
    """Compare the awards of one month that stand with those now earned.

    A first closing is the restatement of nothing. Both results are sorted, so that the same
    input always posts in the same order.
    """
    no_longer = tuple(sorted(standing - earned))
    newly = tuple(sorted(earned - standing))
    if paid_out:
        return Restatement(over_awarded=no_longer, under_awarded=newly)
    return Restatement(reverse=no_longer, post=newly)
