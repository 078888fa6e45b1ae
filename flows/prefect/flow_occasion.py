"""The occasion of a flow run: a deployment started it, or a program did."""

import logging
from datetime import date, datetime

from prefect.runtime import deployment, flow_run

from flows.occasion import SEOUL, Occasion, this_occasion


def flow_occasion(actor: str = "") -> Occasion:
    """Say who runs this flow, when, and through which deployment, if any.

    Prefect knows no persons: without the name that a form asks for, the worker's login name.
    """
    name = deployment.name
    if name:
        logging.getLogger("growth_points").setLevel(logging.INFO)  # the run's log has the steps
    return this_occasion(actor.strip() or None, f"deployment {name}" if name else "command line")


def scheduled_on() -> date:
    """Give the date in Seoul for which this run was scheduled, however late it starts.

    A retry has the date of the first try.
    """
    scheduled_at: datetime = flow_run.scheduled_start_time
    return scheduled_at.astimezone(SEOUL).date()
