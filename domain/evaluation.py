"""What an evaluation rests on: the same input is the same evaluation, whenever it is run."""

import hashlib
import json
from dataclasses import dataclass

from domain.ledger import Award
from domain.months import SettlementMonth


@dataclass(frozen=True, slots=True)
class EvaluationInput:
    """Everything that decides a month.

    `window` are the settlement months of the window, oldest first, each with the content hash of
    the revision used; the last one's revision also carries the seller snapshot. `earlier_awards`
    are those standing from earlier settlement months (rule 11).
    """

    month: SettlementMonth
    window: tuple[tuple[SettlementMonth, str], ...]
    policy_hash: str
    earlier_awards: frozenset[Award]

    @property
    def content_hash(self) -> str:
        """SHA-256, in hex, of the whole input in one spelling."""
        months = {each: str(each) for each in {a.settlement_month for a in self.earlier_awards}}
        content = {
            "month": str(self.month),
            "window": [[str(month), revision] for month, revision in self.window],
            "policy": self.policy_hash,
            "earlier_awards": sorted(  # as plain values: awards compare many times slower
                [months[award.settlement_month], award.seller_id, award.tier, award.points]
                for award in self.earlier_awards
            ),
        }
        return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()
