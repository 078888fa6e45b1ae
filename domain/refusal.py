"""The exceptions that end a command with a message instead of a traceback.

A message is a text, or a `Sentence`, which can be said in other languages, too.
"""


class Refused(Exception):
    """The data or the state forbids what was requested. The message is for an operator."""


class Unavailable(Exception):
    """A resource that the program needs is not available. No run is recorded as refused."""


class WrongUsage(ValueError):
    """An invalid request or setting. The message says how to write it."""
