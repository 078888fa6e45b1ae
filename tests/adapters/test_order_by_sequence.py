"""Stories under wrong clocks: what came before what is told by the order of records."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, Engine, insert

from adapters.postgres import tables
from adapters.postgres.approvals import record_approval, record_rule
from adapters.postgres.database import work_as_approver
from adapters.postgres.ledger import (
    check_now,
    pay_out,
    record_adjustment_approval,
    seal_now,
)
from adapters.postgres.notices import record_notices
from adapters.postgres.runs import Action, record_run
from adapters.postgres.sequence import newest_record
from adapters.postgres.using import standing_of, today
from adapters.postgres.verification.verify import verify
from domain.approval import ApprovalRule
from flows.occasion import SEOUL
from flows.paying.approve_payout import approve_payout
from flows.paying.pay_out_month import PayoutRequest, pay_out_month
from flows.paying.reschedule_payouts import reschedule_payouts
from flows.verifying.replay import replay_decisions
from tests.adapters import ledger_world as world
from tests.adapters.guards import without_guard
from tests.clocks import (
    HOUR_BACK,
    RIGHT,
    SECONDS_AHEAD,
    YEAR_AHEAD,
    move_the_databases_clock,
)
from tests.closings import POLICIES, Program, Sold, cause, month

OCT = month("2026-10")
DUE_ON, NEXT_DAY = date(2026, 11, 10), date(2026, 11, 11)
NOTHING, TIER_1 = {"maru": Sold()}, {"maru": Sold(7_000_000)}
OTHERWISE = {"maru": Sold(), "sora": Sold(7_000_000)}  # the same total for another store
REQUIRED = ApprovalRule.parse("required")

Step = Callable[[Program], object]
Story = list[tuple[timedelta, Step]]


@pytest.fixture
def program(engine: Engine, tmp_path: Path) -> Program:
    """A program with the two months before October ingested."""
    program = Program(engine, tmp_path)
    for name in ("2026-08", "2026-09"):
        program.ingest(name, NOTHING)
    return program


# What is done in the stories.


def close(program: Program) -> None:
    program.close("2026-10", TIER_1)


def close_if_approved(program: Program) -> None:
    program.close("2026-10", TIER_1, approval=REQUIRED)


def close_otherwise(program: Program) -> None:
    program.close("2026-10", OTHERWISE)


def restate_paid(program: Program) -> None:
    program.close("2026-10", OTHERWISE, acknowledge_paid=True)


def close_again_with_a_rule(program: Program) -> None:
    program.close("2026-10", None, approval=REQUIRED)


def approve(program: Program) -> None:
    approve_payout(program.engine, OCT, 150_000, cause())


def announce_a_holiday(program: Program) -> None:
    program.holidays[DUE_ON] = "A holiday"
    reschedule_payouts(program.engine, cause(), POLICIES, program.calendar)


def take_the_holiday_back(program: Program) -> None:
    program.holidays.clear()
    reschedule_payouts(program.engine, cause(), POLICIES, program.calendar)


def pay(program: Program) -> None:
    program.pay("2026-10", on=DUE_ON)


def pay_unasked(program: Program) -> None:
    """Pay past the rule, as another program could."""
    engine = program.engine
    with without_guard(engine, "payout.is_approved"), engine.begin() as connection:
        pay_out(connection, month=OCT, paid_on=DUE_ON, actor="whoever")


def approve_what_is_paid(program: Program) -> None:
    engine = program.engine
    with without_guard(engine, "approval.is_of_the_open_total"), engine.begin() as connection:
        work_as_approver(connection)
        record_approval(connection, 1, 150_000, cause())


def claw_back(program: Program) -> None:
    program.adjust("maru", -150_000, grants="2026-10")


SOUND: dict[str, Story] = {
    "closed 90 seconds ahead, paid under the right clock": [
        (SECONDS_AHEAD, close),
        (RIGHT, pay),
    ],
    "closed a year ahead, paid under the right clock": [(YEAR_AHEAD, close), (RIGHT, pay)],
    "paid after the clock was set back by an hour": [(RIGHT, close), (HOUR_BACK, pay)],
    "a payout date moved back while the clock was ahead, kept under the right clock": [
        (RIGHT, close),
        (RIGHT, announce_a_holiday),
        (SECONDS_AHEAD, take_the_holiday_back),
        (RIGHT, pay),
    ],
    "planned anew twice, the clock set back between both": [
        (RIGHT, close),
        (YEAR_AHEAD, announce_a_holiday),
        (RIGHT, take_the_holiday_back),
        (HOUR_BACK, pay),
    ],
    "approved 90 seconds ahead, paid under the right clock": [
        (RIGHT, close_if_approved),
        (SECONDS_AHEAD, approve),
        (RIGHT, pay),
    ],
    "approved a year ahead, paid under the right clock": [
        (RIGHT, close_if_approved),
        (YEAR_AHEAD, approve),
        (RIGHT, pay),
    ],
    "closed otherwise while the clock was ahead, then approved and paid": [
        (RIGHT, close_if_approved),
        (SECONDS_AHEAD, close_otherwise),
        (RIGHT, approve),
        (RIGHT, pay),
    ],
    "the clock set back between two closings, between approval and payout": [
        (YEAR_AHEAD, close_if_approved),
        (SECONDS_AHEAD, close_otherwise),
        (RIGHT, approve),
        (HOUR_BACK, pay),
    ],
    "a rule that came after the payout, under a clock set back": [
        (RIGHT, close),
        (RIGHT, pay),
        (HOUR_BACK, close_again_with_a_rule),
    ],
    "restated after the payout, under a clock set back": [
        (RIGHT, close_if_approved),
        (RIGHT, approve),
        (RIGHT, pay),
        (HOUR_BACK, restate_paid),
    ],
    "paid ahead, restated and clawed back under the right clock": [
        (SECONDS_AHEAD, close_if_approved),
        (YEAR_AHEAD, approve),
        (SECONDS_AHEAD, pay),
        (RIGHT, restate_paid),
        (HOUR_BACK, claw_back),
    ],
}


@pytest.mark.parametrize("sealed", [False, True], ids=["waiting", "sealed"])
@pytest.mark.parametrize("story", SOUND.values(), ids=SOUND)
def test_a_clock_that_was_wrong_does_not_make_a_sound_ledger_wrong(
    program: Program, database_url: str, story: Story, sealed: bool
) -> None:
    assert _told_after(program, database_url, story, sealed=sealed) == []


UNSOUND: dict[str, tuple[Story, str]] = {
    "approved only after the payout, under a clock set back": (
        [(RIGHT, close_if_approved), (RIGHT, pay_unasked), (HOUR_BACK, approve_what_is_paid)],
        "2026-10 was paid 150000 points that nobody approved",
    ),
    "a rule recorded 90 seconds ahead, paid without an approval": (
        [(SECONDS_AHEAD, close_if_approved), (RIGHT, pay_unasked)],
        "2026-10 was paid 150000 points that nobody approved",
    ),
    "a rule recorded a year ahead, paid without an approval": (
        [(YEAR_AHEAD, close_if_approved), (RIGHT, pay_unasked)],
        "2026-10 was paid 150000 points that nobody approved",
    ),
    "an approval that a closing under a clock ahead made void": (
        [
            (RIGHT, close_if_approved),
            (RIGHT, approve),
            (SECONDS_AHEAD, close_otherwise),
            (RIGHT, pay_unasked),
        ],
        "2026-10 was paid 150000 points that nobody approved",
    ),
    "an approval that a closing made void, paid after the clock was set back": (
        [
            (HOUR_BACK, close_if_approved),
            (HOUR_BACK, approve),
            (YEAR_AHEAD, close_otherwise),
            (RIGHT, pay_unasked),
        ],
        "2026-10 was paid 150000 points that nobody approved",
    ),
}


@pytest.mark.parametrize("sealed", [False, True], ids=["waiting", "sealed"])
@pytest.mark.parametrize(("story", "sentence"), UNSOUND.values(), ids=UNSOUND)
def test_a_clock_that_was_wrong_hides_nothing(
    program: Program, database_url: str, story: Story, sentence: str, sealed: bool
) -> None:
    told = _told_after(program, database_url, story, sealed=sealed)
    assert any(sentence in each for each in told), told


def _told_after(program: Program, database_url: str, story: Story, *, sealed: bool) -> list[str]:
    """Verify what a story leaves behind, its records chained at once or still waiting for it."""
    for clock, step in story:
        move_the_databases_clock(database_url, clock)
        step(program)
        if sealed:
            with program.engine.begin() as connection:
                seal_now(connection)
    move_the_databases_clock(database_url, RIGHT)
    with program.engine.connect() as connection:
        return [*map(str, verify(connection)), *map(str, replay_decisions(connection))]


def _run_of_a_machine_ahead(connection: Connection) -> None:
    began = replace(cause(), started_at=datetime.now(SEOUL) + YEAR_AHEAD)
    record_run(connection, OCT, Action.INGEST, began, changed=False, difference={})


def _policy(connection: Connection) -> None:
    values = {"policy_hash": "f" * 64, "name": "another", "content": "", "adjustment_limit": 0}
    connection.execute(insert(tables.policy), values)


def _plan(connection: Connection) -> None:
    world.evaluate(connection, world.awards_of("a"))
    world.plan(connection)


def _pay(connection: Connection) -> None:
    world.award(connection, world.awards_of("a"))
    world.plan(connection)
    world.pay(connection)


def _approval(connection: Connection) -> None:
    world.award(connection, world.awards_of("a"))
    record_approval(connection, 1, 150_000, cause())


def _notices(connection: Connection) -> None:
    world.adjust(connection, "a", 7, on=today(connection) - timedelta(days=340))
    last_day = standing_of(connection, "a").last_usable_on
    assert last_day is not None
    assert record_notices(connection, {last_day: 30}, "tests")


KINDS: dict[str, Callable[[Connection], object]] = {
    "an approval": _approval,
    "an approval rule": lambda connection: record_rule(connection, OCT, REQUIRED),
    "an adjustment": lambda connection: world.adjust(connection, "a", 7),
    "a delivery": lambda connection: world.deliver(connection, "a"),
    "an evaluation": lambda connection: world.evaluate(connection, world.awards_of("a")),
    "a payout date": _plan,
    "a payout": _pay,
    "a policy": _policy,
    "an approval of an adjustment": lambda connection: record_adjustment_approval(
        connection, "adjustment/1", "a", 1, cause()
    ),
    "a list of notices": _notices,
    "a budget": lambda connection: world.set_budget(connection, -1_000_000),
}


@pytest.mark.parametrize("sealed", [False, True], ids=["waiting", "sealed"])
@pytest.mark.parametrize("record", KINDS.values(), ids=KINDS)
def test_the_instant_of_the_newest_record_is_found_whatever_it_is(
    database_url: str, record: Callable[[Connection], object], sealed: bool
) -> None:
    with world.as_owner(database_url) as owner, owner.connect() as connection:
        assert newest_record(connection)[0] is None
        connection.rollback()
        move_the_databases_clock(database_url, YEAR_AHEAD)
        _record(connection, record, sealed=sealed)
        assert _days_ahead(connection) == 366


def _record(
    connection: Connection, record: Callable[[Connection], object], *, sealed: bool
) -> None:
    record(connection)
    (seal_now if sealed else check_now)(connection)
    connection.commit()


def _days_ahead(connection: Connection) -> int:
    newest, now = newest_record(connection)
    assert newest is not None
    return round((newest - now) / timedelta(days=1))


def test_a_run_is_dated_by_the_clock_that_is_ahead_the_machines_or_the_databases(
    connection: Connection,
) -> None:
    _run_of_a_machine_ahead(connection)
    check_now(connection)
    assert _days_ahead(connection) == 366


@pytest.mark.parametrize("sealed", [False, True], ids=["waiting", "sealed"])
def test_nothing_is_ahead_once_something_was_recorded_under_the_right_clock(
    engine: Engine, database_url: str, sealed: bool
) -> None:
    for clock, key, days in ((YEAR_AHEAD, "ahead", 366), (RIGHT, "right", 0)):
        move_the_databases_clock(database_url, clock)
        with engine.connect() as connection:
            _record(
                connection,
                lambda to: world.adjust(to, "a", 7, key=f"adjustment/{key}"),  # noqa: B023
                sealed=sealed,
            )
            assert _days_ahead(connection) == days


_FIRST_OF_2030 = datetime(2030, 1, 1, 0, 0, 30, tzinfo=SEOUL)


@pytest.mark.parametrize(
    ("began", "named"),
    [
        (_FIRST_OF_2030, False),
        (_FIRST_OF_2030 + timedelta(hours=20), False),
        (_FIRST_OF_2030 + YEAR_AHEAD, False),
        (_FIRST_OF_2030.astimezone(ZoneInfo("UTC")), False),
        (_FIRST_OF_2030 - timedelta(minutes=1), True),
        (_FIRST_OF_2030 - timedelta(days=40), True),
    ],
    ids=[
        "half a minute into the day",
        "in the evening of the day",
        "a year after it",
        "on the day in Seoul, told in UTC",
        "half a minute before the day",
        "forty days before it",
    ],
)
def test_a_payout_is_judged_by_the_clock_that_its_run_had(
    program: Program, began: datetime, named: bool
) -> None:
    close(program)
    on = _FIRST_OF_2030.date()
    began_then = replace(cause(), started_at=began)
    pay_out_month(program.engine, OCT, PayoutRequest(on, began_then, today=on))

    with program.engine.connect() as connection:
        told = [str(each) for each in verify(connection)]

    assert any("no run asked to pay ahead" in each for each in told) is named
    assert len(told) == named
