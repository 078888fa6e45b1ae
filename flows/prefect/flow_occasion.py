"""The occasion of a flow run, which a deployment or a command started."""

import logging
from datetime import date, datetime

from prefect.runtime import deployment, flow_run

from flows.occasion import SEOUL, Occasion, this_occasion


def flow_occasion(actor: str = "") -> Occasion:
    """Return who runs this flow, when, and through which deployment, if any.

    Prefect has no users: the actor is the name given in the form, or the worker's login name.
    """
    name = deployment.name
    if name:
        logging.getLogger("growth_points").setLevel(logging.INFO)  # so that the run logs its steps
    return this_occasion(actor.strip() or None, f"deployment {name}" if name else "command line")


def scheduled_on() -> date:
    """Return the date in Seoul for which this run was scheduled, however late it starts."""
    scheduled_at: datetime = flow_run.scheduled_start_time
    return scheduled_at.astimezone(SEOUL).date()
