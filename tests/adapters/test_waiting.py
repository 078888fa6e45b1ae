"""Waiting for another session: it ends, and names who was waited for."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import text

from adapters.postgres.database import lock_program, open_database
from adapters.postgres.waiting import WaitedTooLong
from tests.adapters.ledger_world import as_owner
from tests.command_line import Marketplace


def test_who_holds_the_program_is_named(database_url: str) -> None:
    with (
        open_database(database_url) as first,
        open_database(database_url, lock_timeout=1) as second,
        first.connect() as holding,
        second.connect() as waiting,
    ):
        lock_program(holding)
        holder = holding.connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]
        with pytest.raises(WaitedTooLong) as refused:
            lock_program(waiting)
    assert re.fullmatch(
        r"Gave up after waiting 1s for a lock that another session of the database holds: postgres "
        rf"\(process {holder}, growth-points, since 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\)\. "
        r"Nothing was changed; run the command again when that session has ended\.",
        str(refused.value),
    )


def test_who_waits_is_not_taken_for_who_holds(database_url: str) -> None:
    with (
        as_owner(database_url) as others,
        open_database(database_url, lock_timeout=1) as engine,
        others.connect() as reading,
        others.connect() as writing,
        engine.connect() as waiting,
    ):
        reading.execute(text("SET application_name = 'a report'"))
        reading.execute(text("SELECT FROM growth_points.balance"))
        writing.execute(text("SET application_name = 'somebody'"))
        writing.execute(text("LOCK TABLE growth_points.run IN SHARE MODE"))
        waiting.execute(text("SET LOCAL ROLE NONE"))
        with pytest.raises(WaitedTooLong, match="somebody") as refused:
            waiting.execute(text("LOCK TABLE growth_points.run IN ROW EXCLUSIVE MODE"))
        assert "a report" not in str(refused.value)


def test_a_migration_behind_a_report_gives_up_and_names_it(database_url: str) -> None:
    with (
        as_owner(database_url) as others,
        open_database(database_url, lock_timeout=1) as engine,
        others.connect() as reading,
        engine.connect() as migrating,
    ):
        reading.execute(text("SET application_name = 'a report'"))
        reading.execute(text("SELECT FROM growth_points.balance"))
        migrating.execute(text("SET LOCAL ROLE NONE"))
        with pytest.raises(WaitedTooLong, match="a report"):
            migrating.execute(text("ALTER TABLE growth_points.balance ADD it integer"))


def test_a_command_ends_in_a_sentence(marketplace: Marketplace) -> None:
    hasty = replace(marketplace, variables={"GROWTH_POINTS_LOCK_TIMEOUT": "1"})
    with open_database(marketplace.database_url) as engine, engine.connect() as holding:
        lock_program(holding)
        refused = hasty.run("adjust", "maru", "1", "--reason", "a gift")

    assert refused.exit_code == 1
    assert "Gave up after waiting 1s" in refused.stderr
    assert "Traceback" not in refused.stderr
