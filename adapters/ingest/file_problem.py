"""Problems that keep a delivered file from being read."""


class FileProblem(Exception):
    """A problem of one file: the name of a rule, and a sentence that does not name the file.

    `more` is what to add for this file where several files have the same problem.
    """

    def __init__(self, rule: str, sentence: str, more: str = "") -> None:
        super().__init__(sentence)
        self.rule = rule
        self.sentence = sentence
        self.more = more


def damaged(error: Exception) -> FileProblem:
    """Return the problem for a library's failure to read a file."""
    reason = str(error).strip().splitlines() or [type(error).__name__]
    return FileProblem(
        "file_damaged", f"it cannot be read ({reason[0]}); ask its sender for it again"
    )
