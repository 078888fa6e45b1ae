"""How much of a snapshot may change, as an operator sets it."""

import pytest

from domain.limits import LIMITS, LimitInvalid, allowed, parse_limits


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("", {}),
        (" , ", {}),
        ("snapshot_unlike_last=0.8", {"snapshot_unlike_last": 0.8}),
        ("snapshot_unlike_last=80%", {"snapshot_unlike_last": 0.8}),
        ("snapshot_unlike_last = 80 %", {"snapshot_unlike_last": 0.8}),
        ("sellers_vanished=.5", {"sellers_vanished": 0.5}),
        ("sellers_vanished=0.7%", {"sellers_vanished": 0.007}),
        (
            "sellers_vanished=0,approval_dates_moved=1",
            {"sellers_vanished": 0, "approval_dates_moved": 1},
        ),
        ("flags_flipped=100%,", {"flags_flipped": 1}),
    ],
)
def test_a_limit_is_a_share_or_a_percentage(text: str, limits: dict[str, float]) -> None:
    assert parse_limits(text) == limits


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("snapshot_unlike_last", "'snapshot_unlike_last' is not a limit; write one like"),
        ("snapshot_unlike_last=most", "is not a limit; write one like snapshot_unlike_last=80%"),
        ("snapshot_unlike_last=-0.1", "is not a limit"),
        ("snapshot_unlike_last=nan", "is not a limit"),
        ("snapshot_unlike_last=1e-1", "is not a limit"),
        ("snapshot_unlike_last=80", "snapshot_unlike_last=80 is above 100%; give 0 to 1, or"),
        ("snapshot_unlike_last=101%", "snapshot_unlike_last=101% is above 100%"),
        (
            "seller_vanished=1",
            "there is no limit 'seller_vanished'; choose from sellers_vanished",
        ),
        ("flags_flipped=1,flags_flipped=0", "flags_flipped is given twice; give each limit once"),
    ],
)
def test_what_is_no_limit_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(LimitInvalid) as refused:
        parse_limits(text)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("share", "total", "most"),
    [
        (0.5, 3, 1),
        (0.01, 99, 0),
        (0.01, 100, 1),
        (0.29, 100, 29),
        (0.35, 180, 63),
        (0.57, 600_000, 342_000),
        (0.007, 1_000, 7),
        (1.0, 3, 3),
        (0.0, 3, 0),
    ],
)
def test_a_share_allows_all_that_it_covers(share: float, total: int, most: int) -> None:
    assert allowed(share, total) == most


def test_every_limit_is_a_share() -> None:
    assert all(0 <= share <= 1 for share in LIMITS.values())
