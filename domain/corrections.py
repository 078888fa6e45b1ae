"""Corrections of a month that was paid and later turned out to have earned other awards (rule 16).

An *award correction* gives a store an award that its month lacked, and takes the tier. A *clawback*
takes the points of an award that a month paid and did not earn; the tier stays taken. When the tier
is earned after all, by whichever month, a *reinstatement* gives these points back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.ledger import Award
from domain.months import SettlementMonth


class CorrectionKind(StrEnum):
    """The kinds of correction."""

    AWARD = "award"
    CLAWBACK = "clawback"
    REINSTATEMENT = "reinstatement"


@dataclass(frozen=True, slots=True)
class Correction:
    """A correction of an award, and the number of the posting whose points it takes or gives back.

    A clawback undoes the award's posting, its award correction or a reinstatement, and a
    reinstatement undoes a clawback; an award correction undoes nothing.
    """

    kind: CorrectionKind
    award: Award
    undoes: int | None = None

    @property
    def points(self) -> int:
        """The points that the store receives; negative when it loses them."""
        return -self.award.points if self.kind is CorrectionKind.CLAWBACK else self.award.points

    @property
    def key(self) -> str:
        """The key of its posting: what is undone is undone once."""
        month, tier, seller_id = self.award.settlement_month, self.award.tier, self.award.seller_id
        if self.undoes is None:
            return f"award-correction/{month}/{tier}/{seller_id}"
        return f"{self.kind}/{self.undoes}/{month}/{tier}/{seller_id}"


@dataclass(frozen=True, slots=True)
class PostedCorrection:
    """A correction as it was posted."""

    posting_no: int
    correction: Correction


@dataclass(frozen=True, slots=True)
class Case:
    """A requested correction and everything needed to decide it.

    `points` are to be given to one store, or taken from it if negative, because of what `month`
    paid. `earned` is what the store earned in the current evaluations of all months, `awards` are
    its standing awards with the numbers of their postings, and `corrections` are all corrections
    posted for it, oldest first.
    """

    month: SettlementMonth
    points: int
    closed: bool
    paid: bool
    earned: frozenset[Award]
    awards: Mapping[Award, int]
    corrections: tuple[PostedCorrection, ...]

    @property
    def newest(self) -> Mapping[Award, PostedCorrection]:
        """The newest correction of each corrected award."""
        return {each.correction.award: each for each in self.corrections}

    @property
    def with_points(self) -> frozenset[Award]:
        """The awards whose points the store has: posted and not clawed back."""
        return frozenset(self.awards.keys() | self.newest.keys()) - clawed_back(self.corrections)

    @property
    def earned_here(self) -> frozenset[Award]:
        """The awards earned in the month itself."""
        return frozenset(each for each in self.earned if each.settlement_month == self.month)


@dataclass(frozen=True, slots=True)
class MonthNotPaid:
    """The month is not paid yet; closing it, again if it is `closed`, corrects it."""

    closed: bool


@dataclass(frozen=True, slots=True)
class NotOverAwarded:
    """No over-award of the month has these points; `over_awards` are those that it has."""

    over_awards: tuple[Award, ...]


@dataclass(frozen=True, slots=True)
class NotUnderAwarded:
    """No under-award of the month has these points; `under_awards` are those that it has."""

    under_awards: tuple[Award, ...]


@dataclass(frozen=True, slots=True)
class EarnedInAnotherMonth:
    """The award's tier was earned in another month, and a tier is given once per store."""

    award: Award
    earned_in: SettlementMonth


Refusal = MonthNotPaid | NotOverAwarded | NotUnderAwarded | EarnedInAnotherMonth


def decide_correction(case: Case) -> Correction | Refusal:
    """Choose the correction that moves exactly the requested points, or the reason for refusing.

    A request that was fulfilled before returns the correction that was posted for it.
    """
    if not case.paid:
        return MonthNotPaid(case.closed)
    return _take(case) if case.points < 0 else _give(case)


def clawed_back(corrections: Iterable[PostedCorrection]) -> frozenset[Award]:
    """Return the awards that were clawed back and not reinstated; corrections come oldest first."""
    newest = {each.correction.award: each.correction.kind for each in corrections}
    return frozenset(award for award, kind in newest.items() if kind is CorrectionKind.CLAWBACK)


def _take(case: Case) -> Correction | Refusal:
    over_awards = sorted(
        award for award in case.with_points - case.earned if award.settlement_month == case.month
    )
    for award in over_awards:
        if award.points == -case.points:
            return _clawback(case, award)
    for award in clawed_back(case.corrections):
        if _is_asked_about(award, case):
            return case.newest[award].correction
    return NotOverAwarded(tuple(over_awards))


def _clawback(case: Case, award: Award) -> Correction | Refusal:
    earned_in = [each.settlement_month for each in case.earned if each.tier == award.tier]
    if earned_in:
        return EarnedInAnotherMonth(award, min(earned_in))
    newest = case.newest.get(award)
    undoes = case.awards[award] if newest is None else newest.posting_no
    return Correction(CorrectionKind.CLAWBACK, award, undoes)


def _give(case: Case) -> Correction | Refusal:
    had = _tiers(case.with_points)  # from whichever month: a tier is given once (rule 11)
    under_awards = sorted(award for award in case.earned_here if award.tier not in had)
    lacking = [_what_gives(award, case) for award in under_awards]
    given = [each.correction for each in case.corrections if _answers(each.correction, case)]
    for correction in (*lacking, *reversed(given)):
        if correction.points == case.points:
            return correction
    return NotUnderAwarded(tuple(each.award for each in lacking))


def _what_gives(award: Award, case: Case) -> Correction:
    """Reinstate a clawback of this tier if there is one, else award the tier."""
    for taken in clawed_back(case.corrections):
        if taken.tier == award.tier:
            undoes = case.newest[taken].posting_no
            return Correction(CorrectionKind.REINSTATEMENT, taken, undoes)
    return Correction(CorrectionKind.AWARD, award)


def _answers(correction: Correction, case: Case) -> bool:
    """Return whether a posted correction already fulfils the request."""
    award = correction.award
    if correction.kind is CorrectionKind.REINSTATEMENT and award in case.with_points:
        return _is_asked_about(award, case) or award.tier in _tiers(case.earned_here)
    return correction.kind is CorrectionKind.AWARD and _is_asked_about(award, case)


def _is_asked_about(award: Award, case: Case) -> bool:
    return (award.settlement_month, award.points) == (case.month, abs(case.points))


def _tiers(awards: Iterable[Award]) -> frozenset[int]:
    return frozenset(award.tier for award in awards)
