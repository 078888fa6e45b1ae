"""The heads of the ledger's chain that kept reports told: copies of them outside the database."""

import json
from pathlib import Path

from domain.refusal import Refused


class ReportDamaged(Refused):
    """The JSON beside a kept report is not what was written."""

    def __init__(self, file: Path) -> None:
        super().__init__(
            f"{file} is damaged: the ledger head that it told cannot be read. "
            "Restore it from a backup, or remove it to verify without it."
        )
        self.file = file


def heads_in_reports(folder: Path) -> tuple[str, ...]:
    """Collect the heads that the kept reports of all months told, the oldest months first."""
    told = map(_head, sorted(folder.glob("*/closed-*.json")))
    return tuple(dict.fromkeys(head for head in told if head is not None))


def _head(file: Path) -> str | None:
    try:
        head: str | None = json.loads(file.read_text("utf-8"))["ledger_head"]
    except (ValueError, KeyError, TypeError) as error:
        raise ReportDamaged(file) from error
    return head
