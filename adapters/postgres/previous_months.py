"""What was taken in before a month, to hold its delivery against."""

import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from sqlalchemy import Connection, select

from adapters.postgres.bulk import rows_as_csv
from adapters.postgres.revisions import Revision, current_revisions
from adapters.postgres.tables import seller_snapshot
from adapters.postgres.unknown_words import words_seen
from domain import profile as counted
from domain.months import SettlementMonth
from domain.profile import Changes, Past, PastMonth, Violations
from domain.settlement import NORMAL_STORE, SELLER_COLUMNS, SELLER_FLAGS, Kind
from domain.written import lookalike_key, visible

MONTHS_COMPARED = 3
# A store whose tenure began a year ago can earn nothing any more, so nobody gains by its return.
_MONTHS_TO_RETURN = 12
_EXAMPLES = 3
_DATES_TOLD = 20
_TYPE = {Kind.DATE: pa.date32(), Kind.FLAG: pa.bool_()}
_SCHEMA = pa.schema([(c.name, _TYPE.get(c.kind, pa.string())) for c in SELLER_COLUMNS])


def past_of(connection: Connection, month: SettlementMonth, sellers_file: Path) -> Past:
    """Describe the three months before a month, and how its snapshot differs from the last.

    `sellers_file` is the snapshot that was staged for it, as Parquet with the canonical columns.
    """
    before = [month - back for back in range(1, MONTHS_COMPARED + 1)]
    revisions = current_revisions(connection, before)
    known = [revisions[each] for each in before if each in revisions]
    months = tuple(PastMonth(r.settlement_month, r.lines, r.amount_krw) for r in known)
    changes = changes_since(connection, month, sellers_file)
    return Past(months, changes, words_seen(connection))


def changes_since(connection: Connection, month: SettlementMonth, sellers_file: Path) -> Changes:
    """Compare a staged snapshot with the last one that was taken in.

    That is the one of the nearest month before, also for a month that is delivered again: its own
    revision may be what is being corrected. The program's first month is held against its own, one
    from before it against that.
    """
    revisions = current_revisions(connection)
    last = _nearest(month, revisions.values())
    if last is None:
        return Changes()
    staged = pyarrow.parquet.read_table(sellers_file).select(_SCHEMA.names).cast(_SCHEMA)
    now = staged.filter(staged["seller_id"].is_valid())  # the gate refuses the others
    then = _snapshot(connection, last.revision_id)
    since, until = last.settlement_month - _MONTHS_TO_RETURN, last.settlement_month
    earlier = [r.revision_id for m, r in revisions.items() if since <= m < until]
    counts = _counts(connection, now, then, earlier)
    return Changes(last.settlement_month, len(then), tuple(counts))


def _nearest(month: SettlementMonth, revisions: Iterable[Revision]) -> Revision | None:
    months = {revision.settlement_month: revision for revision in revisions}
    before = [each for each in months if each < month]
    chosen = max(before) if before else min(months, default=None)
    return months[chosen] if chosen is not None else None


def _counts(
    connection: Connection, now: pa.Table, then: pa.Table, earlier: list[int]
) -> Iterator[Violations]:
    """Count each of `COMPARED`."""
    place = pc.index_in(now["seller_id"], then["seller_id"].combine_chunks())
    shared, new = now.filter(place.is_valid()), now["seller_id"].filter(place.is_null()).sort()
    same = then.take(place.drop_null())
    left = np.ones(len(then), np.bool_)
    left[place.drop_null()] = False
    gone = then["seller_id"].filter(pa.array(left)).sort()
    yield _sellers(counted.VANISHED_SELLER, gone)
    yield _sellers(counted.RETURNED_SELLER, _known(connection, new, earlier))
    yield _sellers(counted.JOINED_SELLER, new)
    yield _rewritten(new, gone)
    yield _moved(shared, same)
    now_normal, then_normal = (pc.equal(each["status"], NORMAL_STORE) for each in (shared, same))
    yield _changed(counted.CHANGED_STATUS, shared, pc.not_equal(now_normal, then_normal))
    for flag in SELLER_FLAGS:
        yield _changed(counted.CHANGED_FLAG[flag], shared, pc.not_equal(shared[flag], same[flag]))


def _sellers(rule: str, sellers: pa.ChunkedArray) -> Violations:
    few = sellers.slice(0, _EXAMPLES).to_pylist()
    return Violations(rule, len(sellers), (), tuple(map(visible, few)))


def _changed(rule: str, shared: pa.Table, changed: pa.ChunkedArray) -> Violations:
    return _sellers(rule, shared["seller_id"].filter(changed).sort())


def _rewritten(new: pa.ChunkedArray, gone: pa.ChunkedArray) -> Violations:
    """Find stores that have another id now, by what a spreadsheet or a data frame does to ids."""
    before: Mapping[str, str] = {lookalike_key(each): each for each in gone.to_pylist()}
    pairs = [(each, before.get(lookalike_key(each))) for each in new.to_pylist()]
    shown = [f"{visible(now)} (was {visible(then)})" for now, then in pairs if then is not None]
    return Violations(counted.REWRITTEN_SELLER, len(shown), (), tuple(shown[:_EXAMPLES]))


def _moved(shared: pa.Table, same: pa.Table) -> Violations:
    """Find stores with another approval date, and tell both dates of each, up to a number."""
    moved = pc.not_equal(shared["approved_on"], same["approved_on"])
    now, then = shared.filter(moved), same["approved_on"].filter(moved)
    told = now.append_column("before", then).sort_by("seller_id").slice(0, _DATES_TOLD)
    shown = tuple(
        f"{visible(row['seller_id'])} (from {row['before']} to {row['approved_on']})"
        for row in told.to_pylist()
    )
    return Violations(counted.MOVED_APPROVAL, len(now), (), shown)


def _known(connection: Connection, new: pa.ChunkedArray, earlier: list[int]) -> pa.ChunkedArray:
    """Keep the sellers that any of the earlier revisions had."""
    column = seller_snapshot.c.seller_id
    had = select(column).where(
        seller_snapshot.c.revision_id.in_(earlier), column.in_(new.to_pylist())
    )
    found = connection.scalars(had.distinct().order_by(column)).all() if len(new) else []
    return pa.chunked_array([pa.array(found, pa.string())])


def _snapshot(connection: Connection, revision_id: int) -> pa.Table:
    """Read a revision's snapshot as columns, in the order of sellers."""
    return pyarrow.csv.read_csv(
        io.BytesIO(rows_as_csv(connection, seller_snapshot, revision_id)),
        pyarrow.csv.ReadOptions(column_names=_SCHEMA.names),
        pyarrow.csv.ParseOptions(newlines_in_values=True),
        pyarrow.csv.ConvertOptions(column_types=_SCHEMA),
    )
