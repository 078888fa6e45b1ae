"""Restatement: what to post when a month earned other awards than stand (rules 11, 16, 17)."""

from collections.abc import Iterable, Set
from dataclasses import dataclass, replace

from domain.ledger import Award, total_points


@dataclass(frozen=True, slots=True)
class Restatement:
    """The difference between the standing and the earned awards of a month.

    Before payout it is posted: `reverse`, then `post`. After payout it is only reported:
    `over_awarded` was paid and is not earned, `under_awarded` is earned and was not paid.
    `held_elsewhere` is earned too, but another month has paid the store this tier (rule 11).
    """

    reverse: tuple[Award, ...] = ()
    post: tuple[Award, ...] = ()
    over_awarded: tuple[Award, ...] = ()
    under_awarded: tuple[Award, ...] = ()
    held_elsewhere: tuple[Award, ...] = ()

    @property
    def is_unsettled(self) -> bool:
        """Whether the month paid other awards than it earned."""
        return bool(self.over_awarded or self.under_awarded)

    @property
    def counts(self) -> dict[str, int]:
        """The number of awards in each group, and the points to be posted."""
        return {
            "reversed": len(self.reverse),
            "awarded": len(self.post),
            "over_awarded": len(self.over_awarded),
            "under_awarded": len(self.under_awarded),
            "points": total_points(self.post) - total_points(self.reverse),
        }

    def applied_to(self, standing: frozenset[Award]) -> frozenset[Award]:
        """Return the awards that stand once the difference is posted."""
        return (standing - set(self.reverse)) | set(self.post)

    def settled(self, standing: Set[Award], clawed_back: Set[Award] = frozenset()) -> "Restatement":
        """Return the difference after all later months were evaluated, too.

        `standing` are all awards that stand then. A tier under-awarded here may be held through a
        later month that was not paid yet; then it moves to `held_elsewhere`, unless it was
        `clawed_back`.
        """
        if not self.under_awarded:
            return self
        given = _held(self.under_awarded, standing - clawed_back)
        return replace(
            self,
            under_awarded=tuple(award for award in self.under_awarded if award not in given),
            held_elsewhere=tuple(sorted({*self.held_elsewhere, *given})),
        )


def restate(
    standing: Set[Award],
    earned: Set[Award],
    *,
    paid_out: bool,
    paid_elsewhere: Set[Award] = frozenset(),
) -> Restatement:
    """Compare the standing awards of one month with those now earned.

    A first closing has no standing awards. `paid_elsewhere` are the awards that other months paid:
    a month closed after a later one was paid can earn a tier that the later one has paid. Results
    are sorted, so that the same input is posted in the same order.
    """
    missing = earned - standing
    elsewhere = _held(missing, paid_elsewhere)
    outgoing = tuple(sorted(standing - earned))
    incoming = tuple(sorted(missing - elsewhere))
    given = tuple(sorted(elsewhere))
    if paid_out:
        return Restatement(over_awarded=outgoing, under_awarded=incoming, held_elsewhere=given)
    return Restatement(reverse=outgoing, post=incoming, held_elsewhere=given)


def _held(earned: Iterable[Award], by: Iterable[Award]) -> set[Award]:
    """Return the earned awards whose store has the tier by one of other awards."""
    held = {(award.seller_id, award.tier) for award in by}
    return {award for award in earned if (award.seller_id, award.tier) in held}
