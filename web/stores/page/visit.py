"""Whose page is shown, to whom, in which language."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from adapters.languages.catalog import Language

LANGUAGES: Final[tuple[Language, ...]] = ("ko", "en")


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit of one page of a store.

    `root` is where the store's pages are. `form_token` is what the forms carry, None for a visit
    that may only read. `query` is kept when the language is switched.
    """

    seller_id: str
    language: Language
    root: str
    tab: str
    path: str
    query: str = ""
    form_token: str | None = None

    def at(self, path: str) -> str:
        """Return the address of another page of the store."""
        return f"{self.root}/{path}"

    def in_language(self, language: Language) -> str:
        """Return the address of this page in a language."""
        kept = f"{self.query}&" if self.query else ""
        return f"{quote(self.path)}?{kept}lang={language}"


def known_language(text: str | None) -> Language | None:
    """Return the language of a code; None for any other text."""
    return next((each for each in LANGUAGES if each == text), None)
