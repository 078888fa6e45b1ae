"""Rendering pages from templates with automatic escaping."""

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

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
    return environment


def _shown(value: object) -> object:
    """Escape unprintable characters; what a template rendered was escaped before."""
    return value if isinstance(value, Markup) else legible(str(value))


def _number(value: object) -> str:
    """Format a whole number with separators, None as a dash, anything else unchanged."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{int(value):,}"
    return "–" if value is None else str(value)
