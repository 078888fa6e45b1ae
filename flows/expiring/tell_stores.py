"""Telling stores that their points expire: once for each notice that the policy asks for (U18)."""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine

from adapters.policy_files import PolicyText
from adapters.postgres.database import lock_program
from adapters.postgres.ledger import check_now
from adapters.postgres.notices import NoticeList, record_notices
from adapters.postgres.using import today
from domain.many import many
from domain.sentence import Text, sentence, sentences
from domain.using.notices import notices_due
from flows.one_day import on_one_day
from flows.policies import policy_on
from flows.program import program_database, program_policies
from flows.settings import Settings


def tell_who_is_due(settings: Settings, actor: str) -> NoticeList | None:
    """Tell the stores whose points expire soon; None if nobody is to be told."""
    policies = program_policies(settings)
    with program_database(settings) as engine:
        return tell_stores(engine, policies, actor)


def tell_stores(engine: Engine, policies: Sequence[PolicyText], actor: str) -> NoticeList | None:
    """Record who is told today, in one transaction; again, it tells nobody."""

    def tell(connection: Connection) -> NoticeList | None:
        lock_program(connection)
        day = today(connection)
        due = notices_due(day, policy_on(policies, day).use.notice_days)
        told = record_notices(connection, due, actor)
        check_now(connection)
        return told

    return on_one_day(engine, tell)


def telling_summary(told: NoticeList | None) -> Text:
    """Describe who was told, and which command lists them."""
    if told is None:
        return sentence("No store is to be told that its points expire.")
    return sentences(
        "{count:,} store is told that {points} expire; list it with: "
        "growth-points notices --list {number}",
        "{count:,} stores are told that {points} expire; list them with: "
        "growth-points notices --list {number}",
        count=told.stores,
        points=many("point", told.points),
        number=told.notice_list_id,
    )
