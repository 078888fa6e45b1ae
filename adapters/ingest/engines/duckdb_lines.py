"""Settlement lines read by the embedded engine."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from adapters.ingest import questions
from adapters.ingest.delivered_rows import DeliveredRows
from adapters.ingest.key_numbers import KeyNumbers
from adapters.ingest.line_parts import ReadAgain, ReadOnce
from adapters.ingest.questions import LINE_KEY_NUMBER, Check, FileCount, Frame
from adapters.ingest.scanning import Counts, OpenDelivery, as_frame
from adapters.ingest.word_questions import unknown_words
from domain.columns import Content
from domain.profile import UnknownWord


@dataclass(slots=True)
class DuckDBLines:
    """Lines read in parts; what a sound delivery needs of each is kept while it is read."""

    opened: OpenDelivery
    _keys: KeyNumbers = field(init=False)
    _by_file: list[dict[str, FileCount]] = field(default_factory=list)
    _repeated: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, np.uint64))

    def __post_init__(self) -> None:
        self._keys = KeyNumbers.within(self._rows.work)

    def totals(self) -> Frame:
        parts = self._rows.parts(self._keys)
        totals = [self._read(number, part) for number, part in enumerate(parts)]
        if len(totals) == 1:
            return totals[0]
        return self.opened.keep("totals", questions.added_up(totals))

    def by_file(self, totals: Frame) -> dict[str, FileCount]:
        rows, whole = self._rows, questions.whole_total(totals)
        rows.check_complete(whole.lines)
        if not whole.sound:
            checks = self.opened.checks[Content.SETTLEMENTS]
            counts = questions.broken_by_file(rows.whole, checks)
            rows.check_complete(sum(count.rows for count in counts.values()), whole.lines)
            return counts
        if not self._several:
            [file] = self.opened.delivery.of(Content.SETTLEMENTS)
            return {file.name: FileCount(whole.lines, whole.amount_krw)}
        counts = questions.added_by_file(self._by_file)
        if sum(count.rows for count in counts.values()) != whole.lines:
            raise AssertionError("lines by file are not all lines")
        return counts

    def find_repeated(self) -> None:
        self._repeated = self._keys.repeated()

    def repeated_keys(self) -> Frame | None:
        if not self._repeated.size:
            return None
        numbers = self.opened.engine.from_arrow(pa.table({LINE_KEY_NUMBER: self._repeated}))
        return questions.repeated_keys(self._rows.whole, as_frame(numbers))

    def unknown_words(self, check: Check) -> tuple[UnknownWord, ...]:
        return unknown_words(self._rows.whole, check)

    def refusing(self, counts: Counts, sets: Mapping[str, Frame]) -> OpenDelivery:
        return self.opened

    @property
    def _rows(self) -> DeliveredRows:
        return self.opened.rows[Content.SETTLEMENTS]

    @property
    def _several(self) -> bool:
        return len(self.opened.delivery.of(Content.SETTLEMENTS)) > 1

    def _read(self, number: int, part: ReadAgain | ReadOnce) -> Frame:
        """Read a part once; counts by file are kept only if there are several files."""
        checks = self.opened.checks[Content.SETTLEMENTS]
        totals = questions.totals_per_seller(part.rows, checks)
        kept = self.opened.keep(f"totals_{number}", totals)
        part.note_keys()
        if self._several:
            self._by_file.append(part.by_file())
        return kept
