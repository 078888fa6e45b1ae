"""All probes of the database's guards, and the ledger that they are tried on."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from sqlalchemy import Connection, Engine, insert, text

from adapters.postgres.tables import decision
from tests.adapters.approval_probes import APPROVAL_PROBES, approve_november, approve_october
from tests.adapters.ledger_probes import (
    LEDGER_PROBES,
    LEDGER_RECORDS,
    LIMIT,
    correct_june,
    correct_september,
    keep_a_small_ledger,
)
from tests.adapters.ledger_world import (
    NOVEMBER,
    adjust,
    award,
    awards_of,
    evaluate,
    pay,
    set_budget,
)
from tests.adapters.month_probes import MONTH_PROBES, MONTH_RECORDS, record_a_run
from tests.adapters.notice_probes import NOTICE_PROBES, go_on_telling, tell_stores
from tests.adapters.reward_probes import REWARD_PROBES, go_on_rewarding, reward_customers
from tests.adapters.using_probes import USING_PROBES, go_on_using, use_points

_NOT_ELIGIBLE = {
    "outcome": "not_eligible",
    "points": 0,
    "window_amount_krw": 0,
    "reasons": ["uses_api"],
}

PROBES = (
    *(*LEDGER_PROBES, *MONTH_PROBES, *APPROVAL_PROBES),
    *(*USING_PROBES, *NOTICE_PROBES, *REWARD_PROBES),
)


def keep_what_probes_need(engine: Engine) -> None:
    """Keep a small ledger, points in use, rewards, a notice, a run, and an approval."""
    keep_a_small_ledger(engine)
    use_points(engine)
    reward_customers(engine)
    with engine.begin() as connection:
        tell_stores(connection)
        record_a_run(connection)
        approve_november(connection)


def go_on(engine: Engine) -> None:
    """Do what is allowed with that ledger: use points, tell, approve, pay, adjust, correct."""
    go_on_using(engine)
    go_on_rewarding(engine)
    with engine.begin() as connection:
        go_on_telling(connection)
    for record in (*LEDGER_RECORDS, *MONTH_RECORDS):
        with engine.connect() as connection:
            record(connection)
    with engine.begin() as connection:
        correct_june(connection)
        correct_september(connection)
        approve_october(connection)
        pay(connection)
    with _somebody_holds(engine, "chain_lock"), _in_no_time(engine) as connection:
        pay(connection, month=NOVEMBER, on=date(2026, 12, 10))
    with _somebody_holds(engine, "program_lock"), _in_no_time(engine) as connection:
        adjust(connection, "g", -999, key="adjustment/all that it has")
    with engine.begin() as connection:
        set_budget(connection, None)
    with _somebody_holds(engine, "chain_lock"), _in_no_time(engine) as connection:
        adjust(connection, "g", LIMIT + 1, key="adjustment/approved")
    with engine.begin() as connection:
        award(connection, awards_of("b", month=NOVEMBER + 3), month=NOVEMBER + 3)
    with engine.begin() as connection:
        decide_at_once(connection)
    with engine.begin() as connection:
        _record_a_run_of_the_next_posting(connection)
    with engine.begin() as connection:
        adjust(connection, "g", 1, key="adjustment/with the number of a run")


@contextmanager
def _somebody_holds(engine: Engine, lock: str) -> Iterator[None]:
    with engine.connect() as somebody:
        somebody.execute(text(f"LOCK TABLE growth_points.{lock} IN SHARE UPDATE EXCLUSIVE MODE"))
        yield


@contextmanager
def _in_no_time(engine: Engine) -> Iterator[Connection]:
    """A transaction that waits for nobody."""
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '500ms'"))
        yield connection


def _record_a_run_of_the_next_posting(connection: Connection) -> None:
    """Record a run that has the number of the posting to come, and waits for its seal."""
    last = connection.scalar(text("SELECT max(posting_no) FROM growth_points.posting"))
    record_a_run(connection, run_no=last + 1)


def decide_at_once(connection: Connection) -> None:
    """Record decisions of two evaluations in one statement."""
    made = [
        evaluate(connection, [], month=NOVEMBER + 1 + n, stores=each) for n, each in enumerate("xy")
    ]
    rows = [
        {"evaluation_id": each.evaluation_id, "seller_id": seller, **_NOT_ELIGIBLE}
        for each, seller in zip(made, "xy", strict=True)
    ]
    connection.execute(insert(decision).values(rows))
