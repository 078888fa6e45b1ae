"""Problems that keep a delivered file from being read."""

from domain.sentence import Text, sentence


class FileProblem(Exception):
    """A problem of one file: the name of a rule, and a text that does not name the file.

    Where several files have the same problem, `of_each` says so, and `more` is what to add for one.
    """

    def __init__(self, rule: str, text: Text, more: Text = "", of_each: Text = "") -> None:
        super().__init__(text)
        self.rule = rule
        self.text = text
        self.more = more
        self.of_each = of_each or text


def damaged(error: Exception) -> FileProblem:
    """Return the problem for a library's failure to read a file."""
    reason = str(error).strip().splitlines() or [type(error).__name__]
    return FileProblem(
        "file_damaged",
        sentence("it cannot be read ({why}); ask its sender for it again", why=reason[0]),
    )
