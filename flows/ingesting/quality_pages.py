"""Keeping the gate's verdict on each delivery, and rendering the data-quality pages."""

import logging
import sys
import webbrowser
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from adapters.data_docs import (
    CheckedDelivery,
    keep_check,
    publish_pages,
    read_checks,
    revision_page,
)
from adapters.ingest.delivery import Delivery, DeliveryRefused
from adapters.ingest.staged_month import StagedMonth
from adapters.postgres.month_list import month_revisions
from domain.months import SettlementMonth
from domain.refusal import Refused, Unavailable
from domain.sentence import message_of, sentence
from expectations.gate import Verdict
from flows.program import program_database
from flows.reports.report import Link
from flows.settings import Settings

log = logging.getLogger("growth_points.quality_pages")


def keep_verdict(
    settings: Settings, staged: StagedMonth, verdict: Verdict, checked_at: datetime
) -> None:
    """Keep a verdict with the profile it is about."""
    keep_check(
        settings.docs,
        CheckedDelivery.of(
            staged.settlement_month,
            staged.profile,
            staged.content_hash,
            staged.source,
            checked_at,
            verdict.findings,
            verdict.results,
        ),
    )


def keep_refusal(
    settings: Settings, month: SettlementMonth, refused: DeliveryRefused, checked_at: datetime
) -> None:
    """Keep why a month's delivery could not be read."""
    keep_check(settings.docs, CheckedDelivery(month, refused.source, checked_at, refused.findings))


def keep_return(
    settings: Settings, delivery: Delivery[SettlementMonth], checked_at: datetime
) -> None:
    """Record that a month's current revision was delivered again after a refused delivery."""
    month, content_hash, source = delivery.period, delivery.content_hash, delivery.source
    checks = read_checks(settings.docs, month)
    if checks and checks[-1].blocked and checks[-1].content_hash != content_hash:
        same = [each for each in checks if each.content_hash == content_hash]
        known = same[-1] if same else CheckedDelivery(month, source, checked_at, (), content_hash)
        keep_check(settings.docs, replace(known, source=source, checked_at=checked_at))


def publish_quality_pages(settings: Settings) -> Path:
    """Render the pages of all deliveries ever checked; return the index."""
    with program_database(settings) as engine, engine.connect() as connection:
        return publish_pages(settings.docs, month_revisions(connection), settings.language)


def refresh_quality_pages(settings: Settings) -> None:
    """Render the pages after a run; log a warning if they cannot be written."""
    try:
        publish_quality_pages(settings)
    except (OSError, Refused, Unavailable, SQLAlchemyError) as error:
        log.warning(
            sentence("the data-quality pages could not be written: {why}", why=message_of(error))
        )


def quality_page(settings: Settings, month: SettlementMonth, revision_no: int) -> Link:
    """Link to the data-quality page of a revision."""
    return Link(sentence("data-quality page"), settings.docs / revision_page(month, revision_no))


def show_in_browser(index: Path) -> None:
    """Open the index in a browser if the command runs in a terminal."""
    if sys.stdout.isatty():
        with suppress(webbrowser.Error):
            webbrowser.get().open(index.resolve().as_uri())
