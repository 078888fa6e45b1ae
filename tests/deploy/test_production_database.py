"""Roles, backup and restore, with PostgreSQL's own tools on a real server."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ProgrammingError

from adapters.postgres.database import LoginForbidden, open_database
from adapters.postgres.migrating import MigrationForbidden
from domain.approval import ApprovalRule
from domain.months import SettlementMonth
from flows.occasion import this_occasion
from flows.paying.approve_payout import approve_payout
from flows.paying.open_payouts import open_payouts
from flows.settings import Settings
from tests.closings import Program, Sold, cause, month
from tests.command_line import Marketplace
from tests.production import DEPLOY, administer, as_login, production_database, run_tool
from tests.using.reward_days import Entry, deliver, event, try_again
from web.serving import serving


@pytest.fixture
def database(server_url: str) -> Iterator[URL]:
    """The database that `roles.sql` makes, run twice."""
    with production_database(server_url, times=2) as url:
        yield url


@pytest.fixture
def closed_by_the_app(database: URL, tmp_path: Path) -> URL:
    """That database migrated by its owner, with a month closed and paid by the app's login."""
    with open_database(as_login("growth_points_owner", database)):
        pass
    with open_database(as_login("growth_points_app", database)) as engine:
        program = Program(engine, tmp_path)
        for name in ("2026-08", "2026-09"):
            program.ingest(name, {"maru": Sold(1_000)})
        program.close("2026-10", {"maru": Sold(6_000_000), "sora": Sold(6_000_000)})
        program.pay("2026-10")
    return database


def test_workers_may_not_migrate(database: URL) -> None:
    with (
        pytest.raises(MigrationForbidden, match="cannot be migrated"),
        open_database(as_login("growth_points_app", database)),
    ):
        pass


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE growth_points.transfer SET points = points + 1",
        "DELETE FROM growth_points.run",
        "TRUNCATE growth_points.seal",
        "ALTER TABLE growth_points.transfer DISABLE TRIGGER ALL",
        "DROP TABLE growth_points.payout CASCADE",
        "CREATE TABLE growth_points.mine ()",
        "CREATE TABLE public.mine ()",
        "SET ROLE growth_points_owner",
        "SET session_replication_role = replica",
        "DROP TRIGGER append_only ON growth_points.transfer",
        "ALTER FUNCTION growth_points.seal_waiting() OWNER TO growth_points_app",
    ],
)
def test_workers_may_append_and_nothing_else(closed_by_the_app: URL, statement: str) -> None:
    engine = create_engine(_login("growth_points_app", closed_by_the_app))
    with engine.connect() as connection, pytest.raises(ProgrammingError) as refused:
        connection.execute(text(statement))
    engine.dispose()
    assert getattr(refused.value.orig, "sqlstate", None) == "42501"  # insufficient privilege


def test_no_table_may_be_changed_emptied_or_given_triggers_by_workers(
    closed_by_the_app: URL,
) -> None:
    engine = create_engine(_login("growth_points_app", closed_by_the_app))
    with engine.connect() as connection:
        tables, changeable = connection.execute(
            text(
                "SELECT count(*), count(*) FILTER (WHERE has_table_privilege(oid, "
                "'UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')"
                " OR has_any_column_privilege(oid, 'UPDATE, REFERENCES')) FROM pg_class"
                " WHERE relnamespace = 'growth_points'::regnamespace AND relkind IN ('r', 'p')"
            )
        ).one()
    engine.dispose()
    assert tables > 15
    assert changeable == 0


def test_workers_pay_reward_days_and_may_not_make_temporary_tables(
    closed_by_the_app: URL, tmp_path: Path
) -> None:
    with open_database(as_login("growth_points_app", closed_by_the_app)) as engine:
        program, day = Program(engine, tmp_path), this_occasion().today
        program.adjust("sora", 10_000, on=day)
        delivered = deliver(program, day, event("E", 1_000, 2_000, 500, seller_id="sora"))
        assert delivered.outcomes == {"paid": 3}
        cancelling = Entry("C", 1, 1_000, "sora", cancels=("E", 1))
        assert deliver(program, day, [cancelling]).returned
        assert try_again(program, seller_id="sora").paid is None
        with engine.connect() as connection, pytest.raises(ProgrammingError, match="denied"):
            connection.execute(text("CREATE TEMPORARY TABLE mine ()"))


def test_the_approver_approves_what_the_app_closed_and_neither_does_the_others_work(
    closed_by_the_app: URL, tmp_path: Path
) -> None:
    november = month("2026-11")
    with (
        open_database(as_login("growth_points_app", closed_by_the_app)) as app,
        open_database(as_login("growth_points_approver", closed_by_the_app)) as approver,
    ):
        program = Program(app, tmp_path)
        program.close("2026-11", {"maru": Sold(20_000_000)}, approval=ApprovalRule(0))
        points = _open_points(app, november)
        with pytest.raises(LoginForbidden, match="growth_points_app may not approve payouts"):
            approve_payout(app, november, points, cause())
        assert approve_payout(approver, november, points, cause()).created
        others: list[Callable[[Program], object]] = [
            lambda program: program.pay("2026-11"),
            lambda program: program.close("2026-12", {"maru": Sold()}),
            lambda program: program.adjust("maru", 1),
        ]
        for work in others:
            with pytest.raises(ProgrammingError, match="permission denied"):
                work(Program(approver, tmp_path))
        assert program.pay("2026-11").created


def test_a_login_with_both_roles_may_do_both(closed_by_the_app: URL, tmp_path: Path) -> None:
    administer(_server(closed_by_the_app), "GRANT growth_points_approver TO growth_points_app")
    with open_database(as_login("growth_points_app", closed_by_the_app)) as engine:
        program = Program(engine, tmp_path)
        program.close("2026-11", {"maru": Sold(20_000_000)}, approval=ApprovalRule(0))
        november = month("2026-11")
        approve_payout(engine, november, _open_points(engine, november), cause())
        assert program.pay("2026-11").created


def _open_points(engine: Engine, of: SettlementMonth) -> int:
    with engine.connect() as connection:
        return open_payouts(connection)[of].points


_OF_PAGES = (
    *("", "months", "months.csv", "metrics", "rules", "compare", "compare.csv", "accounts.csv"),
    *(
        "stores",
        "stores?id=m",
        "stores.csv",
        "stores/maru",
        "stores/maru/ledger",
        "stores/maru/seen",
    ),
    *("stores/maru/ledger.csv", "months/2026-10", "months/2026-10/decisions.csv"),
)


def test_readers_read_with_the_program_and_record_nothing(
    closed_by_the_app: URL, tmp_path: Path
) -> None:
    reader = Marketplace(tmp_path, tmp_path, as_login("growth_points_reader", closed_by_the_app))

    assert "2026-10" in reader.done("months").stdout
    with serving(_pages_of(reader), 0) as address:
        assert "Records made since the newest ledger head" in httpx.get(f"{address}/accounts").text
        for path in _OF_PAGES:
            assert httpx.get(f"{address}/{path}").is_success, path
    refused = reader.run("adjust", "maru", "1", "--reason", "a gift")

    assert refused.exit_code == 1
    assert "the database login may not do this: permission denied for" in refused.stderr
    assert "Traceback" not in refused.stderr


def _pages_of(reader: Marketplace) -> Settings:
    return Settings(home=reader.home, database_url=reader.database_url)


def test_a_login_without_any_role_is_refused(closed_by_the_app: URL) -> None:
    administer(_server(closed_by_the_app), "CREATE ROLE stranger LOGIN")
    administer(_server(closed_by_the_app), "GRANT CONNECT ON DATABASE growth_points TO stranger")
    try:
        with (
            pytest.raises(LoginForbidden, match="stranger may not use this program"),
            open_database(as_login("stranger", closed_by_the_app)),
        ):
            pass
    finally:
        administer(_server(closed_by_the_app), "REVOKE ALL ON DATABASE growth_points FROM stranger")
        administer(_server(closed_by_the_app), "DROP ROLE stranger")


def _server(database: URL) -> str:
    return database.set(database="postgres").render_as_string(hide_password=False)


def test_readers_may_read_and_nothing_else(closed_by_the_app: URL) -> None:
    admin = create_engine(closed_by_the_app.set(drivername="postgresql+psycopg"))
    with admin.connect() as connection:
        connection.execute(text("SET ROLE growth_points_reader"))
        paid = connection.scalar(text("SELECT sum(points) FROM growth_points.payout"))
        with pytest.raises(ProgrammingError):
            connection.execute(text("INSERT INTO growth_points.policy VALUES ('a', 'b', 'c')"))
    admin.dispose()
    assert paid == 300_000


def test_what_was_backed_up_is_restored_and_verified(
    closed_by_the_app: URL, server_url: str, tmp_path: Path
) -> None:
    home, back = tmp_path / "home", tmp_path / "back"
    for name in ("reports/2026-10/closed-1.html", "postgres/huge", "staging/copy"):
        (home / name).parent.mkdir(parents=True)
        (home / name).write_text(name)
    backup, restored = tmp_path / "backup", closed_by_the_app.set(database="restored")
    run_tool([DEPLOY / "backup.sh", backup], _settings(home, closed_by_the_app))
    administer(server_url, "CREATE DATABASE restored OWNER growth_points_owner")

    said = run_tool([DEPLOY / "restore.sh", backup], _settings(back, restored))

    assert "Everything that can be derived again agrees" in said
    assert [file.name for file in back.rglob("*") if file.is_file()] == ["closed-1.html"]
    with open_database(as_login("growth_points_owner", restored)) as engine:
        Program(engine, tmp_path).close("2026-11", {"maru": Sold(20_000_000)})
    administer(server_url, "DROP DATABASE restored WITH (FORCE)")


def test_a_database_that_is_not_empty_is_not_restored_into(
    closed_by_the_app: URL, tmp_path: Path
) -> None:
    settings = _settings(tmp_path / "home", closed_by_the_app)
    run_tool([DEPLOY / "backup.sh", tmp_path / "backup"], settings)

    said = _refused([DEPLOY / "restore.sh", tmp_path / "backup"], settings)

    assert said == "Nothing is restored: the database is not empty. Name one that is.\n"


def test_a_backup_that_is_not_whole_is_not_restored(closed_by_the_app: URL, tmp_path: Path) -> None:
    settings, backup = _settings(tmp_path / "home", closed_by_the_app), tmp_path / "backup"
    nowhere = _refused([DEPLOY / "restore.sh", backup], settings)
    run_tool([DEPLOY / "backup.sh", backup], settings)
    dump = (backup / "database.dump").read_bytes()
    (backup / "database.dump").write_bytes(dump[: len(dump) // 2])

    half = _refused([DEPLOY / "restore.sh", backup], settings)

    assert nowhere.startswith("There is no whole backup in")
    assert "is damaged: take another one. Nothing is restored." in half


def test_what_cannot_be_dumped_leaves_no_backup_that_looks_whole(tmp_path: Path) -> None:
    nowhere = make_url("postgresql://owner@127.0.0.1:1/none")

    home = tmp_path / "home"
    home.mkdir()
    said = _refused([DEPLOY / "backup.sh", tmp_path / "backup"], _settings(home, nowhere))

    assert "The database is not backed up; why is said above." in said
    assert not (tmp_path / "backup" / "SHA256SUMS").exists()


@pytest.mark.parametrize("script", ["backup.sh", "restore.sh"])
def test_a_folder_must_be_named(script: str) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        run_tool([DEPLOY / script], {})

    assert refused.value.returncode == 2


def _settings(home: Path, database: URL) -> dict[str, str]:
    url = as_login("growth_points_owner", database)
    return {"GROWTH_POINTS_HOME": str(home), "GROWTH_POINTS_DATABASE_URL": url}


def _login(role: str, database: URL) -> URL:
    return database.set(username=role, drivername="postgresql+psycopg")


def _refused(command: list[Path | str], environment: dict[str, str]) -> str:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        run_tool(command, environment)
    assert refused.value.returncode == 1
    return str(refused.value.stderr)
