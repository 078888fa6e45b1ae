"""Opening the database: migrations, the service's role, and what stays recorded."""

import socket
import time

import pytest
from sqlalchemy import Connection, Engine, Table, create_engine, insert, text
from sqlalchemy.exc import DBAPIError

from adapters.postgres import database, tables
from adapters.postgres.database import (
    DatabaseUnreachable,
    DatabaseUrlInvalid,
    open_database,
)
from adapters.postgres.migrating import DatabaseNewer
from domain.months import SettlementMonth

HASH = "0" * 64


def _as_owner(database_url: str) -> Engine:
    return create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))


def test_opening_a_migrated_database_again_changes_nothing(database_url: str) -> None:
    with open_database(database_url) as first, first.connect() as connection:
        before = connection.scalar(text("SELECT count(*) FROM growth_points.alembic_version"))
    with open_database(database_url) as second, second.connect() as connection:
        after = connection.scalar(text("SELECT count(*) FROM growth_points.alembic_version"))
    assert before == after == 1


def test_the_service_may_select_and_insert_and_nothing_else(connection: Connection) -> None:
    assert connection.scalar(text("SELECT current_user")) == "growth_points_service"
    connection.execute(
        insert(tables.policy).values(
            policy_hash=HASH, name="a policy", content="its text", adjustment_limit=0
        )
    )
    with pytest.raises(DBAPIError, match="permission denied"):
        connection.execute(text("UPDATE growth_points.policy SET name = 'another'"))


@pytest.mark.parametrize(
    "change", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
@pytest.mark.parametrize("table", tables.metadata.sorted_tables, ids=lambda table: table.name)
def test_what_was_recorded_cannot_be_changed_even_by_the_owner(
    database_url: str, table: Table, change: str
) -> None:
    name, column = str(table), list(table.c)[1].name
    with (
        _as_owner(database_url).connect() as connection,
        pytest.raises(DBAPIError, match="what was recorded stays"),
    ):
        connection.execute(text(change.format(name, column, column)))


def test_rows_cannot_be_added_to_a_revision_recorded_earlier(engine: Engine) -> None:
    revision = {
        "settlement_month": SettlementMonth(2026, 10),
        "revision_no": 1,
        "content_hash": HASH,
        "source": "somewhere",
        "lines": 1,
        "amount_krw": 1,
        "sellers": 1,
        "profile": {},
        "findings": [],
        "actor": "test",
        "rows_hash": HASH,
    }
    amount = {"seller_id": "s", "line_type": "PROD_ORDER", "lines": 1, "amount_krw": 1}
    with engine.begin() as connection:
        number = connection.scalar(
            insert(tables.revision).returning(tables.revision.c.revision_id), revision
        )
        connection.execute(insert(tables.seller_amount), {"revision_id": number, **amount})
    with engine.connect() as connection, pytest.raises(DBAPIError, match="never later"):
        connection.execute(
            insert(tables.seller_amount), {"revision_id": number, **amount, "seller_id": "other"}
        )


@pytest.mark.parametrize("url", ["nonsense", "mysql://user@localhost/points", ""])
def test_a_url_that_is_not_postgresqls_is_refused_as_wrong_usage(url: str) -> None:
    with pytest.raises(DatabaseUrlInvalid), open_database(url):
        pass


def test_a_server_that_is_not_there_is_named(tmp_path: object) -> None:
    url = f"postgresql://nobody@/points?host={tmp_path}"
    with pytest.raises(DatabaseUnreachable, match="No connection"), open_database(url):
        pass


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("postgresql://kim:hush@127.0.0.1:9/a", DatabaseUnreachable),
        ("postgresql://kim@127.0.0.1:9/a?password=hush&sslpassword=hush", DatabaseUnreachable),
        ("postgresql://kim@127.0.0.1:9/a?passfile=/hush", DatabaseUnreachable),
        ("postgresql://kim:hush@127.0.0.1:9/a?nonsense=hush", DatabaseUrlInvalid),
        ("postgresql://kim:hush@127.0.0.1:9/a?connect_timeout=hush", DatabaseUrlInvalid),
        ("postgresql://kim:hush@127.0.0.1:hush/a", DatabaseUrlInvalid),
        ("postgresql://kim:hush@hush@127.0.0.1:9/a", DatabaseUrlInvalid),
        ("mysql://kim:hush@127.0.0.1/a", DatabaseUrlInvalid),
    ],
)
def test_no_secret_of_an_address_is_told(url: str, error: type[Exception]) -> None:
    with pytest.raises(error) as refused, open_database(url):
        pass
    assert "hush" not in str(refused.value)


def test_a_database_of_a_newer_version_is_left_alone(database_url: str) -> None:
    with _as_owner(database_url).begin() as connection:
        connection.execute(text("UPDATE growth_points.alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseNewer, match="9999"), open_database(database_url):
        pass


ANSWERS = text(
    "SELECT DATE '2026-10-03', TIMESTAMPTZ '2026-10-03 23:30+00', DATE '03-02-01', "
    "INTERVAL '1 day 2 hours', BYTEA '\\x00ff', 0.1::float8 + 0.2::float8, '한글', NULL = NULL, "
    "current_setting('TimeZone'), current_setting('transaction_isolation'), "
    "current_setting('session_replication_role'), current_setting('search_path')"
)
SETTINGS = {
    "DateStyle": "German, DMY",
    "TimeZone": "America/New_York",
    "IntervalStyle": "sql_standard",
    "bytea_output": "escape",
    "client_encoding": "LATIN1",
    "default_transaction_isolation": "serializable",
    "extra_float_digits": "-15",
    "search_path": "pg_temp, nowhere",
    "standard_conforming_strings": "off",
    "transform_null_equals": "on",
    "session_replication_role": "replica",
}
VARIABLES = {
    "PGDATESTYLE": "Postgres, DMY",
    "PGTZ": "America/New_York",
    "PGCLIENTENCODING": "LATIN1",
    "PGOPTIONS": " ".join(f"-c {name}={SETTINGS[name]}" for name in ("TimeZone", "bytea_output")),
    "PGHOST": "nowhere.invalid",
    "PGHOSTADDR": "127.0.0.1",
    "PGDATABASE": "template1",
    "PGUSER": "nobody",
    "PGAPPNAME": "another",
}


def _answers(url: str) -> tuple[object, ...]:
    with open_database(url) as engine, engine.connect() as connection:
        return tuple(connection.execute(ANSWERS).one())


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable_of_libpq_changes_no_answer(
    name: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _answers(database_url)
    monkeypatch.setenv(name, VARIABLES[name])
    assert _answers(database_url) == before


@pytest.mark.parametrize("name", [each for each in SETTINGS if "replication" not in each])
@pytest.mark.parametrize("of", ["DATABASE {0}", "ROLE postgres IN DATABASE {0}"])
def test_a_setting_of_the_role_or_database_changes_no_answer(
    name: str, of: str, database_url: str
) -> None:
    before = _answers(database_url)
    owner = _as_owner(database_url)
    with owner.begin() as connection:
        whose = of.format(owner.url.database)
        connection.execute(text(f"ALTER {whose} SET {name} = '{SETTINGS[name]}'"))
    owner.dispose()
    assert _answers(database_url) == before


@pytest.mark.parametrize("name", SETTINGS)
def test_an_option_of_the_environment_changes_no_answer(
    name: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _answers(database_url)
    value = SETTINGS[name].replace(" ", "\\ ")
    monkeypatch.setenv("PGOPTIONS", f"-c {name}={value}")
    assert _answers(database_url) == before


def test_the_options_of_the_url_are_kept(database_url: str) -> None:
    url = f"{database_url}&options=-c%20lock_timeout%3D4711"
    with open_database(url) as engine, engine.connect() as connection:
        assert connection.scalar(text("SHOW lock_timeout")) == "4711ms"


def test_what_the_url_leaves_out_may_come_from_the_environment(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGUSER", "postgres")
    assert _answers(database_url.replace("postgres@", ""))


def test_a_host_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_CONNECT_SECONDS", 2)
    began = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://kim@127.0.0.1:{silent.getsockname()[1]}/a"
        with pytest.raises(DatabaseUnreachable), open_database(url):
            raise AssertionError
    assert time.monotonic() - began < 30
