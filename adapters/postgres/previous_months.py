"""Reading earlier months, with which a delivery is compared."""

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from sqlalchemy import Connection, text

from adapters.postgres.bulk import rows_as_csv
from adapters.postgres.revisions import Revision, current_revisions
from adapters.postgres.tables import seller_snapshot
from domain import profile as counted
from domain.columns import Kind
from domain.months import SettlementMonth
from domain.profile import Changes, Past, PastMonth, Violations
from domain.settlement import NORMAL_STORE, SELLER_COLUMNS, SELLER_FLAGS
from domain.written import lookalike_key, rewritten_forms, visible

MONTHS_COMPARED = 3
_EXAMPLES = 3
_DATES_TOLD = 10_000  # more changes usually block the month
_TYPE = {Kind.DATE: pa.date32(), Kind.FLAG: pa.bool_()}
_SCHEMA = pa.schema([(c.name, _TYPE.get(c.kind, pa.string())) for c in SELLER_COLUMNS])
_EMPTY = pa.Table.from_batches([], _SCHEMA)  # another way to make one imports pandas
_KNOWN = pa.schema(
    [("seller_id", pa.string()), ("approved_on", pa.date32()), ("returned", pa.bool_())]
)

# One array of sellers, since PostgreSQL limits the number of parameters.
_ELSEWHERE = text("""
    SELECT seller_id,
           (array_agg(approved_on ORDER BY distance))[1] AS approved_on,
           bool_or(earlier) AS returned
    FROM (SELECT unnest(CAST(:sellers AS text[])) COLLATE "C" AS seller_id) AS sellers
    JOIN growth_points.seller_snapshot USING (seller_id)
    JOIN unnest(CAST(:revisions AS integer[]), CAST(:earlier AS boolean[]))
         WITH ORDINALITY AS other (revision_id, earlier, distance) USING (revision_id)
    GROUP BY seller_id
""")
_WORDS = text("""
    SELECT DISTINCT word ->> 'column' AS column, word ->> 'word' AS word
    FROM growth_points.revision, jsonb_path_query(profile, '$.unknown_words[*]') AS word
""")


@dataclass(frozen=True, slots=True)
class _Beside:
    """A snapshot beside another: the rows of the stores in both, in one order, and all others' ids.

    `new` are in the first alone, `gone` in the second alone, both sorted.
    """

    now: pa.Table
    then: pa.Table
    new: pa.ChunkedArray
    gone: pa.ChunkedArray

    @classmethod
    def of(cls, now: pa.Table, then: pa.Table) -> "_Beside":
        """Look each store of the first up in the second, once."""
        place = pc.index_in(now["seller_id"], then["seller_id"].combine_chunks())
        there, places = place.is_valid(), place.drop_null()
        alone = np.ones(len(then), np.bool_)
        alone[places.to_numpy()] = False
        return cls(
            now.filter(there),
            then.take(places),
            now["seller_id"].filter(pc.invert(there)).sort(),
            then["seller_id"].filter(pa.array(alone)).sort(),
        )


def past_of(connection: Connection, month: SettlementMonth, sellers_file: Path) -> Past:
    """Return the three months before a month, and how its snapshot differs from the last.

    `sellers_file` is the staged snapshot, as Parquet with the canonical columns.
    """
    before = [month - back for back in range(1, MONTHS_COMPARED + 1)]
    revisions = current_revisions(connection, before)
    known = [revisions[each] for each in before if each in revisions]
    months = tuple(PastMonth(r.settlement_month, r.lines, r.amount_krw) for r in known)
    changes = changes_since(connection, month, sellers_file)
    return Past(months, changes, _words_seen(connection))


def _words_seen(connection: Connection) -> frozenset[tuple[str, str]]:
    """Return the unknown words of all revisions, current or not, each with its column."""
    return frozenset((row.column, row.word) for row in connection.execute(_WORDS))


def changes_since(connection: Connection, month: SettlementMonth, sellers_file: Path) -> Changes:
    """Compare a staged snapshot with the last one, and with the revision that it replaces.

    The last one is that of the nearest earlier month. A replaced revision may be what is being
    corrected, so other differences than missing stores are only reported. The program's first month
    is compared with its own revision, a month before it with that first month. Stores that the
    last snapshot lacks are looked up in all others.
    """
    revisions = current_revisions(connection)
    last = _nearest(month, revisions.values())
    if last is None:
        return Changes()
    staged = pyarrow.parquet.read_table(sellers_file).select(_SCHEMA.names).cast(_SCHEMA)
    now = staged.filter(staged["seller_id"].is_valid())  # the gate refuses the others
    then = _snapshot(connection, last.revision_id)
    beside = _Beside.of(now, then)
    others = _others(month, last, revisions.values())
    known = _known(connection, beside.new, last, others)
    own = revisions.get(month, last)
    replaced = _EMPTY if own is last else _snapshot(connection, own.revision_id)
    before = _Beside.of(now, replaced)
    alike = _known(connection, _alike(beside.new, known, then), last, others)["seller_id"]
    former = [*alike.to_pylist(), *before.gone.to_pylist()]
    counts = (*_counts(now, beside, known, former), *_replaced(before))
    return Changes(last.settlement_month, len(then), counts, len(replaced))


def _nearest(month: SettlementMonth, revisions: Iterable[Revision]) -> Revision | None:
    months = {revision.settlement_month: revision for revision in revisions}
    before = [each for each in months if each < month]
    chosen = max(before) if before else min(months, default=None)
    return months[chosen] if chosen is not None else None


def _others(
    month: SettlementMonth, last: Revision, revisions: Iterable[Revision]
) -> list[Revision]:
    """Return all other snapshots: the month's own, earlier ones, nearest first, later ones."""
    others = sorted((r for r in revisions if r != last), key=lambda r: r.settlement_month)
    until_now = [r for r in others if r.settlement_month <= month]
    return [*reversed(until_now), *(r for r in others if r.settlement_month > month)]


def _known(
    connection: Connection, new: pa.ChunkedArray, last: Revision, others: list[Revision]
) -> pa.Table:
    """Look up sellers in the other snapshots; one from before the last snapshot has returned."""
    given = {
        "sellers": new.to_pylist(),
        "revisions": [r.revision_id for r in others],
        "earlier": [r.settlement_month < last.settlement_month for r in others],
    }
    found = connection.execute(_ELSEWHERE, given).mappings() if len(new) else ()
    return pa.Table.from_pylist(list(map(dict, found)), _KNOWN).sort_by("seller_id")


def _counts(
    now: pa.Table, last: _Beside, known: pa.Table, former: list[str]
) -> Iterator[Violations]:
    """Count each of `COMPARED`, beside the last snapshot and what others know of its new stores."""
    shared, same = last.now, last.then
    yield _sellers(counted.VANISHED_SELLER, last.gone)
    yield _sellers(counted.RETURNED_SELLER, known["seller_id"].filter(known["returned"]))
    yield _sellers(counted.JOINED_SELLER, last.new)
    yield _rewritten(last.new, [*former, *last.gone.to_pylist()])
    yield _moved(_dates(last), _dates(_Beside.of(now, known)))
    now_normal, then_normal = (pc.equal(each["status"], NORMAL_STORE) for each in (shared, same))
    yield _changed(counted.CHANGED_STATUS, shared, pc.not_equal(now_normal, then_normal))
    for flag in SELLER_FLAGS:
        yield _changed(counted.CHANGED_FLAG[flag], shared, pc.not_equal(shared[flag], same[flag]))


def _replaced(before: _Beside) -> Iterator[Violations]:
    """Count each of `REPLACED`, beside the revision that is replaced."""
    differs = [pc.not_equal(before.now[name], before.then[name]) for name in _SCHEMA.names]
    yield _sellers(counted.WITHDRAWN_SELLER, before.gone)
    yield _changed(counted.RESTATED_SELLER, before.now, reduce(pc.or_kleene, differs))


def _sellers(rule: str, sellers: pa.ChunkedArray) -> Violations:
    few = sellers.slice(0, _EXAMPLES).to_pylist()
    return Violations(rule, len(sellers), (), tuple(map(visible, few)))


def _changed(rule: str, shared: pa.Table, changed: pa.ChunkedArray) -> Violations:
    return _sellers(rule, shared["seller_id"].filter(changed).sort())


def _alike(new: pa.ChunkedArray, known: pa.Table, then: pa.Table) -> pa.ChunkedArray:
    """Return the former ids that new stores may have had with other leading zeros."""
    padded = then["seller_id"].filter(pc.starts_with(then["seller_id"], "0"))
    lengths = pc.utf8_length(padded).unique().to_pylist()
    fresh = set(new.to_pylist()) - set(known["seller_id"].to_pylist())
    alike = set().union(*(rewritten_forms(each, lengths) for each in fresh))
    return pa.chunked_array([pa.array(sorted(alike), pa.string())])


def _rewritten(new: pa.ChunkedArray, former: list[str]) -> Violations:
    """Find stores whose former id has the same `lookalike_key`."""
    before: Mapping[str, str] = {lookalike_key(each): each for each in former}
    pairs = [(each, before.get(lookalike_key(each), each)) for each in new.to_pylist()]
    shown = [f"{visible(now)} (was {visible(then)})" for now, then in pairs if then != now]
    return Violations(counted.REWRITTEN_SELLER, len(shown), (), tuple(shown[:_EXAMPLES]))


def _dates(beside: _Beside) -> pa.Table:
    """Return the stores whose approval date changed, with both dates."""
    now, then = beside.now, beside.then
    both = pa.table(
        [now["seller_id"], then["approved_on"], now["approved_on"]], ("seller_id", "from", "to")
    )
    return both.filter(pc.not_equal(both["from"], both["to"]))


def _moved(*dates: pa.Table) -> Violations:
    """Count the stores whose approval date changed, with both dates as examples, up to a limit."""
    moved = pa.concat_tables(dates).sort_by("seller_id")
    shown = tuple(
        f"{visible(row['seller_id'])} (from {row['from']} to {row['to']})"
        for row in moved.slice(0, _DATES_TOLD).to_pylist()
    )
    return Violations(counted.MOVED_APPROVAL, len(moved), (), shown)


def _snapshot(connection: Connection, revision_id: int) -> pa.Table:
    """Read a revision's snapshot, ordered by seller."""
    return pyarrow.csv.read_csv(
        io.BytesIO(rows_as_csv(connection, seller_snapshot, revision_id)),
        pyarrow.csv.ReadOptions(column_names=_SCHEMA.names),
        pyarrow.csv.ParseOptions(newlines_in_values=True),
        pyarrow.csv.ConvertOptions(column_types=_SCHEMA),
    )
