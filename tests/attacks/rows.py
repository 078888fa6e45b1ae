"""Attacks on single rows, columns, functions and sequences, listed from the catalogues."""

from collections.abc import Iterator

import psycopg

from tests.attacks.attack import Attack

# What each login may insert into, as docs/ledger.md says. Columns with a default or a number of the
# database's own are nobody's.
_MONTHS = (
    *("policy", "revision", "revision_signature", "seller_amount", "seller_snapshot"),
    *("evaluation", "evaluation_input", "decision", "approval_rule", "payout_date"),
)
_USES = (
    *("ad_account_link", "conversion", "conversion_end", "conversion_attempt", "expiry"),
    *("notice_list", "notice", "reward_delivery", "reward_entry", "reward_retry"),
)
INSERTS: dict[str, frozenset[str]] = {
    "service": frozenset({*_MONTHS, *_USES, "posting", "transfer", "correction", "payout", "run"}),
    "approver": frozenset({"approval", "adjustment_approval", "run"}),
    "reader": frozenset(),
    "stores": frozenset(
        {*("posting", "transfer", "ad_account_link", "conversion", "expiry")}
        | {*("reward_delivery", "reward_entry", "reward_retry")}
    ),
    "stranger": frozenset(),
}
CALLS: dict[str, frozenset[str]] = {
    "service": frozenset(
        {"seal_waiting", "lock_program", "wait_for_notes", "today"}
        | {"lock_balances", "stage_rewards"}
    ),
    "stores": frozenset({"lock_program", "today", "lock_balances", "stage_rewards"}),
    "approver": frozenset({"lock_program", "today"}),
    "reader": frozenset({"today"}),
}

_MODES = ("ROW SHARE", "ROW EXCLUSIVE", "SHARE", "EXCLUSIVE", "ACCESS EXCLUSIVE")
_RELATIONS = """
  SELECT relname, relkind::text FROM pg_class WHERE relnamespace = 'growth_points'::regnamespace
    AND relkind IN ('r', 'v') ORDER BY 1
"""
_COLUMNS = """
  SELECT relname, attname, atthasdef OR attidentity <> '',
         CASE attidentity WHEN '' THEN quote_ident(attname) ELSE 'DEFAULT' END
  FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
  WHERE relnamespace = 'growth_points'::regnamespace AND relkind = 'r' AND attnum > 0
    AND NOT attisdropped ORDER BY 1, attnum
"""
_FUNCTIONS = """
  SELECT proname, coalesce((SELECT string_agg('NULL::' || format_type(type, NULL), ', ')
                            FROM unnest(proargtypes) type), '')
  FROM pg_proc WHERE pronamespace = 'growth_points'::regnamespace ORDER BY 1
"""
_SEQUENCES = """
  SELECT relname FROM pg_class WHERE relnamespace = 'growth_points'::regnamespace AND relkind = 'S'
"""


def attacks_on_tables(owner: psycopg.Connection, login: str) -> Iterator[Attack]:
    """Yield what nobody may do to any table or view, and inserts into others' tables."""
    for table, kind in owner.execute(_RELATIONS).fetchall():
        name = f"growth_points.{table}"
        yield Attack(f"lock rows of {table}", f"SELECT 1 FROM {name} FOR UPDATE")
        yield Attack(f"share rows of {table}", f"SELECT 1 FROM {name} FOR KEY SHARE")
        for mode in _MODES:
            yield Attack(f"lock {table} in {mode}", f"LOCK TABLE {name} IN {mode} MODE")
        if kind == "r":
            yield Attack(f"delete from {table}", f"DELETE FROM {name}")
            yield Attack(f"empty {table}", f"TRUNCATE {name} CASCADE")
            if table not in INSERTS[login]:
                yield Attack(f"insert into {table}", f"INSERT INTO {name} DEFAULT VALUES")


def attacks_on_columns(owner: psycopg.Connection, login: str) -> Iterator[Attack]:
    """Yield updates of every column, and values for columns that a login may not choose."""
    for table, column, by_the_database, value in owner.execute(_COLUMNS).fetchall():
        name = f"growth_points.{table}"
        yield Attack(f"update {table}.{column}", f'UPDATE {name} SET "{column}" = {value}')
        if table not in INSERTS[login] or by_the_database:
            yield Attack(
                f"choose {table}.{column}",
                f'INSERT INTO {name} ("{column}") OVERRIDING SYSTEM VALUE VALUES (NULL)',
            )


def attacks_on_functions(owner: psycopg.Connection, login: str) -> Iterator[Attack]:
    """Yield calls of every function that a login may not call, and changes of every sequence."""
    for function, arguments in owner.execute(_FUNCTIONS).fetchall():
        if function not in CALLS.get(login, frozenset()):
            call = f"SELECT growth_points.{function}({arguments})"
            yield Attack(f"call {function}", call)
    for (sequence,) in owner.execute(_SEQUENCES).fetchall():
        for call in (
            f"setval('growth_points.{sequence}', 2147483647)",
            f"nextval('growth_points.{sequence}')",
        ):
            yield Attack(call, f"SELECT {call}")
