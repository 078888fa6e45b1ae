"""All probes of the database's guards, and the ledger that they are tried on."""

from datetime import date

from sqlalchemy import Engine

from tests.adapters.approval_probes import APPROVAL_PROBES, approve_november, approve_october
from tests.adapters.ledger_probes import (
    LEDGER_PROBES,
    correct_september,
    keep_a_small_ledger,
)
from tests.adapters.ledger_world import NOVEMBER, adjust, pay
from tests.adapters.month_probes import MONTH_PROBES, record_a_run

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
