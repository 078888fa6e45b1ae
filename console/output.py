"""Printing sentences, and rows as a table, CSV or JSON.

Everything that the commands print passes through here: texts from files, forms and the database
are never taken for markup, for control characters of a terminal or for formulas of a spreadsheet.
"""

import csv
import json
import os
import sys
from collections.abc import Generator, Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, TextIO

import click

from console.language import told
from console.safe_streams import SafeStream, while_writable
from domain.sentence import Joined, Sentence, Text, Word, sentence
from domain.written import in_a_spreadsheet, legible

if TYPE_CHECKING:
    from rich.console import Console

Output = Literal["table", "csv", "json"]
Row = Sequence[Any]

ROWS_IN_A_TABLE = 200  # CSV and JSON have all rows
_PIPED_WIDTH = 200  # a pipe has no width of its own


def echo(text: Text, *, err: bool = False) -> None:
    """Print a text to standard output or standard error."""
    click.echo(legible(told(text)), err=err)


def print_rows(columns: Sequence[str], rows: Iterable[Row], output: Output) -> None:
    """Print rows as they come; CSV and JSON are streamed.

    A table is in the language of the process: its headings, sentences and words. CSV and JSON have
    keys. A reader that closes the pipe early, such as `head`, is not an error.
    """
    if output != "table" and isinstance(sys.stdout, SafeStream):
        sys.stdout.escape_unencodable()
    whole = while_writable(rows)
    try:
        match output:
            case "table":
                _print_table(columns, whole)
            case "csv":
                _print_csv(columns, whole)
            case "json":
                _print_json(columns, whole)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    finally:
        if isinstance(rows, Generator):
            rows.close()  # it may hold a connection


def output_console() -> "Console":
    """Return a console on standard output, wide enough for tables if it is a pipe."""
    return _console(sys.stdout, None if sys.stdout.isatty() else _PIPED_WIDTH)


def error_console() -> "Console":
    """Return a console on standard error."""
    return _console(sys.stderr)


def _console(file: TextIO, width: int | None = None) -> "Console":
    """Return a console that takes no text for markup; styles are given beside texts."""
    from rich.console import Console

    return Console(file=file, width=width, markup=False, emoji=False, highlight=False)


def _print_csv(columns: Sequence[str], rows: Iterable[Row]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_for_a_spreadsheet(cell) for cell in row])


def _for_a_spreadsheet(cell: Any) -> Any:
    is_text = isinstance(cell, str | Sentence | Joined)
    return in_a_spreadsheet(str(cell)) if is_text else cell


def _print_json(columns: Sequence[str], rows: Iterable[Row]) -> None:
    as_ascii = not (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    sys.stdout.write("[")
    for number, row in enumerate(rows):
        sys.stdout.write(",\n " if number else "\n ")
        named = dict(zip(columns, row, strict=True))
        written = json.dumps(named, default=str, ensure_ascii=as_ascii)
        sys.stdout.write(legible(written, json.dumps))
    sys.stdout.write("\n]\n")


def _print_table(columns: Sequence[str], rows: Iterable[Row]) -> None:
    from rich.table import Table

    rows = iter(rows)
    shown = list(islice(rows, ROWS_IN_A_TABLE))
    table = Table(header_style="bold", box=None, pad_edge=False)
    for position, column in enumerate(columns):
        numeric = any(isinstance(row[position], int) for row in shown)
        heading = told(Word("column", column))
        table.add_column(heading, justify="right" if numeric else "left", overflow="fold")
    for row in shown:
        table.add_row(*(_cell(value) for value in row))
    output_console().print(table)
    if next(rows, None) is not None:
        error_console().print(
            told(
                sentence(
                    "These are the first {rows} rows; --output csv lists all of them.",
                    rows=ROWS_IN_A_TABLE,
                )
            )
        )


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return legible(told(value))
