"""The states in which runs end that nobody watches."""

from typing import Final

from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

REFUSED: Final = "Refused"
"""The name of the state of a run whose refusals are told by events of their own."""


def ended(said: str) -> State[None]:
    """End a run with a message of what it did."""
    return Completed(message=said)


def refused(said: str) -> State[None]:
    """End a run as failed without raising the alarm for failed runs: one fact is told once."""
    return Failed(name=REFUSED, message=said)
