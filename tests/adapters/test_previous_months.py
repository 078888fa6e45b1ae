"""A delivery is held against the months before it: what they were, and who left since."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
from sqlalchemy import Connection

from adapters.intake.scan import StagedMonth
from adapters.postgres.previous_months import past_of
from adapters.postgres.revisions import record_revision
from domain.months import SettlementMonth
from domain.profile import PastMonth
from tests.adapters.test_intake import read
from tests.deliveries import MONTH, SmallDelivery


@pytest.fixture
def staged(tmp_path: Path) -> StagedMonth:
    return read(SmallDelivery(tmp_path).write())


def take_in(
    connection: Connection, month: SettlementMonth, staged: StagedMonth, lines: int
) -> None:
    record_revision(
        connection,
        month=month,
        content_hash="0" * 63 + str(lines),
        source="here",
        lines=lines,
        amount_krw=lines * 1_000,
        sellers=3,
        profile={},
        findings=[],
        actor="test",
        amounts_file=staged.totals,
        sellers_file=staged.sellers,
    )


def sellers(folder: Path, *names: str) -> Path:
    path = folder / "now.parquet"
    pyarrow.parquet.write_table(pa.table({"seller_id": pa.array(names, pa.string())}), path)
    return path


def test_a_first_month_has_no_past(connection: Connection, staged: StagedMonth) -> None:
    past = past_of(connection, MONTH, staged.sellers)
    assert (past.months, past.vanished.count) == ((), 0)


def test_the_current_revisions_of_three_months_are_compared(
    connection: Connection, staged: StagedMonth
) -> None:
    for back, lines in ((5, 1), (3, 2), (1, 3), (1, 4)):
        take_in(connection, MONTH - back, staged, lines)
    assert past_of(connection, MONTH, staged.sellers).months == (
        PastMonth(MONTH - 1, 4, 4_000),
        PastMonth(MONTH - 3, 2, 2_000),
    )


def test_sellers_that_are_gone_since_the_month_before_are_named(
    connection: Connection, staged: StagedMonth, tmp_path: Path
) -> None:
    take_in(connection, MONTH - 1, staged, 4)
    vanished = past_of(connection, MONTH, sellers(tmp_path, "store-b", "new")).vanished
    assert (vanished.count, vanished.examples) == (2, ("store-a", "store-c"))


def test_nobody_is_missed_when_the_month_before_is(
    connection: Connection, staged: StagedMonth, tmp_path: Path
) -> None:
    take_in(connection, MONTH - 2, staged, 4)
    assert past_of(connection, MONTH, sellers(tmp_path, "new")).vanished.count == 0


@pytest.mark.parametrize(
    "name", ["가게", 'a"b', "back\\slash", "comma,", "NULL", " x", "007", "two\nlines"]
)
def test_any_name_is_recognized(connection: Connection, tmp_path: Path, name: str) -> None:
    delivery = SmallDelivery(tmp_path)
    delivery.sellers[2]["seller_id"] = name
    take_in(connection, MONTH - 1, read(delivery.write()), 4)
    now = sellers(tmp_path, "store-a", "store-b", name)
    assert past_of(connection, MONTH, now).vanished.count == 0
