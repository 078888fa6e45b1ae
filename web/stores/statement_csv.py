"""A store's statement as CSV, with the columns of the command `statement`."""

import csv
import io
from collections.abc import Collection, Iterable
from datetime import date
from typing import Final

from fastapi import Response
from sqlalchemy import Engine

from adapters.postgres.revisions import require_seller
from adapters.postgres.statements import StatementLine, statement
from domain.ledger import TransferKind
from domain.written import in_a_spreadsheet

COLUMNS: Final = ("entry_no", "date", "kind", "points", "reference", "balance")


def statement_csv(
    engine: Engine,
    seller_id: str,
    *,
    since: date | None = None,
    until: date | None = None,
    kinds: Collection[TransferKind] | None = None,
) -> Response:
    """Answer with a store's whole statement as a file; raises SellerUnknown."""
    with engine.connect() as connection:
        require_seller(connection, seller_id)
        lines = statement(connection, seller_id, since=since, until=until, kinds=kinds)
        text = _written(lines)
    headers = {"Content-Disposition": 'attachment; filename="statement.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


def _written(lines: Iterable[StatementLine]) -> str:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS)
    for each in lines:
        reference = in_a_spreadsheet(each.reference)
        writer.writerow(
            (each.entry_no, each.on, each.kind.value, each.points, reference, each.balance)
        )
    return written.getvalue()
