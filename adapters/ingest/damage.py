"""Damaged and changed files, as refusals that name them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import duckdb

from adapters.ingest.delivered_rows import DeliveredRows
from adapters.ingest.delivery import Delivery, DeliveryRefused
from adapters.ingest.engines.troubles import ClusterFailed
from adapters.ingest.opening import FilesDamaged
from adapters.ingest.problems import Problems
from domain.columns import Content
from domain.delivery import P, Period
from domain.findings import Finding, Severity
from domain.refusal import Refused
from domain.sentence import Text, sentence


class DeliveryChanged(Refused):
    """Files changed while they were being read."""

    def __init__(self, period: Period, names: tuple[str, ...]) -> None:
        super().__init__(
            sentence(
                "{names} changed while {period} was being read; nothing was written. "
                "Run the command again once the delivery is complete.",
                names=", ".join(names),
                period=period,
            )
        )
        self.period = period
        self.names = names


@contextmanager
def naming_files(delivery: Delivery[P]) -> Iterator[dict[Content, DeliveredRows]]:
    """Turn errors about damaged or changed files into refusals that name them.

    Yields a place for the files' rows, which are read again to tell which files are damaged.
    """
    rows: dict[Content, DeliveredRows] = {}
    try:
        yield rows
    except duckdb.OutOfMemoryException:
        raise
    except (FilesDamaged, ClusterFailed, OSError, duckdb.Error) as error:
        _refuse_changed(delivery)
        if findings := _damage(error, rows.values()):
            raise DeliveryRefused(delivery.period, delivery.source, tuple(findings)) from error
        raise
    _refuse_changed(delivery)


def _damage(error: Exception, rows: Iterable[DeliveredRows]) -> list[Finding]:
    """Return the findings about damaged files; none if something else is the reason."""
    if isinstance(error, FilesDamaged):
        return [_finding(each.rule, name, each.text) for name, each in error.problems]
    if not isinstance(error, ClusterFailed | duckdb.Error):
        return []
    return [
        _finding("file_damaged", name, sentence("it cannot be read ({why})", why=why))
        for each in rows
        for name, why in each.damaged()
    ]


def _finding(rule: str, name: str, text: Text) -> Finding:
    return Finding(
        rule, Severity.CRITICAL, sentence("{where}: {what}.", where=name, what=text), 1, name
    )


def _refuse_changed(delivery: Delivery[P]) -> None:
    changed, problems = list[str](), Problems()
    for file in delivery.files:
        with problems.collecting(file.name):
            if file.changed:
                changed.append(file.name)
    if changed:
        raise DeliveryChanged(delivery.period, tuple(changed))
    problems.refuse_if_any(delivery.period, delivery.source)
