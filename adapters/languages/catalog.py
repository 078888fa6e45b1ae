"""Saying sentences and words in a language."""

from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO
from typing import Final, Literal

from domain.sentence import Sentence, Word

Language = Literal["en", "ko"]
ENGLISH: Final = "en"


def say(text: object, language: Language) -> str:
    """Say a sentence or a word in a language; anything else as it is."""
    match text:
        case Sentence(template, facts):
            said = {
                name: say(fact, language) if isinstance(fact, Sentence | Word) else fact
                for name, fact in facts.items()
            }
            return _catalog(language).gettext(template).format(**said)
        case Word(context, key):
            return _catalog(language).pgettext(context, key)
        case _:
            return str(text)


@lru_cache
def _catalog(language: Language) -> NullTranslations:
    """Read a language's catalog; English texts are their own."""
    if language == ENGLISH:
        return NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = BytesIO()
    with (files("adapters.languages") / f"{language}.po").open("rb") as written:
        write_mo(compiled, read_po(written, locale=language, abort_invalid=True))
    compiled.seek(0)
    return GNUTranslations(compiled)
