"""The input of an evaluation and its hash: the same input makes the same evaluation."""

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
    """Group awards by settlement month."""
    parted: dict[SettlementMonth, set[Award]] = {}
    for award in awards:
        parted.setdefault(award.settlement_month, set()).add(award)
    return {month: frozenset(parted[month]) for month in sorted(parted)}


@dataclass(frozen=True, slots=True)
class EvaluationInput:
    """Everything that a month's decisions depend on.

    `window` lists the settlement months of the window, oldest first, each with the content hash of
    the revision used; the last revision also provides the seller snapshot. Of the `standing`
    awards, those of earlier settlement months count (rule 11).
    """

    month: SettlementMonth
    window: tuple[tuple[SettlementMonth, str], ...]
    policy_hash: str
    standing: AwardsByMonth

    @property
    def earlier_awards(self) -> frozenset[Award]:
        """The standing awards of earlier settlement months."""
        return frozenset().union(*(self.standing[month] for month in self._earlier_months()))

    def changed_earlier_awards(self, before: AwardsByMonth) -> set[Award]:
        """Return the earlier awards that stood only `before` or stand only now."""
        differing: set[Award] = set()
        for month in {*self.standing, *before}:
            now, then = self.standing.get(month, _NONE), before.get(month, _NONE)
            if month < self.month and now is not then:
                differing |= now ^ then
        return differing

    @property
    def content_hash(self) -> str:
        """SHA-256, in hex, of the input as canonical JSON."""
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


@lru_cache(maxsize=24)  # in a cascade, each month's input includes the awards of earlier months
def _spelled(awards: frozenset[Award]) -> str:
    rows = sorted(  # plain tuples compare much faster than awards
        (award.seller_id, award.tier, award.points, str(award.settlement_month)) for award in awards
    )
    listed = [[month, seller_id, tier, points] for seller_id, tier, points, month in rows]
    return json.dumps(listed, separators=(",", ":"))[1:-1]
