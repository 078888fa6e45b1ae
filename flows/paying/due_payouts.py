"""The payouts that are to come: which months, at which instant."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Final

from adapters.postgres.payout_dates import planned_payouts
from flows.occasion import SEOUL, this_occasion
from flows.paying.open_payouts import open_payouts
from flows.prefect.payout_runs import DuePayout, plan
from flows.prefect.telling import without_a_server
from flows.program import program_database
from flows.settings import Settings

_PAYING_TIME: Final = time(9, tzinfo=SEOUL)


def due_payouts(settings: Settings) -> Sequence[DuePayout]:
    """List the open payouts with the instants at which they are to be paid."""
    with program_database(settings) as engine, engine.connect() as connection:
        planned = planned_payouts(connection)
        return [
            DuePayout(
                month,
                datetime.combine(planned[month].due_on, _PAYING_TIME),
                payout.waits(settings.approval_rule),
            )
            for month, payout in open_payouts(connection).items()
            if month in planned and payout.points
        ]


def plan_payout_runs(settings: Settings) -> None:
    """Have every open payout planned as a run, where a server has the deployment; again is fine."""
    due = due_payouts(settings)
    with without_a_server("no payout could be planned on the Prefect server, the sweep pays"):
        plan(due, this_occasion().now)
