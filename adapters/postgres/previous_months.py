"""What was taken in before a month, to hold its delivery against."""

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from sqlalchemy import Connection

from adapters.postgres.revisions import current_revisions
from domain.months import SettlementMonth
from domain.profile import VANISHED_SELLER, Past, PastMonth, Violations

MONTHS_COMPARED = 3
_EXAMPLES = 3


def past_of(connection: Connection, month: SettlementMonth, sellers_file: Path) -> Past:
    """Describe the three months before a month, as far as they were taken in.

    `sellers_file` is the snapshot that was staged for it, as Parquet with a column `seller_id`.
    """
    before = [month - back for back in range(1, MONTHS_COMPARED + 1)]
    revisions = current_revisions(connection, before)
    known = [revisions[each] for each in before if each in revisions]
    months = tuple(PastMonth(r.settlement_month, r.lines, r.amount_krw) for r in known)
    if before[0] not in revisions:
        return Past(months)
    now = pyarrow.parquet.read_table(sellers_file, columns=["seller_id"])["seller_id"]
    then = _sellers(connection, revisions[before[0]].revision_id)
    gone = then.filter(pc.invert(pc.is_in(then, value_set=now.combine_chunks())))
    examples = tuple(str(seller) for seller in gone.slice(0, _EXAMPLES))
    return Past(months, Violations(VANISHED_SELLER, len(gone), (), examples))


def _sellers(connection: Connection, revision_id: int) -> pa.ChunkedArray:
    """Read the sellers of a revision's snapshot, sorted, as a column that passes by Python."""
    statement = (
        "COPY (SELECT seller_id FROM growth_points.seller_snapshot "
        "WHERE revision_id = %s ORDER BY seller_id) TO STDOUT (FORMAT csv)"
    )
    text = io.BytesIO(b"seller_id\n")
    text.seek(0, io.SEEK_END)
    with connection.connection.cursor().copy(statement, [revision_id]) as copy:
        for chunk in copy:
            text.write(chunk)
    text.seek(0)
    as_text = pyarrow.csv.ConvertOptions(column_types={"seller_id": pa.string()})
    return pyarrow.csv.read_csv(text, convert_options=as_text)["seller_id"]
