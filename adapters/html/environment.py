"""Rendering pages from templates; everything that goes in is escaped."""

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined


def page_templates(package: str) -> Environment:
    """Load the templates of a package, and the shared ones that they extend and import."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("adapters.html")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = _number
    return environment


def _number(value: object) -> str:
    """Write a whole number with separators, nothing as a dash, and anything else as it is."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{int(value):,}"
    return "–" if value is None else str(value)
