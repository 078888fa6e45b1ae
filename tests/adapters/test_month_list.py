"""Every revision of a month is listed with what became of it."""

from pathlib import Path

import pytest
from sqlalchemy import Connection

from adapters.ingest.staged_month import StagedMonth
from adapters.postgres.month_list import month_revisions
from tests.adapters.test_ingest import read
from tests.adapters.test_previous_months import ingest
from tests.deliveries import MONTH, SmallDelivery


@pytest.fixture
def staged(tmp_path: Path) -> StagedMonth:
    return read(SmallDelivery(tmp_path).write())


def test_nothing_ingested_is_nothing_listed(connection: Connection) -> None:
    assert month_revisions(connection) == ()


def test_a_replaced_revision_stays_listed(connection: Connection, staged: StagedMonth) -> None:
    for month, lines in ((MONTH, 4), (MONTH - 1, 5), (MONTH, 6)):
        ingest(connection, month, staged, lines)
    listed = [
        (each.settlement_month, each.revision_no, each.lines, each.amount_krw, each.state)
        for each in month_revisions(connection)
    ]
    assert listed == [
        (MONTH - 1, 1, 5, 5_000, "ingested"),
        (MONTH, 1, 4, 4_000, "replaced"),
        (MONTH, 2, 6, 6_000, "ingested"),
    ]
