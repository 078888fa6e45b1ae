"""In which language a command answers: that of its `--lang`, else that of the setting."""

from collections.abc import Iterator
from contextlib import contextmanager

from adapters.languages.catalog import ENGLISH, Language, say
from domain.refusal import Refused, WrongUsage


def in_their_language(trouble: Exception) -> str:
    """Say the message of a refusal in the language of the setting, in English if that is wrong."""
    from flows.settings import Settings, SettingsInvalid

    try:
        language = Settings.read().language
    except SettingsInvalid:
        language = ENGLISH
    return _message(trouble, language)


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Say what is refused in the block in a language."""
    try:
        yield
    except (Refused, WrongUsage) as trouble:
        trouble.args = (_message(trouble, language),)
        raise


def _message(trouble: Exception, language: Language) -> str:
    return say(trouble.args[0], language) if trouble.args else str(trouble)
