"""The heads of the ledger's chain that kept reports told: copies of them outside the database."""

import re
from pathlib import Path
from typing import Final

_TOLD: Final = re.compile(r"^\| ledger head \| \d+ (?P<head>[0-9a-f]{64}) \|$", re.MULTILINE)


def heads_in_reports(folder: Path) -> tuple[str, ...]:
    """Collect the heads in the kept reports of all months, the oldest months first."""
    reports = sorted(folder.glob("*/closed-*.md"))
    found = [head["head"] for file in reports for head in _TOLD.finditer(file.read_text("utf-8"))]
    return tuple(dict.fromkeys(found))
