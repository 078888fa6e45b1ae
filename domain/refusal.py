"""What ends a command with a sentence: the facts forbid it, it was asked for wrongly, or nothing
could be looked at."""


class Refused(Exception):
    """The data or the state forbids what was asked. The message is a sentence for an operator."""


class Unavailable(Exception):
    """What the program works on cannot be used, so that nothing was decided.

    The message is a sentence for an operator. It is no refusal, and no run is recorded for it.
    """


class WrongUsage(ValueError):
    """What was asked for makes no sense as written. The message says how to write it."""
