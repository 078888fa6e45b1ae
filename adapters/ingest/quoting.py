"""Quoting what goes into the engine's SQL: its settings and file lists cannot be bound."""

import re
from pathlib import Path


def literal(text: str) -> str:
    """Quote a text as an SQL string; settings and file lists cannot be bound as parameters."""
    return "'" + text.replace("'", "''") + "'"


def literal_path(path: Path) -> str:
    """Quote a path of exactly one file, whose name may hold what the engine takes for a pattern."""
    return literal(re.sub(r"[*?[]", r"[\g<0>]", str(path)))


def identifier(name: str) -> str:
    """Quote a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
