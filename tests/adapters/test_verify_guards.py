"""Verifying names whatever somebody changed in the guards, as only the owner of the schema can."""

import pytest
from sqlalchemy import text

from adapters.postgres.verification.guards import ROLES, guards
from tests.adapters.ledger_world import as_owner

PAYOUT = "growth_points.payout"
WEAKENED: dict[str, tuple[str, str]] = {
    "a trigger is dropped": (
        f"DROP TRIGGER is_due ON {PAYOUT}",
        "the database lacks table payout: CREATE TRIGGER is_due",
    ),
    "a trigger is switched off": (
        f"ALTER TABLE {PAYOUT} DISABLE TRIGGER is_due",
        "EXECUTE FUNCTION payout_is_due() D",
    ),
    "a trigger can be switched off by a session": (
        f"ALTER TABLE {PAYOUT} ENABLE TRIGGER is_due",
        "EXECUTE FUNCTION payout_is_due() O",
    ),
    "a trigger fires on other occasions": (
        (
            f"DROP TRIGGER is_due ON {PAYOUT}; CREATE TRIGGER is_due AFTER DELETE ON {PAYOUT}"
            " FOR EACH ROW EXECUTE FUNCTION growth_points.payout_is_due()"
        ),
        "CREATE TRIGGER is_due AFTER DELETE",
    ),
    "a trigger is added": (
        (
            f"CREATE TRIGGER more BEFORE INSERT ON {PAYOUT}"
            " FOR EACH ROW EXECUTE FUNCTION growth_points.take_turn()"
        ),
        "the database has, beyond what this version brings, table payout: CREATE TRIGGER more",
    ),
    "the triggers of foreign keys are switched off": (
        "ALTER TABLE growth_points.run DISABLE TRIGGER ALL",
        "trigger of constraint run_revision_fk is switched off",
    ),
    "a function is emptied": (
        (
            "CREATE OR REPLACE FUNCTION growth_points.payout_is_due() RETURNS trigger"
            " LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp"
            " AS 'BEGIN RETURN NULL; END'"
        ),
        "the database lacks function payout_is_due()",
    ),
    "a function works as whoever calls it": (
        "ALTER FUNCTION growth_points.payout_is_due() SECURITY INVOKER",
        "the database lacks function payout_is_due()",
    ),
    "a function finds other tables": (
        "ALTER FUNCTION growth_points.payout_is_due() RESET search_path",
        "the database lacks function payout_is_due()",
    ),
    "a function may be called by everybody": (
        "GRANT EXECUTE ON FUNCTION growth_points.note(text, text, text, jsonb) TO PUBLIC",
        "for -",
    ),
    "a function says it has no effect": (
        "ALTER FUNCTION growth_points.chain_waiting() STRICT",
        "function chain_waiting() returns void",
    ),
    "a function is added": (
        (
            "CREATE FUNCTION growth_points.jsonb_build_array(text) RETURNS text"
            " LANGUAGE sql AS 'SELECT 1'"
        ),
        "function jsonb_build_array(text)",
    ),
    "an aggregate folds otherwise": (
        (
            "DROP AGGREGATE growth_points.chained(bytea, text);"
            " CREATE FUNCTION growth_points.keep(bytea, bytea, text) RETURNS bytea"
            " LANGUAGE sql AS 'SELECT $2'; CREATE AGGREGATE growth_points.chained"
            "(before_all bytea, content text) (SFUNC = growth_points.keep, STYPE = bytea)"
        ),
        "the database lacks function chained",
    ),
    "a check is dropped": (
        "ALTER TABLE growth_points.balance DROP CONSTRAINT balance_not_overdrawn",
        "the database lacks table balance: constraint balance_not_overdrawn",
    ),
    "a check is no longer of what there is": (
        (
            "ALTER TABLE growth_points.balance DROP CONSTRAINT balance_not_overdrawn;"
            " ALTER TABLE growth_points.balance ADD CONSTRAINT balance_not_overdrawn"
            " CHECK (points >= 0) NOT VALID"
        ),
        "CHECK ((points >= 0)) NOT VALID",
    ),
    "a key is dropped": (
        f"ALTER TABLE {PAYOUT} DROP CONSTRAINT payout_pk CASCADE",
        "the database lacks table payout: constraint payout_pk",
    ),
    "an index that keeps twins out is dropped": (
        "DROP INDEX growth_points.transfer_finishes_an_award_once",
        "the database lacks table transfer: CREATE UNIQUE INDEX",
    ),
    "an index is ignored": (
        (
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid ="
            " 'growth_points.transfer_finishes_an_award_once'::regclass"
        ),
        "USING btree (finishes) WHERE (finishes IS NOT NULL) invalid",
    ),
    "a fact may be missing": (
        f"ALTER TABLE {PAYOUT} ALTER actor DROP NOT NULL",
        "the database lacks table payout: actor text not null",
    ),
    "a default is another": (
        f"ALTER TABLE {PAYOUT} ALTER paid_at SET DEFAULT '2026-01-01'",
        "paid_at timestamp with time zone not null default '2026-01-01",
    ),
    "a view tells something else": (
        "CREATE OR REPLACE VIEW growth_points.sealing AS SELECT 0::bigint AS waiting",
        "the database lacks view sealing",
    ),
    "a rule does something instead": (
        f"CREATE RULE nothing AS ON INSERT TO {PAYOUT} DO INSTEAD NOTHING",
        "table payout: rule nothing",
    ),
    "a rule is of a table whose checks take several lines": (
        "CREATE RULE nothing AS ON INSERT TO growth_points.run DO INSTEAD NOTHING",
        "table run: rule nothing",
    ),
    "rows are hidden": (
        (
            f"ALTER TABLE {PAYOUT} ENABLE ROW LEVEL SECURITY;"
            f" CREATE POLICY few ON {PAYOUT} USING (false)"
        ),
        "table payout: policy few",
    ),
    "a table has a child": (
        f"CREATE TABLE more () INHERITS ({PAYOUT})",
        "table payout: child more",
    ),
    "a table is added": ("CREATE TABLE growth_points.more (it text)", "table more"),
    "the service may delete": (
        f"GRANT DELETE ON {PAYOUT} TO growth_points_service",
        "table payout: growth_points_service may DELETE",
    ),
    "the service may choose an instant": (
        f"GRANT INSERT (paid_at) ON {PAYOUT} TO growth_points_service",
        "paid_on, actor, paid_at)",
    ),
    "everybody may add": (
        f"GRANT INSERT ON {PAYOUT} TO PUBLIC",
        "table payout: - may INSERT",
    ),
    "everybody may create in the schema": (
        "GRANT CREATE ON SCHEMA growth_points TO PUBLIC",
        "schema lets - CREATE",
    ),
    "the service owns a table": (
        (
            "GRANT CREATE ON SCHEMA growth_points TO growth_points_service;"
            f" ALTER TABLE {PAYOUT} OWNER TO growth_points_service"
        ),
        "table payout owned by growth_points_service",
    ),
    "an operator is added": (
        (
            "CREATE FUNCTION growth_points.yes(date, date) RETURNS boolean LANGUAGE sql"
            " AS 'SELECT true'; CREATE OPERATOR growth_points.< (FUNCTION = growth_points.yes,"
            " LEFTARG = date, RIGHTARG = date)"
        ),
        "operator <(date,date)",
    ),
    "a table is lost by a crash": (
        "ALTER TABLE growth_points.budget SET UNLOGGED",
        "table budget not logged",
    ),
}


@pytest.mark.parametrize(("statement", "named"), WEAKENED.values(), ids=WEAKENED)
def test_a_weaker_guard_is_named(database_url: str, statement: str, named: str) -> None:
    with as_owner(database_url) as owner, owner.connect() as connection:
        connection.execute(text(statement))
        told = [str(each) for each in guards(connection)]
    assert any(named in each for each in told), told


def test_what_only_readers_may_is_the_administrators_business(database_url: str) -> None:
    with as_owner(database_url) as owner, owner.connect() as connection:
        connection.execute(
            text("CREATE ROLE an_analyst; GRANT SELECT ON growth_points.payout TO an_analyst")
        )
        assert list(guards(connection)) == []


@pytest.mark.parametrize("attribute", ["SUPERUSER", "CREATEROLE", "REPLICATION", "BYPASSRLS"])
def test_a_role_that_may_more_than_its_work_is_named(database_url: str, attribute: str) -> None:
    with as_owner(database_url) as owner, owner.connect() as connection:
        assert list(ROLES(connection)) == []
        connection.execute(text(f"ALTER ROLE growth_points_service {attribute}"))
        named = next(ROLES(connection))
    assert "growth_points_service may" in str(named)


def test_a_role_that_may_work_as_the_owner_is_named(database_url: str) -> None:
    with as_owner(database_url) as owner, owner.connect() as connection:
        connection.execute(
            text(
                "CREATE ROLE an_owner; ALTER SCHEMA growth_points OWNER TO an_owner;"
                " GRANT an_owner TO growth_points_service"
            )
        )
        told = [str(each) for each in ROLES(connection)]
    assert any("work as the owner" in each for each in told)
