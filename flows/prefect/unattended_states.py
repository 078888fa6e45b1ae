"""The states in which runs end that nobody watches."""

from typing import Final

from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from adapters.languages.catalog import say
from domain.sentence import Text
from flows.settings import Settings

REFUSED: Final = "Refused"
"""The name of the state of a run whose refusals are told by events of their own."""


def ended(said: Text) -> State[None]:
    """End a run with a message of what it did."""
    return Completed(message=_in_the_setting(said))


def refused(said: Text) -> State[None]:
    """End a run as failed without raising the alarm for failed runs: one fact is told once."""
    return Failed(name=REFUSED, message=_in_the_setting(said))


def _in_the_setting(said: Text) -> str:
    return say(said, Settings.read().language)
