"""Expiring the balances whose last usable day is over (U14 to U17)."""

from sqlalchemy import Connection, Engine

from adapters.postgres.database import lock_program
from adapters.postgres.ledger import Posted, check_now
from adapters.postgres.ledger.expiring import expire
from domain.many import many
from domain.sentence import Text, sentence
from flows.clocks import warn_about_clocks
from flows.one_day import on_one_day
from flows.program import program_database
from flows.settings import Settings


def expire_what_is_due(settings: Settings, actor: str) -> Posted | None:
    """Expire what is due by the database's clock; None if nothing is."""
    with program_database(settings) as engine:
        warn_about_clocks(engine)
        return expire_points(engine, actor)


def expire_points(engine: Engine, actor: str) -> Posted | None:
    """Expire whole balances in one transaction; again, it does nothing."""

    def expire_all(connection: Connection) -> Posted | None:
        lock_program(connection)
        expired = expire(connection, actor)
        check_now(connection)
        return expired

    return on_one_day(engine, expire_all)


def expiry_summary(expired: Posted | None) -> Text:
    """Describe what expired."""
    if expired is None:
        return sentence("No balance is past its last usable day.")
    return sentence(
        "{points} of {sellers} expired.",
        points=many("point", expired.points),
        sellers=many("seller", expired.transfers),
    )
