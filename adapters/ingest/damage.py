"""Damaged and changed files, as refusals that name them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import duckdb

from adapters.ingest.delivered_rows import DeliveredRows
from adapters.ingest.delivery import Delivery, DeliveryRefused
from adapters.ingest.opening import FilesDamaged
from domain.findings import Finding, Severity
from domain.months import SettlementMonth
from domain.refusal import Refused
from domain.settlement import (
    Content,
)


class DeliveryChanged(Refused):
    """Files changed while they were being read."""

    def __init__(self, month: SettlementMonth, names: tuple[str, ...]) -> None:
        super().__init__(
            f"{', '.join(names)} changed while {month} was being read; nothing was written. "
            "Run the command again once the delivery is complete."
        )
        self.month = month
        self.names = names


def damage_refused(delivery: Delivery, damage: FilesDamaged) -> DeliveryRefused:
    return _refused(delivery, [_finding(p.rule, name, p.sentence) for name, p in damage.problems])


@contextmanager
def naming_files(delivery: Delivery, rows: Mapping[Content, DeliveredRows]) -> Iterator[None]:
    """Turn the engine's errors about damaged or changed files into refusals that name them."""
    try:
        yield
    except FilesDamaged as damage:
        refuse_changed(delivery)
        raise damage_refused(delivery, damage) from damage
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        refuse_changed(delivery)
        findings = [
            _finding("file_damaged", name, f"it cannot be read ({why})")
            for content in Content
            for name, why in rows[content].damaged()
        ]
        if not findings:
            raise
        raise _refused(delivery, findings) from error
    refuse_changed(delivery)


def _finding(rule: str, name: str, sentence: str) -> Finding:
    return Finding(rule, Severity.CRITICAL, f"{name}: {sentence}.", 1, name)


def _refused(delivery: Delivery, findings: Sequence[Finding]) -> DeliveryRefused:
    return DeliveryRefused(delivery.settlement_month, delivery.source, tuple(findings))


def refuse_changed(delivery: Delivery) -> None:
    changed = tuple(file.name for file in delivery.files if file.changed)
    if changed:
        raise DeliveryChanged(delivery.settlement_month, changed)
