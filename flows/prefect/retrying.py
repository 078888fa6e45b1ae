"""Retrying tasks after transient failures: a lost connection, an unreachable object store.

Refusals are never retried, nor is anything in a run that a command started.
"""

from typing import Any, Final, TypedDict

from prefect.client.schemas.objects import State
from prefect.runtime import deployment
from sqlalchemy.exc import OperationalError

from adapters.postgres.database import DatabaseUnreachable
from domain.refusal import Refused


def should_retry(_task: object, _run: object, state: State[Any]) -> bool:
    """Whether to retry a task that ended in this state."""
    return bool(deployment.id) and is_transient(state.result(raise_on_failure=False))


def is_transient(trouble: object) -> bool:
    """Whether an error is transient, such as a lost connection."""
    if isinstance(trouble, Refused):
        return trouble.may_pass
    return isinstance(trouble, DatabaseUnreachable | OperationalError | ConnectionError)


class _Retries(TypedDict):
    retries: int
    retry_delay_seconds: list[float]
    retry_jitter_factor: float
    retry_condition_fn: Any


RETRIES: Final = _Retries(
    retries=4,
    retry_delay_seconds=[2, 8, 32, 128],
    retry_jitter_factor=0.5,  # so that runs that failed together do not retry together
    retry_condition_fn=should_retry,
)
