"""The profile of a scanned month: what any delivery has, and what its sellers and words add."""

from collections.abc import Iterator
from dataclasses import dataclass

from adapters.ingest import questions, seller_questions
from adapters.ingest.engines.lines import Lines
from adapters.ingest.questions import Check, Frame
from adapters.ingest.scanned import Scanned
from adapters.ingest.word_questions import counts_nothing, unknown_words
from domain import profile as counted
from domain.columns import Content
from domain.profile import Profile, UnknownWord, Violations
from domain.settlement import LINE_TYPES, NORMAL_STORE, PRODUCT_LINE, STATUSES


@dataclass(frozen=True, slots=True)
class ScannedMonth:
    """What a scan found in a month's delivery.

    `totals` are those per seller and line type, `sellers` those per seller, with its approval.
    """

    scanned: Scanned
    lines: Lines
    totals: Frame
    sellers: Frame

    def profile(self) -> Profile:
        """Profile the delivery."""
        return Profile(
            self.scanned.opened.delivery.period,
            self.scanned.files(),
            (*self.scanned.violations(), *self._seller_violations(), *self._idle()),
            unknown_words=tuple(self._unknown_words()),
        )

    def _seller_violations(self) -> Iterator[Violations]:
        for rule, found in {
            counted.NEGATIVE_SELLER: seller_questions.negative_sellers(self.sellers),
            counted.LARGE_SELLER: seller_questions.large_sellers(self.totals),
            counted.EARLY_SALE: seller_questions.early_sellers(self.sellers),
            counted.LOST_ZEROS: seller_questions.sellers_without_zeros(self.totals),
            counted.ROUNDED_ORDERS: seller_questions.rounded_sellers(self.totals),
        }.items():
            yield seller_questions.seller_violations(rule, found)

    def _idle(self) -> Iterator[Violations]:
        """Yield violations for all lines if none would count, all stores if none could earn."""
        sellers = self.scanned.opened.rows[Content.SELLERS].whole
        lines = questions.whole_total(self.totals).lines
        no_lines = counts_nothing(self.totals, "line_type", PRODUCT_LINE, (*LINE_TYPES,))
        yield Violations(counted.OTHER_LINE, lines if no_lines else 0)
        no_store = counts_nothing(sellers, "status", NORMAL_STORE, (*STATUSES,))
        yield Violations(counted.IDLE_STORE, questions.row_count(sellers) if no_store else 0)

    def _unknown_words(self) -> Iterator[UnknownWord]:
        opened = self.scanned.opened
        for content, files in self.scanned.counts.items():
            for check in opened.checks[content]:
                of_words = check.name in counted.UNKNOWN_WORD.values()
                if of_words and any(file.breaking(check.name) for file in files.values()):
                    yield from self._unknown_words_of(content, check)

    def _unknown_words_of(self, content: Content, check: Check) -> tuple[UnknownWord, ...]:
        if content is Content.SETTLEMENTS:
            return self.lines.unknown_words(check)
        return unknown_words(self.scanned.opened.rows[content].whole, check)
