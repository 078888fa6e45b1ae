"""Taking a staged delivery in, inside the caller's transaction."""

import logging
from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection

from adapters.intake import StagedMonth
from adapters.postgres.revisions import Revision, current_revisions, record_revision
from domain.findings import Finding

log = logging.getLogger("growth_points.taking_in")


def take_in(
    connection: Connection, staged: StagedMonth, findings: Sequence[Finding], actor: str
) -> Revision:
    """Record a staged delivery as its month's current revision, unless it is that already.

    The caller holds the program's lock: whoever took the same content in meanwhile is seen.
    """
    month = staged.settlement_month
    current = current_revisions(connection, [month]).get(month)
    if current is not None and current.content_hash == staged.content_hash:
        return current
    profile = staged.profile
    log.info("taking in %s sellers, %s lines", f"{profile.sellers:,}", f"{profile.lines:,}")
    return record_revision(
        connection,
        month=month,
        content_hash=staged.content_hash,
        source=staged.source,
        lines=profile.lines,
        amount_krw=profile.amount_krw,
        sellers=profile.sellers,
        profile=profile.as_data(),
        findings=[asdict(finding) for finding in findings],
        actor=actor,
        amounts_file=staged.totals,
        sellers_file=staged.sellers,
    )
