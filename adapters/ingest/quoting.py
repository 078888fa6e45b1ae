"""Quoting for the engine's SQL, where settings and file lists cannot be parameters."""

import re
from pathlib import Path


def literal(text: str) -> str:
    """Quote a text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def literal_path(path: Path) -> str:
    """Quote the path of one file, escaping the characters of glob patterns."""
    return literal(re.sub(r"[*?[]", r"[\g<0>]", str(path)))


def identifier(name: str) -> str:
    """Quote a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
