"""The schema that all migrations make together, and who may call what in it."""

import re
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from adapters.postgres.verification.guards import structure
from tests.adapters.ledger_world import as_owner

DEPLOY = Path(__file__).parents[2] / "deploy"
COMMITTED = DEPLOY / "schema" / "structure.txt"


def test_the_migrations_make_the_schema_that_was_committed(
    connection: Connection, tmp_path: Path
) -> None:
    made = tmp_path / "structure.txt"
    made.write_text(structure(connection))
    assert made.read_text() == COMMITTED.read_text(), f"if that is meant: cp {made} {COMMITTED}"


def test_no_function_has_two_bodies() -> None:
    scripts = [*DEPLOY.glob("schema/*.sql"), *DEPLOY.glob("migrations/versions/*.py")]
    created = [
        name
        for script in scripts
        for name in re.findall(r"CREATE (?:OR REPLACE )?FUNCTION (\w+)", script.read_text())
    ]
    assert len(created) > 20
    assert len(created) == len(set(created))


_CALLABLE = """
  SELECT proname FROM pg_proc
  WHERE pronamespace = 'growth_points'::regnamespace AND has_function_privilege({}, oid, 'EXECUTE')
  ORDER BY proname
"""


def test_the_service_may_call_sealing_and_locks_and_everybody_else_the_day_alone(
    connection: Connection,
) -> None:
    service = text(_CALLABLE.format("current_user"))
    everybody = text(_CALLABLE.format("0::oid"))
    assert connection.scalars(service).all() == [
        "lock_balances",
        "lock_program",
        "seal_waiting",
        "stage_rewards",
        "today",
        "wait_for_notes",
    ]
    assert connection.scalars(everybody).all() == ["today"]


_GIVE_YOURSELF_POINTS = """
  CREATE TEMPORARY TABLE mine (LIKE growth_points.transfer);
  ALTER TABLE mine ALTER entry_no DROP NOT NULL, ALTER posting_no DROP NOT NULL,
                   ALTER kind DROP NOT NULL;
  CREATE TRIGGER moves AFTER INSERT ON mine REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION growth_points.transfer_moves_points();
  INSERT INTO mine (seller_id, debit_account, credit_account, points)
    VALUES ('store', 'program_fund', 'available', 1000000);
"""


def test_no_points_are_given_by_a_trigger_on_a_table_of_somebodys_own(
    connection: Connection,
) -> None:
    with pytest.raises(ProgrammingError, match="permission denied for function"):
        connection.execute(text(_GIVE_YOURSELF_POINTS))


_WORKS_AS_ITS_OWNER = """
  SELECT proname, relname FROM pg_trigger
  JOIN pg_proc ON pg_proc.oid = tgfoid JOIN pg_class ON pg_class.oid = tgrelid
  WHERE pronamespace = 'growth_points'::regnamespace AND prosecdef
"""
_BORROW = """
  CREATE TABLE public.mine AS TABLE growth_points.{table} WITH NO DATA;
  CREATE TRIGGER borrows AFTER INSERT ON public.mine REFERENCING NEW TABLE AS added
    FOR EACH ROW EXECUTE FUNCTION growth_points.{function}();
  INSERT INTO public.mine DEFAULT VALUES;
"""


def test_what_works_as_its_owner_works_for_a_trigger_of_its_own_table_only(
    database_url: str,
) -> None:
    with as_owner(database_url) as engine, engine.connect() as owner:
        functions = owner.execute(text(_WORKS_AS_ITS_OWNER)).all()
        assert len(functions) > 15
        for function, table in functions:
            with (
                pytest.raises(ProgrammingError, match=f"of {table} is called by a trigger of"),
                owner.begin_nested(),
            ):
                owner.execute(text(_BORROW.format(function=function, table=table)))


def test_guards_hold_in_every_session(connection: Connection) -> None:
    sometimes = text("""
        SELECT tgrelid::regclass, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        WHERE relnamespace = 'growth_points'::regnamespace AND relkind = 'r' AND NOT tgisinternal
          AND tgenabled <> 'A'
    """)
    assert connection.execute(sometimes).all() == []
