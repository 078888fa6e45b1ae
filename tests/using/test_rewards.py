"""Rewards to customers: the worked examples of points in use, on a real database."""

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest

from adapters.postgres.rewards import rewards_standing, sent_by
from adapters.postgres.statements import statement
from adapters.postgres.using import standing_of
from adapters.postgres.verification.rewards import REWARDS, paid_in_order
from domain.using.allocation import Offered, Usable, allocate
from flows.expiring.expire_points import expire_points
from tests.clocks import let_it_be, let_the_clock_decide
from tests.closings import Program, Sold
from tests.using.reward_days import Contradicts, Entry, answers, deliver, event, try_again
from tests.using.store_a import DAY_AFTER, LAST_DAY, SOME_DAY, convert, has

REWARD_CHECKS = (*REWARDS, paid_in_order)
NEXT_DAY = SOME_DAY + timedelta(days=1)


def leave(program: Program, points: int) -> None:
    """Have the store use all but so many points."""
    convert(program, has(program)[0] - points, "used before")


def test_entries_are_paid_in_order_as_far_as_the_points_reach(program: Program) -> None:
    leave(program, 2_500)
    deliver(program, SOME_DAY, event("E", *[1_000] * 4))
    assert answers(program) == {
        "E/1": "paid",
        "E/2": "paid",
        "E/3": "insufficient_points",
        "E/4": "after_refused_entry",
    }
    assert has(program)[0] == 500


def test_the_days_of_the_last_week_without_a_delivery_are_named(
    program: Program, database_url: str
) -> None:
    deliver(program, SOME_DAY, event("E", 1_000))
    let_it_be(database_url, SOME_DAY + timedelta(days=4))
    deliver(program, SOME_DAY + timedelta(days=2), event("F", 1_000))
    with program.engine.connect() as connection:
        assert rewards_standing(connection).missing_days == (
            NEXT_DAY,
            SOME_DAY + timedelta(days=3),
        )


def missing_days(program: Program) -> list[date]:
    with program.engine.connect() as connection:
        return list(rewards_standing(connection).missing_days)


def test_a_day_that_was_sent_by_the_interface_still_lacks_its_files(
    program: Program, database_url: str
) -> None:
    deliver(program, SOME_DAY, event("E", 1_000))
    let_it_be(database_url, SOME_DAY + timedelta(days=2))
    deliver(program, NEXT_DAY, event("F", 1_000), sent_by("service market"))
    assert missing_days(program) == [NEXT_DAY]
    deliver(program, NEXT_DAY, event("F", 1_000, 2_000))
    assert missing_days(program) == []


def test_no_day_is_missing_where_all_is_sent_by_the_interface(
    program: Program, database_url: str
) -> None:
    deliver(program, SOME_DAY, event("E", 1_000), sent_by("service market"))
    let_it_be(database_url, SOME_DAY + timedelta(days=3))
    assert missing_days(program) == []


def test_no_day_is_missing_a_week_after_the_last_files_gave_way_to_the_interface(
    program: Program, database_url: str
) -> None:
    deliver(program, SOME_DAY, event("E", 1_000))
    let_it_be(database_url, SOME_DAY + timedelta(days=8))
    assert len(missing_days(program)) == 7
    deliver(program, SOME_DAY + timedelta(days=7), event("F", 1_000), sent_by("service market"))
    assert missing_days(program) == []


def test_the_statement_has_a_line_for_each_entry(program: Program) -> None:
    deliver(program, SOME_DAY, event("E", 1_000, 2_000) + event("D", 500))
    deliver(program, SOME_DAY, [Entry("X", 1, 2_000, cancels=("E", 2))])
    with program.engine.connect() as connection:
        lines = [(each.reference, each.points, each.balance) for each in statement(connection, "A")]
    assert lines == [
        ("2026-10", 150_000, 150_000),
        ("D 1", -500, 149_500),
        ("E 1", -1_000, 148_500),
        ("E 2", -2_000, 146_500),
        ("X 1", 2_000, 148_500),
    ]


def test_a_smaller_entry_does_not_overtake_and_another_event_is_not_affected(
    program: Program,
) -> None:
    leave(program, 2_500)
    deliver(program, SOME_DAY, event("F", 1_500) + event("E", 1_000, 2_000, 500))
    assert list(answers(program).values()) == [
        *("paid", "insufficient_points", "after_refused_entry"),
        "paid",
    ]
    assert has(program)[0] == 0


def test_refused_entries_are_paid_once_when_there_are_points(program: Program) -> None:
    leave(program, 2_500)
    deliver(program, SOME_DAY, event("E", 1_000, 2_000, 500))
    assert try_again(program).paid is None
    program.adjust("A", 300_000, on=SOME_DAY)
    assert [try_again(program, event_id="E").retried for _ in range(2)] == [2, 0]
    assert set(answers(program).values()) == {"paid"}
    assert has(program)[0] == 299_000


def test_the_daily_run_tries_again_before_it_pays_the_day(
    program: Program, database_url: str
) -> None:
    leave(program, 500)
    deliver(program, SOME_DAY, event("Z", 1_000))
    let_it_be(database_url, NEXT_DAY)
    program.adjust("A", 1_000, on=SOME_DAY)
    paid = deliver(program, NEXT_DAY, event("A", 1_000))
    assert (paid.retried, answers(program)) == (1, {"Z/1": "paid", "A/1": "insufficient_points"})


def test_a_refused_entry_is_closed_after_its_days(program: Program, database_url: str) -> None:
    leave(program, 500)
    deliver(program, SOME_DAY, event("E", 1_000))
    program.adjust("A", 10_000, on=SOME_DAY)
    let_it_be(database_url, SOME_DAY + timedelta(days=8))
    assert try_again(program).retried == 0
    deliver(program, SOME_DAY, event("E", 1_000, 100))  # a late part of a closed event
    assert answers(program) == {"E/1": "insufficient_points", "E/2": "after_refused_entry"}
    assert has(program)[0] == 10_500


def test_a_cancellation_returns_the_points_of_an_entry_once(program: Program) -> None:
    deliver(program, SOME_DAY, event("E", 1_000, 2_000))
    cancelling = Entry("C", 1, 1_000, cancels=("E", 1))
    returned = deliver(program, SOME_DAY, [cancelling]).returned
    assert returned is not None
    assert returned.points == 1_000
    assert has(program)[0] == 148_000
    with pytest.raises(Contradicts, match="cancellation_twice"):
        deliver(program, SOME_DAY, [replace(cancelling, event_id="D")])
    assert answers(program) == {"C/1": "returned", "E/1": "paid", "E/2": "paid"}


def test_what_was_not_paid_is_withdrawn_and_holds_nothing_up(program: Program) -> None:
    leave(program, 2_500)
    deliver(program, SOME_DAY, event("E", 1_000, 2_000, 500))
    paid = deliver(program, SOME_DAY, [Entry("C", 1, 2_000, cancels=("E", 2))])
    assert (paid.returned, paid.retried) == (None, 1)
    assert answers(program) == {
        "C/1": "not_paid",
        "E/1": "paid",
        "E/2": "cancelled",
        "E/3": "paid",
    }


def test_an_entry_that_is_cancelled_on_its_day_is_not_paid(program: Program) -> None:
    deliver(program, SOME_DAY, [*event("E", 7), Entry("C", 1, 7, cancels=("E", 1))])
    assert answers(program) == {"C/1": "not_paid", "E/1": "cancelled"}
    assert has(program)[0] == 150_000


@pytest.mark.parametrize(("expires_before", "outcome"), [(False, "paid"), (True, "points_expired")])
def test_an_entry_of_the_last_usable_day_is_paid_before_the_expiry(
    program: Program, database_url: str, expires_before: bool, outcome: str
) -> None:
    let_it_be(database_url, DAY_AFTER)
    if expires_before:
        expire_points(program.engine, "tests")
    deliver(program, LAST_DAY, event("E", 1_000))
    deliver(program, DAY_AFTER, event("F", 1_000))
    assert answers(program) == {"E/1": outcome, "F/1": "points_expired"}


def test_what_returns_after_the_last_usable_day_expires(
    program: Program, database_url: str
) -> None:
    deliver(program, SOME_DAY, event("E", 1_000))
    let_it_be(database_url, DAY_AFTER)
    expire_points(program.engine, "tests")
    deliver(program, DAY_AFTER, [Entry("C", 1, 1_000, cancels=("E", 1))])
    with program.engine.connect() as connection:
        lines = list(statement(connection, "A"))
    assert [(each.kind, each.points) for each in lines[-2:]] == [
        ("cancellation", 1_000),
        ("expiry", -1_000),
    ]
    assert has(program)[0] == 0


def test_the_same_day_adds_what_is_new_and_the_same_content_nothing(program: Program) -> None:
    first = event("E", 1_000, 2_000)
    assert deliver(program, SOME_DAY, first).paid is not None
    assert not deliver(program, SOME_DAY, first).is_new
    again = deliver(program, SOME_DAY, [*first, Entry("E", 3), Entry("F", 1)])
    assert again.outcomes == {"paid": 2}
    assert has(program)[0] == 145_000


@pytest.mark.parametrize(
    ("delivered", "rule"),
    [
        ([Entry("E", 1, 999)], "reward_entry_changed"),
        ([Entry("E", 1, customer_ref="d")], "reward_entry_changed"),
        ([Entry("E", 1, seller_id="B")], "reward_entry_changed"),
        ([Entry("E", 2, seller_id="B")], "reward_entry_changed"),
        ([Entry("F", 1, seller_id="stranger")], "reward_store_unknown"),
        ([Entry("C", 1, cancels=("nothing", 1))], "cancellation_of_nothing"),
        ([Entry("C", 1, cancels=("X", 1))], "cancellation_of_nothing"),
        ([Entry("D", 1, cancels=("Y", 1))], "cancellation_twice"),
        (
            [Entry("C", n, cancels=("E", 1)) for n in (1, 2)],
            "cancellation_twice",
        ),
        ([Entry("C", 1, 999, cancels=("E", 1))], "cancellation_differs"),
        ([Entry("C", 1, 1_000, seller_id="B", cancels=("E", 1))], "cancellation_differs"),
    ],
)
def test_what_contradicts_known_entries_changes_nothing(
    program: Program, delivered: list[Entry], rule: str
) -> None:
    deliver(program, SOME_DAY, event("E", 1_000) + event("Y", 1_000))
    deliver(program, SOME_DAY, [Entry("X", 1, cancels=("Y", 1))])
    before = answers(program)
    with pytest.raises(Contradicts, match=rule):
        deliver(program, SOME_DAY, [*delivered, Entry("G", 1)])
    assert answers(program) == before


def test_another_days_event_is_a_changed_one(program: Program, database_url: str) -> None:
    deliver(program, SOME_DAY, event("E", 1_000))
    let_it_be(database_url, NEXT_DAY)
    with pytest.raises(Contradicts, match="reward_entry_changed"):
        deliver(program, NEXT_DAY, [Entry("E", 2)])


def test_what_a_later_run_pays_is_no_difference(program: Program, database_url: str) -> None:
    leave(program, 500)
    for name in "EF":
        deliver(program, SOME_DAY, event(name, 1_000))
    program.adjust("A", 2_000, on=SOME_DAY)
    try_again(program)
    assert set(answers(program).values()) == {"paid"}
    let_the_clock_decide(database_url)
    with program.engine.connect() as connection:
        assert not [str(each) for check in REWARD_CHECKS for each in check(connection)]


@pytest.mark.parametrize("seed", range(6))
def test_all_stores_at_once_are_paid_like_each_alone(
    program: Program, database_url: str, seed: int
) -> None:
    """The SQL over all stores says what `allocate` says about each."""
    draw = Random(seed)  # noqa: S311 no secret
    stores = [f"s{n}" for n in range(12)]
    program.close("2026-11", {store: Sold() for store in stores})
    for store in stores:
        program.adjust(store, draw.randint(1, 6_000), on=SOME_DAY)
    known: dict[str, list[Offered]] = defaultdict(list)
    for day in (SOME_DAY, NEXT_DAY):
        let_it_be(database_url, day)
        entries: list[Entry] = []
        for number in range(40):
            store, name = draw.choice(stores), f"{draw.randint(0, 9)}-{day}-{number}"
            entries += event(
                name, *draw.choices(range(1, 900), k=draw.randint(1, 5)), seller_id=store
            )
        with program.engine.connect() as connection:
            has_now = {store: standing_of(connection, store) for store in stores}
        deliver(program, day, entries)
        said = answers(program)
        for each in entries:
            known[each.seller_id].append(Offered(day, each.event_id, each.position, each.points))
        for store, offered in known.items():
            usable = Usable(has_now[store].available, has_now[store].last_usable_on)
            expected = list(allocate(offered, usable))
            assert [said[f"{e.event_id}/{e.position}"] for e, _ in expected] == [
                outcome for _, outcome in expected
            ]
            known[store] = [entry for entry, outcome in expected if outcome != "paid"]
    let_the_clock_decide(database_url)
    with program.engine.connect() as connection:
        assert not [str(each) for check in REWARD_CHECKS for each in check(connection)]
