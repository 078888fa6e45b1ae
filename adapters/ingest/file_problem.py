"""What keeps a delivered file from being read."""


class FileProblem(Exception):
    """A fault of one file: a rule's name, and a sentence that does not name the file.

    `more` is what is to be said of this file alone, where many have the same fault.
    """

    def __init__(self, rule: str, sentence: str, more: str = "") -> None:
        super().__init__(sentence)
        self.rule = rule
        self.sentence = sentence
        self.more = more


def damaged(error: Exception) -> FileProblem:
    """Word a library's failure to read a file."""
    reason = str(error).strip().splitlines() or [type(error).__name__]
    return FileProblem(
        "file_damaged", f"it cannot be read ({reason[0]}); ask its sender for it again"
    )
