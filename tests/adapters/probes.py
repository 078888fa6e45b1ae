"""All probes of the database's guards, and the ledger that they are tried on."""

from datetime import date

from sqlalchemy import Connection, Engine, insert

from adapters.postgres.tables import decision
from tests.adapters.approval_probes import APPROVAL_PROBES, approve_november, approve_october
from tests.adapters.ledger_probes import (
    LEDGER_PROBES,
    LIMIT,
    correct_september,
    keep_a_small_ledger,
)
from tests.adapters.ledger_world import NOVEMBER, adjust, evaluate, pay, set_budget
from tests.adapters.month_probes import MONTH_PROBES, record_a_run

_NOT_ELIGIBLE = {
    "outcome": "not_eligible",
    "points": 0,
    "window_amount_krw": 0,
    "reasons": ["uses_api"],
}

PROBES = (*LEDGER_PROBES, *MONTH_PROBES, *APPROVAL_PROBES)


def keep_what_probes_need(engine: Engine) -> None:
    """Keep a small ledger, a run, and an approval."""
    keep_a_small_ledger(engine)
    with engine.begin() as connection:
        record_a_run(connection)
        approve_november(connection)


def go_on(engine: Engine) -> None:
    """Do what is allowed with that ledger: approve, pay, adjust and correct."""
    with engine.begin() as connection:
        approve_october(connection)
        pay(connection)
        pay(connection, month=NOVEMBER, on=date(2026, 12, 10))
        adjust(connection, "g", -999, key="adjustment/all that it has")
    with engine.begin() as connection:
        correct_september(connection)
        set_budget(connection, None)
        adjust(connection, "g", LIMIT + 1, key="adjustment/approved")
    with engine.begin() as connection:
        decide_at_once(connection)


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
