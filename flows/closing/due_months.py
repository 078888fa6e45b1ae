"""The months that are due: over, not closed, and to be closed as soon as they are delivered whole.

They are closed oldest first, since what a month awards binds the later ones (rule 11).
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from adapters.ingest.listing import FolderUnreadable, Listing, list_delivery
from adapters.postgres.evaluations import current_evaluations
from adapters.postgres.revisions import current_revisions
from adapters.postgres.runs import (
    RefusedClosing,
    first_tried,
    last_change_of_data,
    refused_closing,
)
from domain.months import SettlementMonth
from domain.payout_date import payout_date
from domain.policy import Policy, policy_in_force
from domain.refusal import Refused, WrongUsage
from domain.sentence import Sentence, Text, message_of, sentence
from flows.occasion import SEOUL
from flows.program import program_calendar, program_database, program_policies
from flows.settings import Settings

BY_ITSELF: Final = "the month is over and its files are there"
"""The reason for every closing that nobody asked for."""

_JUDGES: Final = ("growth-points", "holidays")  # a newer one may accept what this one refuses
_DIGITS: Final = 14  # of a hash, so that the number fits where runs record numbers


@dataclass(frozen=True, slots=True)
class DueMonth:
    """A month that is over and not closed.

    `rests_on` is another number whenever something changed that may change the answer; `waits_for`
    says why it is not closed now, None if it can be. `refused` is why it was refused on an earlier
    day, if nothing that is known to matter changed since then.
    """

    month: SettlementMonth
    rests_on: int
    waits_for: Sentence | None
    refused: str | None = None


def find_unclosed(settings: Settings, today: date) -> tuple[SettlementMonth, ...] | None:
    """List the months that are over and not closed, oldest first; None if none closes by itself."""
    with program_database(settings) as engine, engine.connect() as connection:
        return unclosed_months(connection, settings.first_to_close, today)


def unclosed_months(
    connection: Connection, first: SettlementMonth | None, today: date
) -> tuple[SettlementMonth, ...] | None:
    """List them from a first month on; None if no month closes by itself yet.

    By default that is the earliest one that was closed, or that the program tried to close by
    itself. Before that it is the month before this one, and only once history is ingested: older
    folders may be there that the program never decided.
    """
    last = SettlementMonth.of(today) - 1
    first = first or first_tried(connection, BY_ITSELF)
    if first is None:
        if not current_revisions(connection):
            return None
        first = last
    closed = {each.settlement_month for each in current_evaluations(connection)}
    return tuple(month for month in first.until(last) if month not in closed)


def no_month_closes() -> Sentence:
    """Say that no month closes by itself, and what has to be done for that."""
    return sentence(
        "No month closes by itself yet. Ingest the months before the first one to close, or set "
        "GROWTH_POINTS_FIRST_MONTH."
    )


def is_overdue(settings: Settings, month: SettlementMonth, today: date) -> bool:
    """Whether the day has come by which a month is to be closed."""
    return today >= month.payout_month.first_day.replace(day=settings.close_by_day)


def expected_payout(
    settings: Settings, policy: Policy, month: SettlementMonth
) -> tuple[date | None, Text | None]:
    """Return when a month that is not closed is to be paid by its policy, or why nobody knows."""
    try:
        holidays = program_calendar(settings)(month).holidays
    except (Refused, WrongUsage) as unknown:
        return None, message_of(unknown)
    return payout_date(policy.payout, month, holidays).due_on, None


def expected_payout_on(settings: Settings, month: SettlementMonth) -> date | None:
    """Return when a month that is not closed is to be paid; None if holidays are not known."""
    policies = tuple(each.policy for each in program_policies(settings))
    return expected_payout(settings, policy_in_force(policies, month), month)[0]


def look_at(settings: Settings, month: SettlementMonth, now: datetime) -> DueMonth:
    """Look whether a month can be closed now, without reading its files.

    A closing that was refused is tried again if its files, the settings that judge them, or the
    data of other months changed, and once a day in any case. Raises FolderUnreadable.
    """
    listing = list_delivery(settings.settlements_root(), month, settings.engine)
    with program_database(settings) as engine, engine.connect() as connection:
        rests_on = _rests_on(settings, listing, last_change_of_data(connection))
        refused = refused_closing(connection, month, rests_on)
    waits_for = _waits_for(settings, listing, refused, now)
    return DueMonth(month, rests_on, waits_for, refused.reason if refused else None)


def why_unclosed(settings: Settings, month: SettlementMonth, now: datetime) -> DueMonth:
    """Look at a month; if its folder cannot be listed, that is what it waits for."""
    try:
        return look_at(settings, month, now)
    except FolderUnreadable as failed:
        [missing] = failed.args
        return DueMonth(month, rests_on=0, waits_for=missing)


def _waits_for(
    settings: Settings, listing: Listing, refused: RefusedClosing | None, now: datetime
) -> Sentence | None:
    whole_from = listing.whole_from(timedelta(minutes=settings.rest_minutes))
    if listing.changed_at is None or whole_from is None:
        return sentence("Nothing has been delivered to {source}.", source=listing.source)
    if refused is not None and _day(refused.started_at) >= _day(now):
        return was_refused(refused.reason)
    if now < whole_from:
        return sentence(
            "What was delivered changed at {changed_at}; if it stays as it is, it counts as "
            "complete from {whole_from} on.",
            changed_at=_in_seoul(listing.changed_at),
            whole_from=_in_seoul(whole_from),
        )
    return None


def was_refused(reason: str) -> Sentence:
    """Say why a closing was refused."""
    return sentence("Its closing was refused: {refused}", refused=reason)


def _day(at: datetime) -> date:
    return at.astimezone(SEOUL).date()


def _in_seoul(at: datetime) -> str:
    return f"{at.astimezone(SEOUL):%Y-%m-%d %H:%M}"


def _rests_on(settings: Settings, listing: Listing, last_change: int) -> int:
    """Return a number for all that decides whether a closing is refused."""
    facts = [
        listing.marks,
        last_change,
        settings.limits,
        settings.engine,
        [each.policy.content_hash for each in program_policies(settings)],
        [_content(file) for file in (settings.holidays, settings.senders)],
        [version(each) for each in _JUDGES],
    ]
    return int(hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:_DIGITS], 16)


def _content(file: Path | None) -> str:
    """Hash a file of the operator's; one that is not there is for the closing to refuse."""
    return (
        hashlib.sha256(file.read_bytes()).hexdigest() if file is not None and file.is_file() else ""
    )
