"""Stores are told 30 and 7 days before their points expire, once each; a grant makes it void."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from adapters.policy_files import PolicyText
from adapters.postgres.notices import Notice, NoticeList, notices
from flows.expiring import events
from flows.expiring.tell_stores import tell_stores, telling_summary
from tests.clocks import let_it_be
from tests.closings import POLICIES, Program, Sold
from tests.using.store_a import LAST_DAY, convert


def tell(
    program: Program, url: str, days_left: int, policies: tuple[PolicyText, ...] = POLICIES
) -> str:
    """Let it be so many days before A's last usable day, and tell whoever is to be told."""
    let_it_be(url, LAST_DAY - timedelta(days=days_left))
    return str(telling_summary(tell_stores(program.engine, policies, "tests")))


def told(program: Program, *, standing_only: bool = False) -> list[Notice]:
    with program.engine.connect() as connection:
        return list(notices(connection, standing_only=standing_only))


def test_a_store_is_told_thirty_and_seven_days_before_once_each(
    program: Program, database_url: str
) -> None:
    assert "No store" in tell(program, database_url, 31)
    assert "1 store is told that 150,000 points expire" in tell(program, database_url, 30)
    for left in (30, 29, 8):
        assert "No store" in tell(program, database_url, left)
    convert(program, 100_000)
    assert "1 store is told that 50,000 points expire" in tell(program, database_url, 7)
    assert "No store" in tell(program, database_url, 0)
    assert [(each.days_before, each.points, each.void) for each in told(program)] == [
        (30, 150_000, False),
        (7, 50_000, False),
    ]


@pytest.mark.parametrize(("days_left", "before"), [(10, 30), (3, 7), (0, 7)])
def test_whoever_was_missed_is_told_the_nearest_one_once(
    program: Program, database_url: str, days_left: int, before: int
) -> None:
    assert "1 store is told" in tell(program, database_url, days_left)
    assert "No store" in tell(program, database_url, days_left)
    assert [each.days_before for each in told(program)] == [before]


def test_after_the_last_usable_day_nobody_is_told(program: Program, database_url: str) -> None:
    assert "No store" in tell(program, database_url, -1)


def test_a_grant_makes_it_void_and_the_store_is_told_anew(
    program: Program, database_url: str
) -> None:
    tell(program, database_url, 30)
    program.adjust("A", 1, on=LAST_DAY - timedelta(days=30))
    assert "No store" in tell(program, database_url, 7)
    assert [each.void for each in told(program)] == [True]
    assert told(program, standing_only=True) == []
    let_it_be(database_url, date(2028, 10, 11) - timedelta(days=30))
    assert "150,001 points" in str(telling_summary(tell_stores(program.engine, POLICIES, "tests")))
    assert [(each.last_usable_on, each.void) for each in told(program)] == [
        (LAST_DAY, True),
        (date(2028, 10, 11), False),
    ]


def test_a_store_whose_payout_comes_before_is_not_told(program: Program, database_url: str) -> None:
    program.adjust("B", 10, on=date(2025, 12, 20))  # usable through 2026-12-20
    program.close("2026-11", {"A": Sold(), "B": Sold(7_000_000)})
    let_it_be(database_url, date(2026, 12, 1))
    assert "No store" in str(telling_summary(tell_stores(program.engine, POLICIES, "tests")))


def test_the_policy_of_the_day_says_when(program: Program, database_url: str) -> None:
    silent = tuple(
        replace(each, policy=replace(each.policy, use=replace(each.policy.use, notice_days=())))
        for each in POLICIES
    )
    assert "No store" in tell(program, database_url, 7, silent)
    assert "1 store is told" in tell(program, database_url, 7)


def test_one_event_names_the_list_and_the_command_that_prints_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    emitted: list[tuple[str, str, dict[str, Any]]] = []

    def emit(event: str, resource: str, _name: str, payload: dict[str, Any]) -> None:
        emitted.append((event, resource, payload))

    monkeypatch.setattr(events, "emit_about", emit)
    events.emit_told(NoticeList(12, 100_000, 5_000_000))
    assert emitted == [
        (
            "growth-points.points.expiring",
            "growth-points.notice-list.12",
            {
                "notice_list": 12,
                "stores": 100_000,
                "points": 5_000_000,
                "command": "growth-points notices --list 12 --output csv",
            },
        )
    ]
