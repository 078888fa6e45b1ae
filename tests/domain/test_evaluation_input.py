"""An evaluation's input has one spelling, and so one hash, whatever order it is gathered in."""

import hashlib
import json

from domain.evaluation import EvaluationInput, by_month
from domain.ledger import Award
from domain.months import SettlementMonth

M8, M9, M10 = (SettlementMonth(2026, number) for number in (8, 9, 10))
AWARDS = (
    Award(M9, "판매자", 2, 300_000),
    Award(M8, "sora", 1, 150_000),
    Award(M9, "maru", 1, 150_000),
    Award(M10, "hana", 1, 150_000),
)


def content(awards: tuple[Award, ...]) -> EvaluationInput:
    return EvaluationInput(M10, ((M8, "a"), (M9, "b"), (M10, "c")), "policy", by_month(awards))


def test_the_input_is_hashed_in_the_spelling_that_recorded_evaluations_have() -> None:
    spelled = {
        "month": "2026-10",
        "window": [["2026-08", "a"], ["2026-09", "b"], ["2026-10", "c"]],
        "policy": "policy",
        "earlier_awards": [
            ["2026-08", "sora", 1, 150_000],
            ["2026-09", "maru", 1, 150_000],
            ["2026-09", "판매자", 2, 300_000],
        ],
    }
    as_json = json.dumps(spelled, separators=(",", ":")).encode()
    assert content(AWARDS).content_hash == hashlib.sha256(as_json).hexdigest()


def test_the_order_of_awards_and_those_of_later_months_do_not_matter() -> None:
    assert content(AWARDS[:3]).content_hash == content(AWARDS[::-1]).content_hash
    assert content(AWARDS).earlier_awards == set(AWARDS[:3])


def test_the_awards_that_bind_otherwise_than_before_are_told_both_ways() -> None:
    before = by_month((AWARDS[0], AWARDS[1], Award(M9, "maru", 2, 300_000)))
    told = content(AWARDS).changed_earlier_awards(before)
    assert told == {AWARDS[2], Award(M9, "maru", 2, 300_000)}
