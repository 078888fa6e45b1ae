"""Rendering the pages, in the language of the visit."""

from importlib.resources import files
from typing import Final

from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from adapters.languages.catalog import Language
from web.speaking import speaking_templates
from web.stores.page.csrf import FIELD
from web.stores.page.visit import Visit


def render(template: str, visit: Visit, **values: object) -> str:
    """Render a page of a visit."""
    return _TEMPLATES.get_template(template).render(visit=visit, language=visit.language, **values)


def render_without_store(template: str, language: Language, **values: object) -> str:
    """Render a page for a visitor who may not be signed in, such as an error."""
    return _TEMPLATES.get_template(template).render(language=language, **values)


def stylesheet() -> str:
    """Return the style of the pages, below what the operators' pages share with it."""
    return _TEMPLATES.get_template("store_style.css").render()


def served_file(name: str) -> str:
    """Return a file of the pages, such as their picture in a browser's tab."""
    return (files("web.stores") / "templates" / f"store_{name}").read_text("utf-8")


@pass_context
def _own_form(context: Context) -> Markup:
    """Return the hidden field that proves that a form comes from this page."""
    visit: Visit = context["visit"]
    field = Markup('<input type="hidden" name="{}" value="{}">')
    return field.format(FIELD, visit.form_token)


def _templates() -> Environment:
    templates = speaking_templates("web.stores")
    templates.globals.update(own_form=_own_form)
    return templates


_TEMPLATES: Final = _templates()
