"""From the awards that stand to the awards that are earned."""

from hypothesis import given
from hypothesis import strategies as st

from domain.ledger import Award
from domain.months import SettlementMonth
from domain.restatement import Restatement, restate

MONTH = SettlementMonth(2026, 10)
MARU = Award(MONTH, "maru", 1, 150_000)
SORA = Award(MONTH, "sora", 1, 150_000)
SORA_HIGHER = Award(MONTH, "sora", 2, 300_000)

awards = st.builds(
    lambda seller, tier: Award(MONTH, seller, tier, tier * 1_000),
    st.sampled_from("abcde"),
    st.integers(1, 3),
)
sets_of_awards = st.frozensets(awards)


def test_a_first_closing_posts_what_is_earned() -> None:
    assert restate(frozenset(), {SORA, MARU}, paid_out=False) == Restatement(post=(MARU, SORA))


def test_the_same_awards_again_post_nothing() -> None:
    assert restate({SORA, MARU}, {MARU, SORA}, paid_out=False) == Restatement()


def test_another_tier_reverses_the_old_award_and_posts_the_new_one() -> None:
    found = restate({MARU, SORA}, {MARU, SORA_HIGHER}, paid_out=False)

    assert found == Restatement(reverse=(SORA,), post=(SORA_HIGHER,))


def test_a_month_restated_and_restated_back_takes_both_ways() -> None:
    a, b = frozenset({MARU, SORA}), frozenset({SORA_HIGHER})
    there = restate(a, b, paid_out=False)
    back = restate(there.applied_to(a), a, paid_out=False)

    assert (back.reverse, back.post) == (there.post, there.reverse)
    assert back.applied_to(there.applied_to(a)) == a


def test_after_payout_the_difference_is_told_and_nothing_is_posted() -> None:
    found = restate({MARU, SORA}, {MARU, SORA_HIGHER}, paid_out=True)

    assert found == Restatement(over_awarded=(SORA,), under_awarded=(SORA_HIGHER,))
    assert found.applied_to(frozenset({MARU, SORA})) == {MARU, SORA}


def test_a_tier_that_a_later_month_paid_already_is_not_given_again() -> None:
    paid_later = Award(SettlementMonth(2026, 11), "sora", 1, 150_000)
    earned = {MARU, SORA}

    late_closing = restate(frozenset(), earned, paid_out=False, paid_elsewhere={paid_later})
    after_payout = restate({MARU}, earned, paid_out=True, paid_elsewhere={paid_later})

    assert late_closing == Restatement(post=(MARU,), held_elsewhere=(SORA,))
    assert after_payout == Restatement(held_elsewhere=(SORA,))


def test_another_tier_that_a_later_month_paid_is_no_obstacle() -> None:
    paid_later = Award(SettlementMonth(2026, 11), "sora", 2, 300_000)

    found = restate(frozenset(), {SORA}, paid_out=False, paid_elsewhere={paid_later})

    assert found == Restatement(post=(SORA,))


def test_a_tier_that_a_later_month_awards_instead_is_no_longer_missing() -> None:
    awarded_later = Award(SettlementMonth(2026, 11), "sora", 1, 150_000)
    found = restate(frozenset(), {MARU, SORA}, paid_out=True)

    assert found.settled({awarded_later}) == Restatement(
        under_awarded=(MARU,), held_elsewhere=(SORA,)
    )
    assert found.settled(frozenset()) == found


def test_a_tier_whose_points_were_clawed_back_is_held_from_nowhere() -> None:
    paid_later = Award(SettlementMonth(2026, 11), "sora", 1, 150_000)
    found = restate(frozenset(), {SORA}, paid_out=True)

    assert found.settled({paid_later}, {paid_later}).under_awarded == (SORA,)


@given(standing=sets_of_awards, earned=sets_of_awards)
def test_what_is_earned_stands_afterwards_and_nothing_is_moved_twice(
    standing: frozenset[Award], earned: frozenset[Award]
) -> None:
    found = restate(standing, earned, paid_out=False)

    assert found.applied_to(standing) == earned
    assert not set(found.reverse) & set(found.post)
    assert set(found.reverse) <= standing
    assert restate(found.applied_to(standing), earned, paid_out=False) == Restatement()


@given(standing=sets_of_awards, earned=sets_of_awards)
def test_a_paid_month_stays_as_it_is(standing: frozenset[Award], earned: frozenset[Award]) -> None:
    found = restate(standing, earned, paid_out=True)

    assert found.applied_to(standing) == standing
    assert (standing - set(found.over_awarded)) | set(found.under_awarded) == earned
