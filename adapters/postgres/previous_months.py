"""What was taken in before a month, to hold its delivery against."""

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from sqlalchemy import Connection, func, select

from adapters.postgres.revisions import current_revisions
from adapters.postgres.tables import seller_snapshot
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
    gone = then.filter(pc.invert(pc.is_in(then, value_set=now.combine_chunks()))).sort()
    examples = tuple(str(seller) for seller in gone.slice(0, _EXAMPLES))
    return Past(months, Violations(VANISHED_SELLER, len(gone), (), examples))


def _sellers(connection: Connection, revision_id: int) -> pa.ChunkedArray:
    """Read the sellers of a revision's snapshot as a column.

    They come as one text and are taken apart by Arrow: a row each would cost half a second.
    """
    quoted = '"' + func.replace(seller_snapshot.c.seller_id, '"', '""') + '"'
    column = select(func.string_agg(quoted, "\n")).where(
        seller_snapshot.c.revision_id == revision_id
    )
    text = "seller_id\n" + connection.execute(column).scalar_one()
    return pyarrow.csv.read_csv(
        io.BytesIO(text.encode()),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(column_types={"seller_id": pa.string()}),
    )["seller_id"]
