"""The heads of the ledger's chain that kept reports told: copies of them outside the database."""

import re
from pathlib import Path
from typing import Final

_TOLD: Final = re.compile(r"^\| ledger head \| \d+ ([0-9a-f]{64}) \|$", re.MULTILINE)


def heads_in_reports(folder: Path) -> tuple[str, ...]:
    """Collect the heads in the kept reports of all months, the oldest months first."""
    told = (_TOLD.findall(file.read_text("utf-8")) for file in sorted(folder.glob("*/closed-*.md")))
    # One head a report, the last: what a finding or a reason says stands before it.
    return tuple(dict.fromkeys(heads[-1] for heads in told if heads))
