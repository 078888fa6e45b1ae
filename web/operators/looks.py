"""How labels look: what is well, what asks for a look, what is wrong."""

from typing import Final

from domain.sentence import Sentence
from flows.showing.labels import label

SOFT: Final = "soft"
_WORDS: Final = {
    "good": "closed paid delivered awarded accepted holds changed",
    "warn": (
        "unapproved restated differs clawed_back held insufficient_points after_refused_entry "
        "points_expired warning"
    ),
    "bad": "blocked late refused critical",
}
_LOOKS: Final = {word: look for look, words in _WORDS.items() for word in words.split()}


def look_of(word: str) -> tuple[Sentence, str]:
    """Return what a label says for a word that programs read, and how it looks."""
    return label(word), _LOOKS.get(word, SOFT)
