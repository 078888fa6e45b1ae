"""Saying whether consulting is open to a store (U22)."""

from domain.ledger import Award
from domain.sentence import Sentence, sentence


def consulting_answer(seller_id: str, award: Award | None) -> Sentence:
    """Say whether consulting is open to a store, and which award opens it."""
    if award is None:
        return sentence(
            "Consulting is closed to seller {seller_id}: no award of the store stands.",
            seller_id=seller_id,
        )
    return sentence(
        "Consulting is open to seller {seller_id}: {month} awarded it tier {tier}, "
        "{points:,} points.",
        seller_id=seller_id,
        month=award.settlement_month,
        tier=award.tier,
        points=award.points,
    )
