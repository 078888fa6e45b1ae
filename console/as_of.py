"""The ledger as of a date or a seal."""

import logging
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, Engine

from adapters.postgres.as_of import last_seal_of, seller_balances
from adapters.postgres.ledger import ChainHead, chain_head, seal_now
from adapters.postgres.ledger.export import export_csv, export_parquet
from adapters.whole_file import written_whole
from console.output import Row
from domain.refusal import Refused, WrongUsage
from domain.sentence import Text, sentence
from flows.occasion import SEOUL, this_occasion

log = logging.getLogger("growth_points.as_of")


class ExportFormatUnknown(WrongUsage):
    """The ledger is exported to CSV or Parquet only."""


class SealUnknown(Refused):
    """The ledger has no seal of this number."""

    def __init__(self, asked: int, newest: int) -> None:
        super().__init__(
            sentence(
                "The ledger has no seal {asked}; the newest is {newest}.",
                asked=asked,
                newest=newest,
            )
        )
        self.asked = asked
        self.newest = newest


def seal_everything(engine: Engine) -> ChainHead | None:
    """Seal all committed records in a transaction of its own; return the ledger head."""
    with engine.begin() as connection:
        return seal_now(connection)


def seal_as_of(engine: Engine, moment: date | int) -> int:
    """Return the number of the last seal as of a date, or check a seal's; raises SealUnknown."""
    if isinstance(moment, date):
        with engine.begin() as connection:
            seal_no = last_seal_of(connection, moment)
            _warn_of_seals_dated_ahead(connection)
            return seal_no
    head = seal_everything(engine)
    newest = 0 if head is None else head.seal_no
    if not 0 <= moment <= newest:
        raise SealUnknown(moment, newest)
    return moment


def _warn_of_seals_dated_ahead(connection: Connection) -> None:
    """Warn of seals dated after today, which no past day includes."""
    head, today = chain_head(connection), this_occasion().today
    if head is None or (newest_on := head.sealed_at.astimezone(SEOUL).date()) <= today:
        return
    ahead = head.seal_no - last_seal_of(connection, today)
    log.warning(
        sentence(
            "{ahead:,} of the {seal_no:,} seals are dated after today, the newest "
            "{newest_on}: a clock was ahead. No day until today has them; --as-of "
            "{seal_no} includes them.",
            ahead=ahead,
            seal_no=head.seal_no,
            newest_on=newest_on,
        )
    )


def balance_rows(engine: Engine, seller_id: str | None, moment: date | int | None) -> Iterator[Row]:
    """Stream the sellers' balances now, or as of a moment."""
    seal_no = _seal_no(engine, moment)
    with engine.connect() as connection:
        for each in seller_balances(connection, seal_no=seal_no, seller_id=seller_id):
            yield each.seller_id, *each.points.values()


def export_ledger(engine: Engine, file: Path, moment: date | int | None) -> Text:
    """Export the ledger to a file, atomically and in constant memory; return a sentence about it.

    Raises ExportFormatUnknown, SealUnknown.
    """
    if file.suffix not in {".csv", ".parquet"}:
        raise ExportFormatUnknown(sentence("{file} must end in .csv or .parquet", file=file))
    if not file.absolute().parent.is_dir():
        raise Refused(
            sentence(
                "There is no folder {parent} to write {name} to.",
                parent=file.absolute().parent,
                name=file.name,
            )
        )
    seal_no = _seal_no(engine, moment)
    with written_whole(file) as unfinished, engine.connect() as connection:
        if file.suffix == ".parquet":
            export_parquet(connection, unfinished, seal_no=seal_no)
        else:
            with unfinished.open("wb") as opened:
                export_csv(connection, opened, seal_no=seal_no)
    return sentence("{file} has the ledger up to head {seal_no}.", file=file, seal_no=seal_no)


def _seal_no(engine: Engine, moment: date | int | None) -> int:
    if moment is not None:
        return seal_as_of(engine, moment)
    head = seal_everything(engine)
    return 0 if head is None else head.seal_no
