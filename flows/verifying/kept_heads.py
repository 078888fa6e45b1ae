"""The ledger heads in kept reports: copies outside the database."""

import json
from pathlib import Path

from domain.refusal import Refused
from domain.sentence import sentence


class ReportDamaged(Refused):
    """The JSON file of a kept report cannot be read."""

    def __init__(self, file: Path) -> None:
        super().__init__(
            sentence(
                "{file} is damaged: its ledger head cannot be read. Restore it from a "
                "backup, or remove it to verify without it.",
                file=file,
            )
        )
        self.file = file


def heads_in_reports(folder: Path) -> tuple[str, ...]:
    """Collect the ledger heads of all kept reports, oldest months first."""
    heads = map(_head, sorted(folder.glob("*/closed-*.json")))
    return tuple(dict.fromkeys(head for head in heads if head is not None))


def _head(file: Path) -> str | None:
    try:
        head: str | None = json.loads(file.read_text("utf-8"))["ledger_head"]
    except (ValueError, KeyError, TypeError) as error:
        raise ReportDamaged(file) from error
    return head
