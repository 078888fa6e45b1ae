"""What all pages share: the base template, its style and macros.

Belongs here: templates that more than one room uses, and the environment that renders them.
Does not: any page of its own; each is a template of the room that shows it.
"""

from adapters.html.environment import page_templates

__all__ = ["page_templates"]
