"""The language of an answer: the one that the request prefers, else that of the setting."""

from collections.abc import Iterator
from typing import Final, get_args

from fastapi import Request

from adapters.languages.catalog import Language

_LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)


def language_of(request: Request) -> Language:
    """Return the language of an answer, by the header Accept-Language (RFC 9110, 12.5.4)."""
    otherwise: Language = request.app.state.settings.language
    return accepted_language(request.headers.get("accept-language", "")) or otherwise


def accepted_language(header: str) -> Language | None:
    """Return the language that an Accept-Language header prefers; None if it accepts none."""
    accepted = sorted(_accepted(header), key=lambda it: -it[1])
    return next((language for language, weight in accepted if weight > 0), None)


def _accepted(header: str) -> Iterator[tuple[Language, float]]:
    for part in header[:1000].split(","):
        tag, _, parameter = part.partition(";")
        name, _, weight = parameter.partition("=")
        for language in _LANGUAGES:
            if tag.strip().lower().partition("-")[0] == language:
                yield language, _weight(weight) if name.strip().lower() == "q" else 1.0


def _weight(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0
