"""How labels look: what is well, what asks for a look, what is wrong."""

from typing import Final

from domain.sentence import Text, Word
from flows.showing.labels import STATES

SOFT: Final = "soft"
_WORDS: Final = {
    "good": "closed paid delivered awarded accepted holds changed",
    "warn": (
        "arrived unapproved restated differs clawed_back held insufficient_points "
        "after_refused_entry points_expired warning"
    ),
    "bad": "blocked late refused critical",
}
_LOOKS: Final = {word: look for look, words in _WORDS.items() for word in words.split()}


def look_of(word: str) -> tuple[Text, str]:
    """Return what a label says for a word or a state of a month, and how it looks."""
    said = word if isinstance(word, Word) else STATES[word]
    return said, _LOOKS.get(word, SOFT)
