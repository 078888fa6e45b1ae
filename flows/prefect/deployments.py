"""The deployments: what operators find in the Prefect UI, and what runs by itself.

One definition, for two ways of running it: `growth-points up` serves them, and
`deploy/prefect.yaml` deploys them to a work pool; `python -m flows.prefect.deployments` prints it.
"""

import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml
from prefect import Flow
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

from flows.closing.flow import close_month, rerun_month
from flows.correcting.flow import adjust_points_of
from flows.ingesting.flow import ingest_month
from flows.paying.flow import (
    approve_payout_of,
    pay_out,
    pay_out_sweep,
    reschedule_planned_payouts,
    tell_late_payouts,
)
from flows.verifying.flow import verify_program

WORK_POOL: Final = "growth-points"
TAG: Final = "growth-points"
TIME_ZONE: Final = "Asia/Seoul"

# What the UI lets operators change of a deployment: registering it again must not undo that.
_SET_BY_OPERATORS: Final = frozenset(
    {
        "schedules",
        "paused",
        "parameters",
        "tags",
        "concurrency_limit",
        "concurrency_options",
        "enforce_parameter_schema",
    }
)

_HEADER = """\
# The deployments for a work pool; `growth-points up` serves the same ones without any.
# Made by `python -m flows.prefect.deployments > deploy/prefect.yaml`.
#
#   prefect work-pool create growth-points --type process
#   prefect deploy --all --prefect-file deploy/prefect.yaml    (from the repository's root)
#   prefect worker start --pool growth-points
"""


@dataclass(frozen=True, slots=True)
class Deployed:
    """A flow that can be started from the UI, by itself where it has a schedule."""

    flow: Flow[..., Any]
    cron: str | None = None

    @property
    def name(self) -> str:
        """The deployment is called as its flow."""
        return self.flow.name

    @property
    def entrypoint(self) -> str:
        """Where a worker finds the flow: a module that is installed, wherever it runs."""
        return f"{self.flow.fn.__module__}.{self.flow.fn.__name__}"

    @property
    def description(self) -> str:
        """What the flow does; what its parameters mean stands in the form."""
        said = (inspect.getdoc(self.flow.fn) or "").partition("\nArgs:\n")[0].strip()
        return "\n\n".join(" ".join(part.split()) for part in said.split("\n\n"))


DEPLOYED: Final = (
    Deployed(close_month, cron="0 9 3 * *"),
    Deployed(rerun_month),
    Deployed(ingest_month),
    Deployed(approve_payout_of),
    Deployed(pay_out),
    Deployed(pay_out_sweep, cron="0 10 10-20 * *"),
    Deployed(tell_late_payouts, cron="0 11 * * *"),
    Deployed(reschedule_planned_payouts),
    Deployed(adjust_points_of),
    Deployed(verify_program, cron="0 6 * * 1"),
)


def to_serve() -> tuple[RunnerDeployment, ...]:
    """Make the deployments that a runner serves."""
    return tuple(
        RunnerDeployment.from_flow(
            each.flow,
            each.name,
            schedule=Cron(each.cron, timezone=TIME_ZONE, slug=each.name) if each.cron else None,
            description=each.description,
            tags=[TAG],
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        for each in DEPLOYED
    )


def as_operators_left_it(deployment: RunnerDeployment) -> RunnerDeployment:
    """Leave to a deployment that is there already whatever an operator may have set in the UI."""
    kept = deployment.model_copy(update={"schedules": None})
    kept.model_fields_set.difference_update(_SET_BY_OPERATORS)
    return kept


def to_deploy() -> Mapping[str, Any]:
    """Make what `deploy/prefect.yaml` says."""
    return {
        "name": "growth-points",
        "pull": [],  # the program is installed where the worker is; null would name this folder
        "deployments": [_to_deploy(each) for each in DEPLOYED],
    }


def _to_deploy(deployed: Deployed) -> Mapping[str, Any]:
    # By its slug a schedule is known again, and stays paused when it is deployed once more.
    schedule = {"cron": deployed.cron, "timezone": TIME_ZONE, "slug": deployed.name}
    return {
        "name": deployed.name,
        "entrypoint": deployed.entrypoint,
        "description": deployed.description,
        "tags": [TAG],
        "schedules": [schedule] if deployed.cron else [],
        "work_pool": {"name": WORK_POOL},
    }


if __name__ == "__main__":
    sys.stdout.write(_HEADER)
    yaml.safe_dump(to_deploy(), sys.stdout, sort_keys=False, allow_unicode=True, width=100)
