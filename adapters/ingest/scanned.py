"""The profile of a scanned delivery: the violations of each rule, unknown words and totals."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from adapters.ingest import questions, seller_questions
from adapters.ingest.delivered_rows import DeliveredRows
from adapters.ingest.delivery import DeliveredFile, Delivery
from adapters.ingest.quarantine import rows_breaking
from adapters.ingest.questions import Check, FileCount, Frame
from domain import profile as counted
from domain.profile import FileTotals, Profile, UnknownWord, Violations
from domain.settlement import LINE_TYPES, NORMAL_STORE, PRODUCT_LINE, STATUSES, Content

Counts = Mapping[Content, Mapping[str, FileCount]]

# The rules over the whole delivery, each with the column to show in examples.
SETS: Final = {
    Content.SETTLEMENTS: {
        counted.DUPLICATE_LINE: "product_order_id",
        counted.UNKNOWN_SELLER: "seller_id",
    },
    Content.SELLERS: {
        counted.SELLER_TWICE: "seller_id",
        counted.SELLER_LOOKALIKE: "seller_id",
    },
}
UNREADABLE: Final = {
    Content.SETTLEMENTS: counted.UNREADABLE_LINE,
    Content.SELLERS: counted.UNREADABLE_SELLER,
}
_SHEETS_NAMED = 10


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan found in a delivery.

    `counts` are those of each file, `totals` those per seller and line type, `sellers` those per
    seller, with its approval. `refused` is the file of refused rows, None if none is refused.
    """

    engine: duckdb.DuckDBPyConnection
    delivery: Delivery
    checks: Mapping[Content, Sequence[Check]]
    rows: Mapping[Content, DeliveredRows]
    counts: Counts
    totals: Frame
    sellers: Frame
    refused: Path | None

    def profile(self) -> Profile:
        """Profile the delivery."""
        return Profile(
            self.delivery.settlement_month,
            self._files(),
            tuple(self._violations()),
            unknown_words=tuple(self._unknown_words()),
        )

    def _violations(self) -> Iterator[Violations]:
        for content in Content:
            yield from self._row_violations(content)
        yield from self._set_violations()
        yield from self._seller_violations()
        yield from self._unreadable()
        yield self._continued()
        yield self._sheets_not_read()
        yield from self._idle()

    def _row_violations(self, content: Content) -> Iterator[Violations]:
        files = sorted(self.counts[content].items())
        for check in self.checks[content]:
            by_file = tuple((name, file.breaking(check.name)) for name, file in files)
            by_file = tuple((name, count) for name, count in by_file if count)
            examples: tuple[str, ...] = ()
            if by_file:
                breaking = self.rows[content].whole.filter(questions.broken(check))
                examples = questions.examples(breaking, check.shows)
            yield Violations(check.name, sum(count for _, count in by_file), by_file, examples)

    def _set_violations(self) -> Iterator[Violations]:
        for rules in SETS.values():
            for rule, shows in rules.items():
                if self.refused is None:
                    yield Violations(rule)
                else:
                    breaking = rows_breaking(self.engine, self.refused, rule)
                    yield questions.violations(rule, breaking, shows)

    def _seller_violations(self) -> Iterator[Violations]:
        for rule, found in {
            counted.NEGATIVE_SELLER: seller_questions.negative_sellers(self.sellers),
            counted.LARGE_SELLER: seller_questions.large_sellers(self.totals),
            counted.EARLY_SALE: seller_questions.early_sellers(self.sellers),
            counted.LOST_ZEROS: seller_questions.sellers_without_zeros(self.totals),
            counted.ROUNDED_ORDERS: seller_questions.rounded_sellers(self.totals),
        }.items():
            yield seller_questions.seller_violations(rule, found)

    def _unreadable(self) -> Iterator[Violations]:
        for content, rule in UNREADABLE.items():
            rows = self.rows[content].rejected
            by_file = rows.aggregate("file, count(*)").order("file").fetchall()
            few = rows.order("file, row").limit(3).fetchall() if by_file else []
            examples = tuple(f"{name} row {row} ({why})" for name, row, why in few)
            yield Violations(rule, sum(count for _, count in by_file), tuple(by_file), examples)

    def _continued(self) -> Violations:
        counts = self.counts[Content.SETTLEMENTS]
        rows = {name: count.rows for name, count in counts.items()}
        by_file = tuple(self.rows[Content.SETTLEMENTS].continuation_lines(rows))
        return Violations(counted.CONTINUED_LINE, sum(count for _, count in by_file), by_file)

    def _sheets_not_read(self) -> Violations:
        unread = [(file.name, file.contents.not_read) for file in self.delivery.files]
        by_file = tuple((name, len(sheets)) for name, sheets in unread if sheets)
        names = tuple(f"{name}/{sheet}" for name, sheets in unread for sheet in sheets)
        return Violations(counted.SHEET_NOT_READ, len(names), by_file, names[:_SHEETS_NAMED])

    def _idle(self) -> Iterator[Violations]:
        """Yield violations for all lines if none would count, all stores if none could earn."""
        sellers = self.rows[Content.SELLERS].whole
        lines = questions.whole_total(self.totals).lines
        no_lines = questions.counts_nothing(self.totals, "line_type", PRODUCT_LINE, (*LINE_TYPES,))
        yield Violations(counted.OTHER_LINE, lines if no_lines else 0)
        no_store = questions.counts_nothing(sellers, "status", NORMAL_STORE, (*STATUSES,))
        yield Violations(counted.IDLE_STORE, questions.row_count(sellers) if no_store else 0)

    def _unknown_words(self) -> Iterator[UnknownWord]:
        for content, files in self.counts.items():
            for check in self.checks[content]:
                of_words = check.name in counted.UNKNOWN_WORD.values()
                if of_words and any(file.breaking(check.name) for file in files.values()):
                    yield from questions.unknown_words(self.rows[content].whole, check)

    def _files(self) -> tuple[FileTotals, ...]:
        named = {name for file in self.delivery.files for name in _names_in(file)}
        if strange := set().union(*self.counts.values()) - named:
            raise AssertionError(f"rows of files that were not delivered: {sorted(strange)}")
        return tuple(self._totals_of(file) for file in self.delivery.files)

    def _totals_of(self, file: DeliveredFile) -> FileTotals:
        counts = self.counts[file.content]
        found = sum((counts[name] for name in _names_in(file) if name in counts), FileCount())
        return FileTotals(
            name=file.name,
            content=file.content,
            sha256=file.sha256,
            rows=found.rows,
            amount_krw=found.amount_krw if file.content is Content.SETTLEMENTS else None,
            declared=file.declared,
        )


def _names_in(file: DeliveredFile) -> set[str]:
    """Return the names under which a file's rows are counted: its own, or those of its sheets."""
    return {file.name, *(part.name for part in file.parts)}
