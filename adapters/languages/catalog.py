"""Saying sentences and words in a language."""

import logging
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING, Final, Literal, get_args

from domain.sentence import Joined, Sentence, Word

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

Language = Literal["en", "ko"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
ENGLISH: Final = "en"


def say(text: object, language: Language) -> str:
    """Say a text in a language, or in English if a catalog lacks it; anything else as it is."""
    match text:
        case Sentence():
            facts = {name: _fact(fact, language) for name, fact in text.facts.items()}
            return _template(text, language).format(**facts)
        case Word(context, key):
            return _catalog(language).pgettext(context, key)
        case Joined(parts, between):
            return say(between, language).join(say(part, language) for part in parts)
        case _:
            return str(text)


def say_template(template: str, language: Language) -> str:
    """Say a text as it is written, with braces for facts if it has any."""
    if language == ENGLISH or not template:
        return template
    return _catalog(language).gettext(template)


def say_templates(one: str, many: str, count: int, language: Language) -> str:
    """Say one of two texts as they are written, by a count."""
    if language == ENGLISH:
        return one if count == 1 else many
    return _catalog(language).ngettext(one, many, count)


def say_logged(record: logging.LogRecord, language: Language) -> str:
    """Say in a language what was logged, which is English in logs."""
    if isinstance(record.msg, Sentence | Joined):
        return say(record.msg, language)
    return record.getMessage()


def _fact(fact: object, language: Language) -> object:
    return say(fact, language) if isinstance(fact, Sentence | Word | Joined) else fact


def _template(text: Sentence, language: Language) -> str:
    if text.many is None:
        return say_template(text.template, language)
    return say_templates(text.template, text.many, text.count, language)


@lru_cache
def _catalog(language: Language) -> NullTranslations:
    """Read a language's catalogs, each of which falls back to the next; English has only words."""
    catalog = NullTranslations()
    for file in files("adapters.languages").iterdir():
        if file.name.startswith(f"{language}.") and file.name.endswith(".po"):
            found = _read(file, language)
            found.add_fallback(catalog)
            catalog = found
    return catalog


def _read(file: "Traversable", language: Language) -> NullTranslations:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = BytesIO()
    with file.open("rb") as written:
        write_mo(compiled, read_po(written, locale=language, abort_invalid=True))
    compiled.seek(0)
    return GNUTranslations(compiled)
