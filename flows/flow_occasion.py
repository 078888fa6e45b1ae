"""The occasion of a flow run: a deployment started it, or a program did."""

from prefect.runtime import deployment

from flows.occasion import Occasion, this_occasion


def flow_occasion() -> Occasion:
    """Say who runs this flow, when, and through which deployment, if any."""
    name = deployment.name
    return this_occasion(origin=f"deployment {name}" if name else "command line")
