"""The open payouts and when they are due."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Final

from adapters.postgres.payout_dates import planned_payouts
from domain.sentence import sentence
from flows.occasion import SEOUL, this_occasion
from flows.paying.open_payouts import open_payouts
from flows.prefect.payout_runs import DuePayout, plan
from flows.prefect.server_errors import tolerating_server_errors
from flows.program import program_database
from flows.settings import Settings

_PAYING_TIME: Final = time(9, tzinfo=SEOUL)


def due_payouts(settings: Settings) -> Sequence[DuePayout]:
    """List the open payouts with the instants at which they are due."""
    with program_database(settings) as engine, engine.connect() as connection:
        planned = planned_payouts(connection)
        return [
            DuePayout(
                month,
                datetime.combine(planned[month].due_on, _PAYING_TIME),
                payout.waits(settings.approval_rule) or payout.outdated,
            )
            for month, payout in open_payouts(connection).items()
            if month in planned and payout.points
        ]


def plan_payout_runs(settings: Settings) -> None:
    """Plan a run for every open payout if the server has the deployment; safe to repeat."""
    due = due_payouts(settings)
    with tolerating_server_errors(
        sentence(
            "payouts could not be planned on the Prefect server; the daily sweep will pay them"
        )
    ):
        plan(due, this_occasion().now)
