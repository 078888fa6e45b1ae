"""Printing rows as a table, CSV or JSON."""

import csv
import json
import os
import sys
from collections.abc import Generator, Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from console.safe_streams import SafeStream, while_writable

if TYPE_CHECKING:
    from rich.console import Console

Output = Literal["table", "csv", "json"]
Row = Sequence[Any]

ROWS_IN_A_TABLE = 200  # CSV and JSON have all rows
_PIPED_WIDTH = 200  # a pipe has no width of its own


def print_rows(columns: Sequence[str], rows: Iterable[Row], output: Output) -> None:
    """Print rows as they come; CSV and JSON are streamed.

    A reader that closes the pipe early, such as `head`, is not an error.
    """
    if output != "table" and isinstance(sys.stdout, SafeStream):
        sys.stdout.escape_unencodable()
    printing = {"table": _print_table, "csv": _print_csv, "json": _print_json}[output]
    try:
        printing(columns, while_writable(rows))
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    finally:
        if isinstance(rows, Generator):
            rows.close()  # it may hold a connection


def output_console() -> "Console":
    """Return a console on standard output, wide enough for tables if it is a pipe."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else _PIPED_WIDTH
    return Console(file=sys.stdout, highlight=False, width=width)


def _print_csv(columns: Sequence[str], rows: Iterable[Row]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)


def _print_json(columns: Sequence[str], rows: Iterable[Row]) -> None:
    as_ascii = not (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    sys.stdout.write("[")
    for number, row in enumerate(rows):
        sys.stdout.write(",\n " if number else "\n ")
        named = dict(zip(columns, row, strict=True))
        sys.stdout.write(json.dumps(named, default=str, ensure_ascii=as_ascii))
    sys.stdout.write("\n]\n")


def _print_table(columns: Sequence[str], rows: Iterable[Row]) -> None:
    from rich.console import Console
    from rich.table import Table

    rows = iter(rows)
    shown = list(islice(rows, ROWS_IN_A_TABLE))
    table = Table(header_style="bold", box=None, pad_edge=False)
    for position, column in enumerate(columns):
        numeric = any(isinstance(row[position], int) for row in shown)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in shown:
        table.add_row(*map(_cell, row))
    output_console().print(table)
    if next(rows, None) is not None:
        Console(stderr=True).print(
            f"These are the first {ROWS_IN_A_TABLE} rows; --output csv lists all of them."
        )


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)
