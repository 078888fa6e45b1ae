"""The scan: one delivery in, its profile, its totals per seller and its refused lines out.

Nothing here judges: the profile says how often each rule is broken, and the gate what that means.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import narwhals as nw

from adapters import scan
from adapters.delivery import Delivery, DeliveryRefused
from adapters.engine import MEMORY_LIMIT_MB, literal, open_engine
from adapters.quarantine import broken_in, write_quarantine
from adapters.scan import Check, FileCount, Frame
from adapters.settlement_lines import DeliveredRows, FilesDamaged, open_files
from domain import profile as counted
from domain.findings import Finding, Severity
from domain.months import SettlementMonth
from domain.profile import FileTotals, Profile, Violations
from domain.refusal import Refused
from domain.settlement import SELLER_COLUMNS, Content

_Counts = Mapping[Content, Mapping[str, FileCount]]
_UNREADABLE = {
    Content.SETTLEMENTS: counted.UNREADABLE_LINE,
    Content.SELLERS: counted.UNREADABLE_SELLER,
}


class DeliveryChanged(Refused):
    """Files that changed while they were being read."""

    def __init__(self, month: SettlementMonth, names: tuple[str, ...]) -> None:
        super().__init__(
            f"{', '.join(names)} changed while {month} was being read; nothing was written. "
            "Run the command again once the delivery is complete."
        )
        self.month = month
        self.names = names


@dataclass(frozen=True, slots=True)
class StagedMonth:
    """A delivery that was read and waits to be judged and accepted.

    `directory` holds `totals.parquet` (seller_id text, line_type text, lines bigint, amount_krw
    bigint; sorted by the first two) and `sellers.parquet` (the canonical snapshot columns; sorted
    by seller_id). Both may be accepted only if no finding about the profile is critical.
    `quarantine` is the file of refused lines, None when no line is refused.
    """

    settlement_month: SettlementMonth
    content_hash: str
    source: str
    directory: Path
    quarantine: Path | None
    profile: Profile

    @property
    def totals(self) -> Path:
        """The file of totals per seller and line type."""
        return self.directory / "totals.parquet"

    @property
    def sellers(self) -> Path:
        """The file of the seller snapshot."""
        return self.directory / "sellers.parquet"


def scan_delivery(
    delivery: Delivery,
    line_checks: Sequence[Check],
    snapshot_checks: Sequence[Check],
    staging: Path,
    quarantine: Path,
    memory_limit_mb: int = MEMORY_LIMIT_MB,
) -> StagedMonth:
    """Read a delivery into `staging`, and the lines that it refuses into `quarantine`.

    Both folders are made when missing. Raises DeliveryRefused for a file whose content turns out
    to be damaged, and DeliveryChanged for one that changed meanwhile.
    """
    work = staging / "work"
    work.mkdir(parents=True, exist_ok=True)
    checks = {Content.SETTLEMENTS: line_checks, Content.SELLERS: snapshot_checks}
    try:
        with open_engine(work / "spill", memory_limit_mb) as engine:
            rows = _opened(delivery, engine, work)
            with _blaming(delivery, rows):
                return _Scan(engine, delivery, checks, rows).run(staging, quarantine)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _opened(
    delivery: Delivery, engine: duckdb.DuckDBPyConnection, work: Path
) -> dict[Content, DeliveredRows]:
    try:
        return {c: open_files(engine, delivery.of(c), work) for c in Content}
    except (FilesDamaged, OSError) as damage:
        _refuse_changed(delivery)
        if isinstance(damage, OSError):
            raise
        findings = [_finding(p.rule, name, p.sentence) for name, p in damage.problems]
        raise _refused(delivery, findings) from damage


@contextmanager
def _blaming(delivery: Delivery, rows: Mapping[Content, DeliveredRows]) -> Iterator[None]:
    """Turn the engine's failure on a damaged or changed file into a refusal that names it."""
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        _refuse_changed(delivery)
        findings = [
            _finding("file_damaged", name, f"it cannot be read ({why})")
            for content in Content
            for name, why in rows[content].damaged()
        ]
        if not findings:
            raise
        raise _refused(delivery, findings) from error
    _refuse_changed(delivery)


def _finding(rule: str, name: str, sentence: str) -> Finding:
    return Finding(rule, Severity.CRITICAL, f"{name}: {sentence}.", 1, name)


def _refused(delivery: Delivery, findings: Sequence[Finding]) -> DeliveryRefused:
    return DeliveryRefused(delivery.settlement_month, delivery.source, tuple(findings))


def _refuse_changed(delivery: Delivery) -> None:
    changed = tuple(file.name for file in delivery.files if file.changed)
    if changed:
        raise DeliveryChanged(delivery.settlement_month, changed)


def _frame(relation: duckdb.DuckDBPyRelation) -> Frame:
    return nw.from_native(relation).lazy()


@dataclass(frozen=True, slots=True)
class _Sets:
    """Keys that several lines have, and sellers with lines that the snapshot does not have."""

    duplicates: Frame | None
    unknown: Frame | None

    @property
    def found(self) -> bool:
        return self.duplicates is not None or self.unknown is not None


@dataclass(frozen=True, slots=True)
class _Scan:
    """A delivery's rows in the engine, and the passes over them."""

    engine: duckdb.DuckDBPyConnection
    delivery: Delivery
    checks: Mapping[Content, Sequence[Check]]
    rows: Mapping[Content, DeliveredRows]

    def run(self, staging: Path, quarantine: Path) -> StagedMonth:
        """Ask the delivery one question after another, and write what leaves the scan."""
        sketch = self.rows[Content.SETTLEMENTS].sketch(self.checks[Content.SETTLEMENTS])
        counts = {Content.SETTLEMENTS: self._line_counts(sketch)}
        counts[Content.SELLERS] = self._seller_counts()
        totals = self._keep("totals", scan.totals_per_seller(sketch))
        sets = self._sets(sketch, totals)
        refused, by_set = self._refuse(sets, counts[Content.SETTLEMENTS], quarantine)
        by_row = [found for c in Content for found in self._row_violations(c, counts[c])]
        by_seller = self._seller_violations(totals)
        violations = (*by_row, *by_set, self._sellers_twice(), *by_seller, *self._unreadable())
        month = self.delivery.settlement_month
        staged = StagedMonth(
            settlement_month=month,
            content_hash=self.delivery.content_hash,
            source=self.delivery.source,
            directory=staging,
            quarantine=refused,
            profile=Profile(month, self._files(counts), violations),
        )
        self._write(staged)
        return staged

    def _line_counts(self, sketch: Frame) -> dict[str, FileCount]:
        sound = scan.totals_by_file(sketch.filter(nw.col("sound")))
        if sum(count.rows for count in sound.values()) == scan.row_count(sketch):
            return sound
        checks = self.checks[Content.SETTLEMENTS]
        return scan.broken_by_file(self.rows[Content.SETTLEMENTS].whole, checks)

    def _seller_counts(self) -> dict[str, FileCount]:
        return scan.count_by_file(self.rows[Content.SELLERS].whole, self.checks[Content.SELLERS])

    def _keep(self, name: str, frame: Frame) -> Frame:
        """Hold an intermediate result in the engine, where it may spill."""
        frame.to_native().create(name)
        return _frame(self.engine.table(name))

    def _sets(self, sketch: Frame, totals: Frame) -> "_Sets":
        """Find what only all lines together show: repeated keys, and sellers nobody knows."""
        repeated = self._keep("repeated_numbers", scan.repeated_numbers(sketch))
        duplicates = None
        if self._holds("repeated_numbers"):
            lines = self.rows[Content.SETTLEMENTS].whole
            duplicates = self._keep("duplicates", scan.repeated_keys(lines, repeated))
            duplicates = duplicates if self._holds("duplicates") else None
        sellers = self.rows[Content.SELLERS].whole
        unknown = self._keep("unknown_sellers", scan.unknown_sellers(totals, sellers))
        return _Sets(duplicates, unknown if self._holds("unknown_sellers") else None)

    def _refuse(
        self, sets: "_Sets", counts: Mapping[str, FileCount], folder: Path
    ) -> tuple[Path | None, list[Violations]]:
        """Quarantine the lines to be refused, and count those that only all lines together show."""
        checks = self.checks[Content.SETTLEMENTS]
        refuses = any(
            f.breaking(check.name) for f in counts.values() for check in checks if check.refuses
        )
        rows = self.rows[Content.SETTLEMENTS]
        if not (refuses or sets.found or rows.rejected.limit(1).fetchall()):
            return None, [Violations(counted.DUPLICATE_LINE), Violations(counted.UNKNOWN_SELLER)]
        lines, rejected = rows.whole, rows.rejected
        refused = scan.refused_lines(lines, checks, sets.duplicates, sets.unknown)
        path = write_quarantine(refused.to_native(), rejected, folder)
        shown = {counted.DUPLICATE_LINE: "product_order_id", counted.UNKNOWN_SELLER: "seller_id"}
        broken = {rule: broken_in(self.engine, path, rule) for rule in shown}
        return path, [scan.violations(rule, broken[rule], shown[rule]) for rule in shown]

    def _holds(self, table: str) -> bool:
        return bool(self.engine.table(table).limit(1).fetchall())

    def _row_violations(
        self, content: Content, counts: Mapping[str, FileCount]
    ) -> Iterator[Violations]:
        for check in self.checks[content]:
            by_file = tuple((name, f.breaking(check.name)) for name, f in sorted(counts.items()))
            by_file = tuple((name, count) for name, count in by_file if count)
            examples: tuple[str, ...] = ()
            if by_file:
                breaking = self.rows[content].whole.filter(scan.broken(check))
                examples = scan.examples(breaking, check.shows)
            yield Violations(check.name, sum(count for _, count in by_file), by_file, examples)

    def _sellers_twice(self) -> Violations:
        sellers = self.rows[Content.SELLERS].whole
        twice = self._keep("sellers_twice", scan.repeated_sellers(sellers))
        if not self._holds("sellers_twice"):
            return Violations(counted.SELLER_TWICE)
        rows = sellers.join(twice, on="seller_id", how="semi")
        return scan.violations(counted.SELLER_TWICE, rows, "seller_id")

    def _seller_violations(self, totals: Frame) -> Iterator[Violations]:
        known = self.rows[Content.SELLERS].whole
        for rule, sellers in (
            (counted.NEGATIVE_SELLER, scan.negative_sellers(totals)),
            (counted.EARLY_SALE, scan.early_sellers(totals, known)),
        ):
            yield scan.seller_violations(rule, sellers)

    def _unreadable(self) -> Iterator[Violations]:
        for content, rule in _UNREADABLE.items():
            names = [file.name for file in self.delivery.of(content)]
            rows = self.rows[content].rejected.order("file, line").fetchall()
            by_file = tuple((n, sum(row[0] == n for row in rows)) for n in names)
            examples = tuple(f"{name} line {line} ({why})" for name, line, why in rows[:3])
            with_any = tuple((name, count) for name, count in by_file if count)
            yield Violations(rule, len(rows), with_any, examples)

    def _files(self, counts: _Counts) -> tuple[FileTotals, ...]:
        return tuple(
            FileTotals(
                name=file.name,
                content=file.content,
                sha256=file.sha256,
                rows=found.rows,
                amount_krw=found.amount_krw if file.content is Content.SETTLEMENTS else None,
                declared=file.declared,
            )
            for file in self.delivery.files
            for found in [counts[file.content].get(file.name, FileCount())]
        )

    def _write(self, staged: StagedMonth) -> None:
        # A sum beyond bigint has a critical finding already; it must not stop the report.
        self.engine.execute(
            "COPY (SELECT seller_id, line_type, lines, "
            "TRY_CAST(amount_krw AS BIGINT) AS amount_krw FROM totals ORDER BY 1, 2) "
            f"TO {literal(str(staged.totals))} (FORMAT parquet)"
        )
        columns = scan.canonical(SELLER_COLUMNS)
        sellers = self.rows[Content.SELLERS].whole.select(*columns).sort("seller_id")
        sellers.to_native().write_parquet(str(staged.sellers))
