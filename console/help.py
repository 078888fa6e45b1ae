"""Commands whose help is said in the language of the process; click says its own texts, too."""

import inspect
import re
import unicodedata
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import click
from click import core, decorators, exceptions, formatting, parser, types

from adapters.languages.catalog import ENGLISH, LANGUAGES, say_template, say_templates
from console.language import OPTION, spoken, told
from domain.sentence import Text

_AS_WRITTEN: Final = "\b\n"  # click leaves the lines of such a paragraph as they are
_WIDE: Final = frozenset("WF")
_LANGUAGE: Final = click.Option(
    [OPTION],
    type=click.Choice(LANGUAGES),
    expose_value=False,
    help="English or Korean, by default GROWTH_POINTS_LANGUAGE.",
)


class _ToldHelp(click.Command):
    """A command that also takes a language, and says its help in it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(_LANGUAGE)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help; letters of some languages are twice as wide as click takes them to be."""
        if spoken() != ENGLISH:
            formatter.width = formatter.width * 3 // 4
        super().format_help(ctx, formatter)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the command does."""
        told = "\n\n".join(map(_told_paragraph, paragraphs(self.help or "")))
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(told)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options."""
        options = [each for each in self.get_params(ctx) if isinstance(each, click.Option)]
        records = [_told_record(each, ctx) for each in options]
        if found := [record for record in records if record is not None]:
            with formatter.section(_told("Options")):
                formatter.write_dl(found)

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the line about the command in the list of all."""
        return _told(self.short_help or "")


class Topics(_ToldHelp, click.Group):
    """A group whose help lists its commands by topic, in the order of use."""

    topics: Final[dict[str, tuple[click.Command, ...]]] = {}

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, then a section of commands for each topic."""
        super().format_options(ctx, formatter)
        for topic, commands in self.topics.items():
            with formatter.section(_told(topic)):
                formatter.write_dl(
                    [(f"{command.name:18}", command.get_short_help_str()) for command in commands]
                )


command = partial(click.command, cls=_ToldHelp)


def usage_error(text: Text) -> click.UsageError:
    """Return the error of a command that was written wrongly."""
    return click.UsageError(told(text))


def paragraphs(text: str) -> tuple[str, ...]:
    """Split a help text into its paragraphs, each on one line unless its lines are to stay."""
    parts = inspect.cleandoc(text).split("\n\n")
    return tuple(
        part if part.startswith(_AS_WRITTEN) else " ".join(part.split()) for part in parts if part
    )


def pieces(line: str) -> Iterator[str]:
    """Split a line of a table at its gaps, which are yielded, too."""
    yield from re.split(r"(\s{2,})", line)


def padded(text: str, width: int) -> str:
    """Fill a text with spaces up to a width in a terminal."""
    return text + " " * (width - width_of(text))


def say_own_texts_of_click() -> None:
    """Have click look up its own texts in the catalogs: it says each through its `_`."""
    for module in (core, decorators, exceptions, formatting, parser, types):
        names = vars(module)
        names["_"] = _told
        if "ngettext" in names:
            names["ngettext"] = _told_of_many


def _told_paragraph(paragraph: str) -> str:
    if not paragraph.startswith(_AS_WRITTEN):
        return _told(paragraph)
    lines = paragraph.removeprefix(_AS_WRITTEN).split("\n")
    return _AS_WRITTEN + "\n".join(map(_told_line, lines))


def _told_line(line: str) -> str:
    """Say the pieces of a line, each as far to the right as before if that is possible."""
    written = said = ""
    for piece in pieces(line):
        written += piece
        said += " " * (len(written) - width_of(said)) if piece.isspace() else _told(piece)
    return said if written.startswith(" ") else said.rstrip()


def width_of(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(1 + (unicodedata.east_asian_width(each) in _WIDE) for each in text)


def _told_record(option: click.Option, ctx: click.Context) -> tuple[str, str] | None:
    record = option.get_help_record(ctx)
    if record is None or not option.help:
        return record
    names, text = record
    more = text.removeprefix(option.help)
    return names, _told(option.help) + more.replace("[required]", _told("[required]"))


def _told(text: str) -> str:
    return say_template(text, spoken())


def _told_of_many(one: str, many: str, count: int) -> str:
    return say_templates(one, many, count, spoken())
