"""In which language a command answers: that of its `--lang`, else that of the setting."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from adapters.languages.catalog import ENGLISH, LANGUAGES, Language, say

_SETTING: Final = "GROWTH_POINTS_LANGUAGE"
OPTION: Final = "--lang"


@contextmanager
def speaking(words: Sequence[str]) -> Iterator[None]:
    """Set the setting to what `--lang` among a command's words asks for, until the block ends.

    It is set in the environment, so that reports, runs and processes speak it, too. A language that
    is not there is left to the command line to refuse.
    """
    before, asked = os.environ.get(_SETTING), _asked(words)
    if asked in LANGUAGES:
        os.environ[_SETTING] = asked
    try:
        yield
    finally:
        os.environ.pop(_SETTING, None)
        if before is not None:
            os.environ[_SETTING] = before


def spoken() -> Language:
    """Return the language of this process; English if the setting names none that is there."""
    setting = os.environ.get(_SETTING, "").strip()
    return next((each for each in LANGUAGES if each == setting), ENGLISH)


def told(text: object) -> str:
    """Say a text in the language of this process."""
    return say(text, spoken())


def _asked(words: Sequence[str]) -> str | None:
    options = [*words[: words.index("--")]] if "--" in words else [*words]
    for word, following in zip(options, [*options[1:], ""], strict=True):
        if word == OPTION:
            return following
        if word.startswith(f"{OPTION}="):
            return word.partition("=")[2]
    return None
