"""What a scan found in a delivery, whatever its rows are: totals, and violations of each rule."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adapters.ingest import questions
from adapters.ingest.delivery import DeliveredFile
from adapters.ingest.quarantine import rows_breaking
from adapters.ingest.questions import FileCount
from adapters.ingest.scanning import SETS, UNREADABLE, Counts, OpenDelivery
from domain import profile as counted
from domain.columns import Content
from domain.delivery import SUMMED
from domain.profile import FileTotals, Violations

# A snapshot has none: each of its rows is looked for by its store.
_CONTINUED: Final = {
    Content.SETTLEMENTS: counted.CONTINUED_LINE,
    Content.REWARDS: counted.CONTINUED_ENTRY,
}
_SHEETS_NAMED = 10


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan found in a delivery.

    `counts` are those of each file; `refused` is the file of refused rows, None if none is refused.
    """

    opened: OpenDelivery
    counts: Counts
    refused: Path | None

    def violations(self) -> Iterator[Violations]:
        """Yield the violations of the rules for rows, and of those that any delivery can break."""
        for content in self.opened.rows:
            yield from self._row_violations(content)
        for content in self.opened.rows:
            yield from self._set_violations(content)
        for content in self.opened.rows:
            yield self._unreadable(content)
        for content in self.opened.rows.keys() & _CONTINUED.keys():
            yield self._continued(content)
        yield self._sheets_not_read()

    def _row_violations(self, content: Content) -> Iterator[Violations]:
        files = sorted(self.counts[content].items())
        for check in self.opened.checks[content]:
            by_file = tuple((name, file.breaking(check.name)) for name, file in files)
            by_file = tuple((name, count) for name, count in by_file if count)
            examples: tuple[str, ...] = ()
            if by_file:
                breaking = self.opened.rows[content].whole.filter(questions.broken(check))
                examples = questions.examples(breaking, check.shows)
            yield Violations(check.name, sum(count for _, count in by_file), by_file, examples)

    def _set_violations(self, content: Content) -> Iterator[Violations]:
        for rule, shows in SETS[content].items():
            if self.refused is None:
                yield Violations(rule)
            else:
                breaking = rows_breaking(self.opened.engine, self.refused, rule)
                yield questions.violations(rule, breaking, shows)

    def _unreadable(self, content: Content) -> Violations:
        rows = self.opened.rows[content].rejected
        by_file = rows.aggregate("file, count(*)").order("file").fetchall()
        few = rows.order("file, row").limit(3).fetchall() if by_file else []
        examples = tuple(f"{name} row {row} ({why})" for name, row, why in few)
        count = sum(count for _, count in by_file)
        return Violations(UNREADABLE[content], count, tuple(by_file), examples)

    def _continued(self, content: Content) -> Violations:
        rows = {name: count.rows for name, count in self.counts[content].items()}
        by_file = tuple(self.opened.rows[content].continuation_lines(rows))
        return Violations(_CONTINUED[content], sum(count for _, count in by_file), by_file)

    def _sheets_not_read(self) -> Violations:
        unread = [(file.name, file.contents.not_read) for file in self.opened.delivery.files]
        by_file = tuple((name, len(sheets)) for name, sheets in unread if sheets)
        names = tuple(f"{name}/{sheet}" for name, sheets in unread for sheet in sheets)
        return Violations(counted.SHEET_NOT_READ, len(names), by_file, names[:_SHEETS_NAMED])

    def files(self) -> tuple[FileTotals, ...]:
        """Return the totals of each file."""
        files = self.opened.delivery.files
        named = {name for file in files for name in _names_in(file)}
        if strange := set().union(*self.counts.values()) - named:
            raise AssertionError(f"rows of files that were not delivered: {sorted(strange)}")
        return tuple(self._totals_of(file) for file in files)

    def _totals_of(self, file: DeliveredFile) -> FileTotals:
        counts = self.counts[file.content]
        found = sum((counts[name] for name in _names_in(file) if name in counts), FileCount())
        return FileTotals(
            name=file.name,
            content=file.content,
            sha256=file.sha256,
            rows=found.rows,
            total=found.total if file.content in SUMMED else None,
            declared=file.declared,
        )


def _names_in(file: DeliveredFile) -> set[str]:
    """Return the names under which a file's rows are counted: its own, or those of its sheets."""
    return {file.name, *(part.name for part in file.parts)}
