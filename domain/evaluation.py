"""What an evaluation rests on: the same input is the same evaluation, whenever it is run."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from domain.ledger import Award
from domain.months import SettlementMonth

_NONE: Final[frozenset[Award]] = frozenset()

AwardsByMonth = Mapping[SettlementMonth, frozenset[Award]]


def by_month(awards: Iterable[Award]) -> AwardsByMonth:
    """Part awards by their settlement months."""
    parted: dict[SettlementMonth, set[Award]] = {}
    for award in awards:
        parted.setdefault(award.settlement_month, set()).add(award)
    return {month: frozenset(parted[month]) for month in sorted(parted)}


@dataclass(frozen=True, slots=True)
class EvaluationInput:
    """Everything that decides a month.

    `window` are the settlement months of the window, oldest first, each with the content hash of
    the revision used; the last one's revision also carries the seller snapshot. `standing` are the
    awards that stand, of which those of earlier settlement months bind this one (rule 11).
    """

    month: SettlementMonth
    window: tuple[tuple[SettlementMonth, str], ...]
    policy_hash: str
    standing: AwardsByMonth

    @property
    def earlier_awards(self) -> frozenset[Award]:
        """The awards that bind the month."""
        return frozenset().union(*(self.standing[month] for month in self._earlier_months()))

    def awards_otherwise_than(self, before: AwardsByMonth) -> set[Award]:
        """List the binding awards that stood before and do not now, or the other way about."""
        differing: set[Award] = set()
        for month in {*self.standing, *before}:
            now, then = self.standing.get(month, _NONE), before.get(month, _NONE)
            if month < self.month and now is not then:
                differing |= now ^ then
        return differing

    @property
    def content_hash(self) -> str:
        """SHA-256, in hex, of the whole input in one spelling: JSON without blanks."""
        content = {
            "month": str(self.month),
            "window": [[str(month), revision] for month, revision in self.window],
            "policy": self.policy_hash,
        }
        awards = (_spelled(self.standing[month]) for month in self._earlier_months())
        spelled = json.dumps(content, separators=(",", ":"))
        whole = f'{spelled[:-1]},"earlier_awards":[{",".join(filter(None, awards))}]}}'
        return hashlib.sha256(whole.encode()).hexdigest()

    def _earlier_months(self) -> list[SettlementMonth]:
        return sorted(month for month in self.standing if month < self.month)


@lru_cache(maxsize=24)  # every month of a cascade has the months before it in its input
def _spelled(awards: frozenset[Award]) -> str:
    rows = sorted(  # as plain values: awards compare many times slower
        (award.seller_id, award.tier, award.points, str(award.settlement_month)) for award in awards
    )
    listed = [[month, seller_id, tier, points] for seller_id, tier, points, month in rows]
    return json.dumps(listed, separators=(",", ":"))[1:-1]
