"""A visit of one of the operators' pages: what was asked for, and in which language."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from adapters.languages.catalog import ENGLISH, Language
from domain.months import SettlementMonth
from domain.refusal import Refused, WrongUsage
from domain.sentence import Sentence, sentence
from domain.written import HIDDEN
from flows.occasion import this_occasion
from flows.prefect.form_addresses import PrefectAddresses
from flows.settings import Settings
from flows.showing.forms import Form
from web.operators.opened import OpenedDatabase
from web.operators.slashes import with_slashes
from web.stores.languages import accepted_language
from web.stores.page.visit import LANGUAGES, known_language

LANGUAGE_COOKIE: Final = "growth-points-language"
_IN_NO_TEXT: Final = re.compile(f"[{HIDDEN}]")
_LONGEST: Final = 2_000  # characters of all that is asked for
_A_YEAR_SECONDS: Final = 365 * 86_400


class NoSuchPage(Refused):
    """An address at which there is nothing."""

    def __init__(self, said: Sentence | None = None) -> None:
        super().__init__(said or sentence("There is no such page."))


class LanguageUnknown(WrongUsage):
    """A language in which the pages are not written."""

    def __init__(self, asked: str) -> None:
        super().__init__(
            sentence(
                "There are no pages in the language {language!r}; there are {known}.",
                language=asked[:20],
                known=", ".join(LANGUAGES),
            )
        )


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit of a page on a day: `root` is what a proxy keeps of every address."""

    settings: Settings
    database: OpenedDatabase
    prefect: PrefectAddresses
    language: Language
    root: str
    path: str
    address: str
    places: Mapping[str, str]
    asked: Mapping[str, str]
    today: date

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Connect to the database for one page, which sees it as it is at one moment."""
        with self.database.engine().connect() as connection:
            yield connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )

    def at(self, path: str, **asked: object) -> str:
        """Return the address of another page."""
        query = urlencode({name: value for name, value in asked.items() if value not in (None, "")})
        return f"{self.root}/{quote(path)}{'?' if query else ''}{query}"

    def kept(self, path: str) -> str | None:
        """Return the address of a file of the home; None if there is none."""
        return self.at(path) if (self.settings.home / path).is_file() else None

    def store(self, seller_id: str, path: str = "") -> str:
        """Return the address of a store's page, whatever its id is made of."""
        return f"{self.root}/stores/{quote(seller_id, safe='')}{path}"

    def here(self, **changed: object) -> str:
        """Return the address of this page with other parameters; None removes one."""
        query = {**self.asked, **changed}
        kept = {name: value for name, value in query.items() if value not in (None, "")}
        # An address that begins with two slashes would name another server.
        address = f"/{self.address.lstrip('/')}"
        return f"{self.root}{address}{'?' if kept else ''}{urlencode(kept)}"

    def form(self, form: Form) -> str | None:
        """Return the address of a form, filled in; None if no Prefect server has it."""
        return self.prefect.form(form.deployment, form.parameters)

    def page(self, parameter: str = "page") -> int:
        """Return the page of a list that is asked for; the first if it is no number of one."""
        asked = self.asked.get(parameter, "1")
        number = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 7 else 1  # noqa: PLR2004 digits
        return max(number, 1)

    @property
    def month(self) -> SettlementMonth:
        """The month in the address; raises MonthInvalid."""
        return SettlementMonth.parse(self.places["month"])


def visit_of(request: Request) -> Visit:
    """Describe a request, whatever it asks for."""
    state = request.app.state
    return Visit(
        settings=state.settings,
        database=state.database,
        prefect=state.prefect,
        language=language_of(request),
        root=urlsplit(state.settings.pages_url or "").path.rstrip("/"),
        path=with_slashes(request.scope["path"]),
        address=_address(request),
        places=_places(request),
        asked=dict(request.query_params),
        today=this_occasion().today,
    )


def _address(request: Request) -> str:
    """Return the path as it was asked for; with two slashes it would name another host."""
    path = request.scope["raw_path"].decode("latin-1").lstrip("/")
    return f"/{quote(path, safe='/%')}"


def _places(request: Request) -> dict[str, str]:
    """Return what the names in the path stand for."""
    return {name: with_slashes(str(value)) for name, value in request.path_params.items()}


def require_sound(request: Request) -> None:
    """Raise NoSuchPage for a request that no page makes, LanguageUnknown for its language."""
    asked = [*request.query_params.values(), *_places(request).values()]
    if any(map(_IN_NO_TEXT.search, asked)) or sum(map(len, asked)) > _LONGEST:
        raise NoSuchPage
    language = request.query_params.get("lang")
    if language and language not in LANGUAGES:
        raise LanguageUnknown(language)


def language_of(request: Request) -> Language:
    """Return the language: asked for now or last, of the setting, or of the browser."""
    settings: Settings = request.app.state.settings
    asked = request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)
    chosen = next((each for each in map(known_language, asked) if each), None)
    if chosen is not None:
        return chosen
    if "language" in settings.model_fields_set:
        return settings.language
    return accepted_language(request.headers.get("accept-language", "")) or ENGLISH


def keep_language(response: Response, language: Language) -> None:
    """Keep the language that was chosen for the next pages."""
    response.set_cookie(LANGUAGE_COOKIE, language, _A_YEAR_SECONDS, httponly=True, samesite="lax")
