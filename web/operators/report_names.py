"""What the names of kept reports say."""


def evaluation_no(name: str) -> int | None:
    """Return which evaluation of its month a report is about; None for other reports."""
    word, _, number = name.removesuffix(".html").rpartition("-")
    return int(number) if word == "closed" and number.isdecimal() else None
