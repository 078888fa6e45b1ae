"""Rendering pages from templates with automatic escaping."""

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from adapters.languages.catalog import ENGLISH, say, say_template
from domain.sentence import Sentence, Word, sentences
from domain.written import legible


def page_templates(package: str) -> Environment:
    """Return an environment with the templates of a package and the shared ones."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("adapters.html")]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = _number
    environment.globals.update(say=_say, say_many=_say_many, said=_said, word=Word)
    return environment


@pass_context
def _say(context: Context, text: object, /, **facts: object) -> str:
    """Say a text in the page's `language`, English by default.

    Without facts its braces are none for facts: it may be what somebody wrote.
    """
    language = context.get("language", ENGLISH)
    if isinstance(text, Word) or not isinstance(text, str):
        return say(text, language)
    return say(Sentence(text, facts), language) if facts else say_template(text, language)


@pass_context
def _said(context: Context, text: object) -> str:
    """Say a text that the template was given, in which braces are no places for facts."""
    return say(text, context.get("language", ENGLISH))


@pass_context
def _say_many(context: Context, one: str, many: str, /, *, count: int, **facts: object) -> str:
    return say(sentences(one, many, count=count, **facts), context.get("language", ENGLISH))


def _shown(value: object) -> object:
    """Escape unprintable characters; what a template rendered was escaped before."""
    return value if isinstance(value, Markup) else legible(str(value))


def _number(value: object) -> str:
    """Format a whole number with separators, None as a dash, anything else unchanged."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{int(value):,}"
    return "–" if value is None else str(value)
