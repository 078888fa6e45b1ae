"""The exceptions that end a command with a message instead of a traceback.

A message is a text, or a `Sentence`, which can be said in other languages, too.
"""

from typing import ClassVar


class Refused(Exception):
    """The data or the state forbids what was requested. The message is for an operator.

    One that `has_an_alarm` is told by an alarm of its own: the run that it ended raises none.
    """

    has_an_alarm: ClassVar[bool] = False

    @property
    def may_pass(self) -> bool:
        """Whether the same may be accepted some minutes later, though nobody did anything."""
        return False


class Unavailable(Exception):
    """A resource that the program needs is not available. No run is recorded as refused."""


class WrongUsage(ValueError):
    """An invalid request or setting. The message says how to write it."""
