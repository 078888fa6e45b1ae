"""The two ways of saying no: the facts forbid it, or it was asked for wrongly."""


class Refused(Exception):
    """The data or the state forbids what was asked. The message is a sentence for an operator."""


class WrongUsage(ValueError):
    """What was asked for makes no sense as written. The message says how to write it."""
