"""The states in which runs end that nobody watches."""

from typing import Final

from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from adapters.languages.catalog import Language, say

REFUSED: Final = "Refused"
"""The name of the state of a run whose refusals are told by events of their own."""


def ended(language: Language, *said: object) -> State[None]:
    """End a run with a message of what it did, in a language."""
    return Completed(message=_message(said, language))


def refused(language: Language, *said: object) -> State[None]:
    """End a run as failed without raising the alarm for failed runs: one fact is told once."""
    return Failed(name=REFUSED, message=_message(said, language))


def why(refusal: Exception) -> object:
    """Return what a refusal says, as a text that can be said in any language."""
    return refusal.args[0] if refusal.args else str(refusal)


def _message(said: tuple[object, ...], language: Language) -> str:
    return " ".join(say(each, language) for each in said)
