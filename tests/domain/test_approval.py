"""When a payout needs an approval, and which approval counts."""

import pytest

from domain.approval import Approval, ApprovalRule, ApprovalRuleInvalid


@pytest.mark.parametrize(
    ("rule", "points", "demanded"),
    [
        ("none", 10_000_000, False),
        ("required", 1, True),
        ("required", 0, True),
        ("1000000", 1_000_000, False),
        ("1000000", 1_000_001, True),
        ("0", 1, True),
        ("0", 0, False),
    ],
)
def test_a_payout_above_the_limit_needs_an_approval(rule: str, points: int, demanded: bool) -> None:
    assert ApprovalRule.parse(rule).demands(points) is demanded


@pytest.mark.parametrize(
    "text", ["", "yes", "-1", "1,000", "1e6", "None", "１００", "9" * 19, "9" * 5000]
)
def test_what_says_neither_is_refused(text: str) -> None:
    with pytest.raises(ApprovalRuleInvalid):
        ApprovalRule.parse(text)


def test_an_approval_is_of_one_evaluation_and_its_total() -> None:
    approval = Approval(evaluation_id=3, points=300_000, actor="Kim")

    assert approval.covers(3, 300_000)
    assert not approval.covers(4, 300_000)
    assert not approval.covers(3, 450_000)
