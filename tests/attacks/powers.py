"""Attacks with the powers of an owner or an administrator: roles, settings, definitions, files."""

from tests.attacks.attack import FORBIDDEN, GOT_THROUGH, NO_EFFECT, Attack

_POINTS = "growth_points"
_EMPTY = (
    "CREATE OR REPLACE FUNCTION growth_points.payout_is_due() RETURNS trigger"
    " LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
)
_SPENDS = "AFTER INSERT ON mine REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION"

ROLES = (
    Attack("work as the owner", "SET ROLE growth_points_owner"),
    Attack("work as the administrator", "SET ROLE postgres"),
    Attack("log in as the owner", "SET SESSION AUTHORIZATION growth_points_owner"),
    Attack("work as the service", "SET ROLE growth_points_service", by={"service": GOT_THROUGH}),
    Attack("work as the approver", "SET ROLE growth_points_approver", by={"approver": NO_EFFECT}),
    Attack("write everything", "SET ROLE pg_write_all_data"),
    Attack("be granted to write everything", "GRANT pg_write_all_data TO CURRENT_USER"),
    Attack("be granted the owner", "GRANT growth_points_owner TO CURRENT_USER"),
    Attack("be granted the approver", "GRANT growth_points_approver TO growth_points_app"),
    Attack("become an administrator", "ALTER ROLE CURRENT_USER SUPERUSER"),
    Attack("make a role", "CREATE ROLE mine LOGIN"),
    Attack("change the owner's password", "ALTER ROLE growth_points_owner PASSWORD 'mine'"),
    Attack("give away the owner's tables", "REASSIGN OWNED BY growth_points_owner TO CURRENT_USER"),
    Attack("drop the owner's tables", "DROP OWNED BY growth_points_owner"),
    *(
        # Without a grant option PostgreSQL warns, and grants nothing.
        Attack(name, sql, NO_EFFECT, {"stranger": FORBIDDEN, **others})
        for name, sql, others in (
            ("share reading", f"GRANT SELECT ON {_POINTS}.balance TO PUBLIC", {}),
            (
                "share all",
                f"GRANT ALL ON ALL TABLES IN SCHEMA {_POINTS} TO PUBLIC",
                {"stores": FORBIDDEN},  # it may not read all
            ),
            ("share the schema", f"GRANT CREATE ON SCHEMA {_POINTS} TO PUBLIC", {}),
        )
    ),
    Attack("share a function", f"GRANT EXECUTE ON FUNCTION {_POINTS}.chain_waiting() TO PUBLIC"),
    Attack(
        "set default privileges of the owner",
        "ALTER DEFAULT PRIVILEGES FOR ROLE growth_points_owner GRANT ALL ON TABLES TO PUBLIC",
    ),
)

SETTINGS = (
    Attack("switch triggers off", "SET session_replication_role = replica"),
    Attack("switch triggers off for a transaction", "SET LOCAL session_replication_role = replica"),
    Attack(
        "switch triggers off by a function",
        "SELECT set_config('session_replication_role', 'replica', false)",
    ),
    Attack(
        "switch triggers off by pg_settings",
        "UPDATE pg_settings SET setting = 'replica' WHERE name = 'session_replication_role'",
    ),
    Attack(
        "switch triggers off for a login",
        "ALTER ROLE CURRENT_USER SET session_replication_role = replica",
    ),
    Attack(
        "switch triggers off for the database",
        "ALTER DATABASE growth_points SET session_replication_role = replica",
    ),
    Attack("change system tables", "SET allow_system_table_mods = on"),
    Attack("load a library", "LOAD '/tmp/mine.so'"),
    Attack("reload the configuration", "SELECT pg_reload_conf()"),
    Attack("prepare a transaction", "PREPARE TRANSACTION 'mine'", "55000 "),
)

DEFINITIONS = (
    Attack("empty a guard", _EMPTY),
    Attack("drop a guard", f"DROP FUNCTION {_POINTS}.payout_is_due() CASCADE"),
    Attack("change a guard", f"ALTER FUNCTION {_POINTS}.payout_is_due() RESET search_path"),
    Attack("own a guard", f"ALTER FUNCTION {_POINTS}.payout_is_due() OWNER TO CURRENT_USER"),
    Attack("add a function", f"CREATE FUNCTION {_POINTS}.mine() RETURNS int RETURN 1"),
    Attack("disable a trigger", f"ALTER TABLE {_POINTS}.transfer DISABLE TRIGGER is_entitled"),
    Attack("disable all triggers", f"ALTER TABLE {_POINTS}.payout DISABLE TRIGGER ALL"),
    Attack("drop a trigger", f"DROP TRIGGER append_only ON {_POINTS}.transfer"),
    Attack("rename a trigger", f"ALTER TRIGGER sealed ON {_POINTS}.posting RENAME TO mine"),
    Attack(
        "add a trigger",
        f"CREATE TRIGGER mine AFTER INSERT ON {_POINTS}.transfer REFERENCING NEW TABLE AS added"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {_POINTS}.transfer_moves_points()",
    ),
    Attack("add a rule", f"CREATE RULE mine AS ON INSERT TO {_POINTS}.run DO INSTEAD NOTHING"),
    Attack("drop a constraint", f"ALTER TABLE {_POINTS}.payout DROP CONSTRAINT payout_pk"),
    Attack("add a constraint", f"ALTER TABLE {_POINTS}.run ADD CHECK (false) NOT VALID"),
    Attack("add a column", f"ALTER TABLE {_POINTS}.run ADD mine int"),
    Attack("change a default", f"ALTER TABLE {_POINTS}.run ALTER recorded_at SET DEFAULT 'epoch'"),
    Attack("own a table", f"ALTER TABLE {_POINTS}.balance OWNER TO CURRENT_USER"),
    Attack("hide rows", f"ALTER TABLE {_POINTS}.payout ENABLE ROW LEVEL SECURITY"),
    Attack("drop a table", f"DROP TABLE {_POINTS}.payout CASCADE"),
    Attack("drop an index", f"DROP INDEX {_POINTS}.transfer_finishes_an_award_once"),
    Attack("add an index", f"CREATE UNIQUE INDEX mine ON {_POINTS}.run (actor)"),
    Attack("rebuild an index", f"REINDEX TABLE {_POINTS}.run"),
    Attack("replace a view", f"CREATE OR REPLACE VIEW {_POINTS}.award AS SELECT 1 AS entry_no"),
    Attack("rename the schema", f"ALTER SCHEMA {_POINTS} RENAME TO mine"),
    Attack("drop the schema", f"DROP SCHEMA {_POINTS} CASCADE"),
    Attack("make a schema", "CREATE SCHEMA mine"),
    Attack("make a table of its own", f"CREATE TABLE {_POINTS}.mine ()"),
    Attack("make a public table", "CREATE TABLE public.mine ()"),
    Attack("make a child table", f"CREATE TABLE public.mine () INHERITS ({_POINTS}.transfer)"),
    Attack(
        "replace a built-in function",
        "CREATE FUNCTION public.sha256(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT $1'",
    ),
    Attack("install an extension", "CREATE EXTENSION vector SCHEMA public"),
    Attack(
        "watch events",
        "CREATE EVENT TRIGGER mine ON ddl_command_end EXECUTE FUNCTION suppress_redundant_updates_"
        "trigger()",
    ),
    Attack("publish the tables", "CREATE PUBLICATION mine FOR ALL TABLES"),
    Attack("comment on a table", f"COMMENT ON TABLE {_POINTS}.run IS 'mine'"),
    Attack("disable a trigger in the catalogue", "UPDATE pg_trigger SET tgenabled = 'D'"),
    Attack("drop constraints in the catalogue", "DELETE FROM pg_constraint"),
    Attack("become an administrator in the catalogue", "UPDATE pg_authid SET rolsuper = true"),
)

# What shadows names that functions of the owner use, or has them work for another table.
TEMPORARY = (
    Attack("make a temporary table", "CREATE TEMPORARY TABLE payout (settlement_month date)"),
    Attack("make a temporary table out of a query", "SELECT 1 AS it INTO TEMPORARY mine"),
    Attack("make a temporary view", "CREATE TEMPORARY VIEW approval_rule AS SELECT 1"),
    Attack("make a temporary sequence", "CREATE TEMPORARY SEQUENCE mine"),
    Attack(
        "make a temporary function",
        "CREATE FUNCTION pg_temp.min(bigint) RETURNS bigint LANGUAGE sql AS 'SELECT $1'",
    ),
    Attack("make a temporary type", "CREATE TYPE pg_temp.posting AS (posting_no bigint)"),
    *(
        Attack(
            f"borrow {function}",
            f"CREATE TEMPORARY TABLE mine (LIKE {_POINTS}.{table});"
            f" CREATE TRIGGER borrows {_SPENDS} {_POINTS}.{function}();"
            f" INSERT INTO mine SELECT * FROM {_POINTS}.{table}",
        )
        for function, table in (
            ("transfer_moves_points", "transfer"),
            ("seal_posting", "posting"),
            ("seal_payout", "payout"),
        )
    ),
)

FILES = (
    Attack("read a file", "SELECT pg_read_file('/etc/passwd')"),
    Attack("read a large object from a file", "SELECT lo_import('/etc/passwd')"),
    Attack("write a large object to a file", "SELECT lo_export(1, '/tmp/mine')"),
    Attack("list files", "SELECT pg_ls_dir('.')"),
    Attack("copy from a file", f"COPY {_POINTS}.run FROM '/tmp/mine'"),
    Attack("copy from a program", f"COPY {_POINTS}.run FROM PROGRAM 'true'"),
    Attack("copy to a file", "COPY (SELECT 1) TO '/tmp/mine'"),
    Attack("copy to a program", "COPY (SELECT 1) TO PROGRAM 'true'"),
    Attack("copy into balances", f"COPY {_POINTS}.balance FROM STDIN"),
    Attack("copy into seals", f"COPY {_POINTS}.seal FROM STDIN"),
    Attack(
        "write in another language",
        "CREATE FUNCTION public.mine() RETURNS int LANGUAGE c AS 'mine'",
    ),
)

POWERS = (*ROLES, *SETTINGS, *DEFINITIONS, *TEMPORARY, *FILES)
