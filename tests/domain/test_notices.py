"""Stores are told a fixed number of days before their points expire, the nearest if some were
missed."""

from datetime import date

import pytest

from domain.using.notices import notice_due, notices_due


@pytest.mark.parametrize(
    ("days_left", "due"),
    [(31, None), (30, 30), (29, 30), (8, 30), (7, 7), (1, 7), (0, 7)],
)
def test_the_nearest_notice_is_due(days_left: int, due: int | None) -> None:
    assert notice_due(days_left, (30, 7)) == due


def test_a_policy_without_notices_tells_nobody() -> None:
    assert notice_due(0, ()) is None
    assert notices_due(date(2027, 6, 10), ()) == {}


def test_each_last_usable_day_has_its_notice() -> None:
    due = notices_due(date(2028, 2, 28), (2, 1))

    assert due == {date(2028, 2, 28): 1, date(2028, 2, 29): 1, date(2028, 3, 1): 2}
