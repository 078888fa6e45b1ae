"""Weaken every condition of every guard of the database in turn; a probe must notice each.

    python -m tests.mutation.guards [NAME ...] [--sample N --seed S]

What is weakened is read from the catalogues of a migrated database: conditions in functions and in
checks, the occasions and conditions of triggers, the conditions of unique indexes. A new guard is
therefore covered, or named as surviving. A probe notices a weaker guard if it is no longer refused
as it says, or if a small ledger can no longer be kept.
"""

import argparse
import random
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from adapters.postgres.database import open_database
from adapters.postgres.embedded import embedded_url, release_embedded
from adapters.postgres.ledger import seal_now
from adapters.postgres.verification.verify import verify
from domain.refusal import Refused
from tests.adapters.guards import INSUFFICIENT_PRIVILEGE, Probe, named, refusal
from tests.adapters.ledger_world import as_owner, database_of_its_own
from tests.adapters.month_probes import add_to_what_has_this_id, record_under_ids_to_come
from tests.adapters.probes import PROBES, go_on, keep_what_probes_need
from tests.mutation.conditions import weakened

_FUNCTIONS: Final = """
  SELECT proname, pg_get_functiondef(pg_proc.oid) AS definition, prosrc FROM pg_proc
  WHERE pronamespace = 'growth_points'::regnamespace AND prokind = 'f'
    AND proname <> 'stage_rewards'  -- it makes tables, and compares nothing
  ORDER BY proname
"""
_CHECKS: Final = """
  SELECT relname, conname, pg_get_constraintdef(pg_constraint.oid) AS definition
  FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
  WHERE relnamespace = 'growth_points'::regnamespace AND contype = 'c' ORDER BY 1, 2
"""
_DOMAINS: Final = """
  SELECT typname, conname, pg_get_constraintdef(pg_constraint.oid) AS definition
  FROM pg_constraint JOIN pg_type ON pg_type.oid = contypid
  WHERE typnamespace = 'growth_points'::regnamespace AND contype = 'c' ORDER BY 1, 2
"""
_TRIGGERS: Final = """
  SELECT relname, tgname, proname, pg_get_triggerdef(pg_trigger.oid) AS definition
  FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_proc ON pg_proc.oid = tgfoid
  WHERE relnamespace = 'growth_points'::regnamespace AND NOT tgisinternal AND relkind IN ('r', 'v')
  ORDER BY 1, 2
"""
_INDEXES: Final = """
  SELECT pg_class.relname, index.relname AS name, pg_get_indexdef(indexrelid) AS definition
  FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
  JOIN pg_class index ON index.oid = indexrelid
  WHERE pg_class.relnamespace = 'growth_points'::regnamespace AND indisunique
    AND indpred IS NOT NULL ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A weaker guard: what is weaker, the statement that makes it so, the guards it concerns."""

    where: str
    what: str
    statement: str
    guards: frozenset[str]

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


UNCHANGED: Final = Mutant("the guards", "as they are", "SELECT 1", frozenset())

# The guards are weaker on purpose, and November is paid ahead.
_EXPECTED: Final = frozenset({"guards", "payouts"})

# Weaker in words, not in effect; each with its reason.
_BATCHES = "only decides who seals, and when"
_NO_WORK = "only spares a statement that would find nothing"
EQUIVALENT: Final = {
    "note: false for number % 64 = 0": _BATCHES,
    "posting.is_in_time: true for new.settlement_month IS NOT NULL": _NO_WORK,
    "require_rewards_in_order: true for NOT from_its_start": _NO_WORK,
    "reward_retry_is_entitled: no comparison of subject = 'reward_retry'": (
        "refuses more, where another kind of record has the number of the posting"
    ),
    "transfer_is_entitled: true for added_to.kind = 'reward'": (
        "refuses more, what returns after the last usable day: tests/using/test_rewards.py"
    ),
    "transfer_is_entitled: true for added_to.settlement_month IS NOT NULL": _NO_WORK,
    "transfer_moves_points: true for are.given": _NO_WORK,
    "transfer_moves_points: true for are.taken": _NO_WORK,
    "transfer.transfer_finishes_an_award_once: true for finishes IS NOT NULL": (
        "NULLs are never equal, the index is only smaller without them"
    ),
    "reward_entry.reward_entry_is_cancelled_once: true for cancels_event_id IS NOT NULL": (
        "NULLs are never equal, the index is only smaller without them"
    ),
    "transfer_is_entitled: true for correction.kind = 'award'": (
        "any other is of a tier that was paid, which is refused before; lets an index be used"
    ),
    "seller_is_known: no comparison of store.revision_id = revision.revision_id": (
        "any snapshot that has the store is found, only slower"
    ),
    **dict.fromkeys(
        (
            "expiry_is_due: true for account = 'available'",
            "notice_is_due: true for account = 'available'",
            "lock_balances: true for account = 'available'",
            "lock_balances: true for seller_id = ANY (sellers)",
        ),
        "only locks more than it needs",
    ),
    **dict.fromkeys(
        (
            "seal_reward_delivery: true for entry.reward_delivery_id = NEW.reward_delivery_id",
            "require_rewards_in_order: true for retry.posting_no = number",
        ),
        "looks at what was recorded before, too, which is sound",
    ),
}


def mutants(owner: Engine) -> list[Mutant]:
    """List every weaker guard of a migrated database."""
    with owner.connect() as connection:
        found = {
            kind: connection.execute(text(query)).all()
            for kind, query in (
                ("functions", _FUNCTIONS),
                ("checks", _CHECKS),
                ("domains", _DOMAINS),
                ("triggers", _TRIGGERS),
                ("indexes", _INDEXES),
            )
        }
    return [
        *_weaker_functions(found["functions"], found["triggers"]),
        *_weaker_checks(found["checks"]),
        *_weaker_domains(found["domains"]),
        *_weaker_triggers(found["triggers"]),
        *_weaker_indexes(found["indexes"]),
    ]


def _weaker_functions(functions: Sequence[Any], triggers: Sequence[Any]) -> Iterator[Mutant]:
    bodies = {row.proname: row.prosrc for row in functions}
    for row in functions:
        users = _users(row.proname, bodies)
        guards = frozenset(f"{t.relname}.{t.tgname}" for t in triggers if t.proname in users)
        for each in weakened(row.prosrc):
            statement = row.definition.replace(row.prosrc, each.text)
            yield Mutant(row.proname, each.what, statement, guards)


def _users(name: str, bodies: dict[str, str]) -> set[str]:
    """Find the function itself and those that call it, directly or through others."""
    users, before = {name}, set[str]()
    while users != before:
        before = set(users)
        users |= {
            caller for caller, body in bodies.items() if any(f"{each}(" in body for each in before)
        }
    return users


def _weaker_checks(checks: Sequence[Any]) -> Iterator[Mutant]:
    for row in checks:
        table, guard = f"growth_points.{row.relname}", f"{row.relname}.{row.conname}"
        for each in weakened(row.definition):
            yield Mutant(
                guard,
                each.what,
                f"ALTER TABLE {table} DROP CONSTRAINT {row.conname};"
                f" ALTER TABLE {table} ADD CONSTRAINT {row.conname} {each.text} NOT VALID",
                frozenset({guard}),
            )


def _weaker_domains(domains: Sequence[Any]) -> Iterator[Mutant]:
    for row in domains:
        domain, guard = f"growth_points.{row.typname}", f"{row.typname}.{row.conname}"
        for each in weakened(row.definition):
            yield Mutant(
                guard,
                each.what,
                f"ALTER DOMAIN {domain} DROP CONSTRAINT {row.conname};"
                f" ALTER DOMAIN {domain} ADD CONSTRAINT {row.conname} {each.text} NOT VALID",
                frozenset({guard}),
            )


def _weaker_triggers(triggers: Sequence[Any]) -> Iterator[Mutant]:
    for row in triggers:
        guard = f"{row.relname}.{row.tgname}"
        for what, definition in _weaker_trigger(row.definition):
            yield Mutant(
                guard,
                what,
                f"DROP TRIGGER {row.tgname} ON growth_points.{row.relname}; {definition};"
                f" ALTER TABLE growth_points.{row.relname} ENABLE ALWAYS TRIGGER {row.tgname}",
                frozenset({guard}),
            )


def _weaker_trigger(definition: str) -> Iterator[tuple[str, str]]:
    head, _, rest = definition.partition(" ON ")
    events = re.split(r" (?:BEFORE|AFTER|INSTEAD OF) ", head)[1].split(" OR ")
    for event in events if len(events) > 1 else []:
        fewer = " OR ".join(each for each in events if each != event)
        yield f"not on {event}", definition.replace(" OR ".join(events), fewer, 1)
    for each in weakened(rest):
        yield each.what, f"{head} ON {each.text}"


def _weaker_indexes(indexes: Sequence[Any]) -> Iterator[Mutant]:
    for row in indexes:
        head, where, condition = row.definition.partition(" WHERE ")
        for each in weakened(where + condition):
            yield Mutant(
                f"{row.relname}.{row.name}",
                each.what,
                f"DROP INDEX growth_points.{row.name}; {head}{each.text}",
                frozenset({f"{row.relname}.{row.name}"}),
            )


def survivors(server_url: str, template: str, chosen: Iterable[Mutant]) -> Iterator[Mutant]:
    """Yield the mutants that no probe notices and under which a small ledger is kept as before."""
    with database_of_its_own(server_url, template) as url, as_owner(url) as owner:
        keep_what_probes_need(owner)
        for mutant in chosen:
            if all(_is_refused(owner, probe, mutant) for probe in _concerned(mutant)):
                with database_of_its_own(server_url, template) as another:
                    if _keeps_a_ledger(another, mutant):
                        yield mutant


def _concerned(mutant: Mutant) -> list[Probe]:
    return [probe for probe in PROBES if probe.guard in mutant.guards]


def _is_refused(owner: Engine, probe: Probe, mutant: Mutant) -> bool:
    """Return whether the probe is refused as it says."""
    try:
        found = refusal(owner, probe, dropping=mutant.statement) or ""
    except DBAPIError as error:
        found = named(error)
    return probe.refusal in found or _is_no_sql(found)


def _is_no_sql(refused: str) -> bool:
    """Return whether nothing was refused but the mutant's own SQL, which then proves nothing."""
    code = refused[-6:-1]
    return code.startswith("42") and code != INSUFFICIENT_PRIVILEGE


def _keeps_a_ledger(database_url: str, mutant: Mutant) -> bool:
    with as_owner(database_url) as owner:
        try:
            with owner.begin() as connection:
                connection.execute(text(mutant.statement))
            keep_what_probes_need(owner)
            go_on(owner)
            with owner.begin() as connection:
                seal_now(connection)
            with owner.connect() as connection:
                agrees = all(each.check in _EXPECTED for each in verify(connection))
            return agrees and _keeps_rows_apart_after_a_restore(owner)
        except DBAPIError as error:
            return _is_no_sql(named(error))
        except (psycopg.Error, Refused, AssertionError):
            return False


def _keeps_rows_apart_after_a_restore(owner: Engine) -> bool:
    with owner.begin() as connection:
        record_under_ids_to_come(connection, "revision", 300)
    with owner.connect() as connection:
        try:
            add_to_what_has_this_id(connection, "seller_amount", "revision")
        except DBAPIError as error:
            return "never later" in named(error)
    return False


def main() -> int:
    """Weaken the guards; print what survives, and fail if there is any."""
    asked = _arguments()
    with tempfile.TemporaryDirectory(prefix="growth-points-mutation-") as folder:
        server_url = embedded_url(Path(folder) / "data")
        with database_of_its_own(server_url, "template1") as template:
            with open_database(template):
                pass
            with as_owner(template) as owner:
                every = [each for each in mutants(owner) if _is_asked(each, asked.names)]
            chosen = every
            if 0 < asked.sample < len(every):
                chosen = random.Random(asked.seed).sample(every, asked.sample)  # noqa: S311 no secret
            living = _try(server_url, template.rpartition("?")[0].rpartition("/")[2], chosen)
        release_embedded(Path(folder) / "data")
    unknown = living - EQUIVALENT.keys()
    print(  # noqa: T201
        f"{len(chosen)} of {len(every)} weaker guards tried, {len(unknown)} survive,"
        f" {len(living) - len(unknown)} have no effect"
    )
    if unknown:
        print("Add a probe that notices each, or drop the condition that nothing needs.")  # noqa: T201
    stale = EQUIVALENT.keys() & set(map(str, chosen)) - living
    for each in stale:
        print(f"noticed, though said to have no effect: {each}")  # noqa: T201
    return 1 if unknown or stale else 0


def _try(server_url: str, template: str, chosen: Sequence[Mutant]) -> set[str]:
    """Print and return what survives, if anything can."""
    if not list(survivors(server_url, template, [UNCHANGED])):
        sys.exit(
            "Even with the guards as they are, a probe fails or a small ledger cannot be kept."
            " Make tests/adapters/test_guards.py pass first."
        )
    living = set()
    for each in survivors(server_url, template, chosen):
        print(EQUIVALENT.get(str(each), "survives"), each, sep=": ", flush=True)  # noqa: T201
        living.add(str(each))
    return living


def _is_asked(mutant: Mutant, names: Sequence[str]) -> bool:
    return not names or mutant.where in names


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation.guards", description=__doc__)
    parser.add_argument("names", nargs="*", help="only these functions or guards")
    parser.add_argument("--sample", type=int, default=0, help="try so many, chosen by the seed")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
