"""Trying again where waiting may help, and nowhere else: a connection, an object store.

A decision or a refused month is never tried again. Nor is anything in a command's run: whoever
started it sits in front of it.
"""

from typing import Any, Final, TypedDict

from prefect.client.schemas.objects import State
from prefect.runtime import deployment
from sqlalchemy.exc import OperationalError

from adapters.ingest.delivery import DeliveryRefused
from adapters.postgres.database import DatabaseUnreachable


def may_pass(_task: object, _run: object, state: State[Any]) -> bool:
    """Say whether the trouble in which a task ended may pass by itself."""
    return bool(deployment.id) and passes(state.result(raise_on_failure=False))


def passes(trouble: object) -> bool:
    """Tell a connection that failed from everything that would fail again."""
    if isinstance(trouble, DeliveryRefused):
        return all(each.rule == "store_unreachable" for each in trouble.findings)
    return isinstance(trouble, DatabaseUnreachable | OperationalError | ConnectionError)


class _Patience(TypedDict):
    retries: int
    retry_delay_seconds: list[float]
    retry_jitter_factor: float
    retry_condition_fn: Any


PATIENCE: Final = _Patience(
    retries=4,
    retry_delay_seconds=[2, 8, 32, 128],
    retry_jitter_factor=0.5,  # so that runs that failed together do not come back together
    retry_condition_fn=may_pass,
)
