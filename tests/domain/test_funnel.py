"""The funnel: every store is stopped once, by the first rule that it fails."""

from domain.eligibility import Reason
from domain.funnel import Funnel, Stage

NOT_ACTIVE, TOO_LONG = Reason.SELLER_NOT_ACTIVE, Reason.TENURE_TOO_LONG
BELOW = Reason.BELOW_LOWEST_TIER
FUNNEL = Funnel({(): 4, (BELOW,): 30, (TOO_LONG, BELOW): 20, (NOT_ACTIVE, TOO_LONG): 5})


def test_a_store_counts_once_for_each_of_its_reasons() -> None:
    assert FUNNEL.counts == {NOT_ACTIVE: 5, TOO_LONG: 25, BELOW: 50}


def test_a_store_is_stopped_by_the_first_rule_that_it_fails() -> None:
    assert FUNNEL.stages == (
        Stage(NOT_ACTIVE, stopped=5, left=54),
        Stage(TOO_LONG, stopped=20, left=34),
        Stage(BELOW, stopped=30, left=4),
    )


def test_those_who_pass_every_rule_are_awarded() -> None:
    assert FUNNEL.stages[-1].left == FUNNEL.by_reasons[()]
    assert FUNNEL.stores == 59


def test_the_stages_follow_the_order_of_the_rules_not_of_the_counting() -> None:
    shuffled = Funnel(dict(reversed(list(FUNNEL.by_reasons.items()))))

    assert shuffled.stages == FUNNEL.stages


def test_a_month_in_which_everybody_is_awarded_has_no_stage() -> None:
    assert Funnel({(): 3}).stages == ()
