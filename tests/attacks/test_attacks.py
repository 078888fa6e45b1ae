"""Nothing gets through as any login but the owner, on a ledger with paid and open months.

What the owner can do is named by verifying, unless it is harmless.
"""

from collections.abc import Callable, Iterator

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from tests.adapters.ledger_world import as_owner
from tests.attacks.attack import LOGINS, Attack, outcome
from tests.attacks.months import APPROVALS, AWARDS, PAYOUTS
from tests.attacks.owner import HARMLESS, SEALS, differences, got_through, without_triggers
from tests.attacks.postings import POSTINGS
from tests.attacks.powers import POWERS
from tests.attacks.rows import attacks_on_columns, attacks_on_functions, attacks_on_tables
from tests.attacks.tricks import TRICKS
from tests.attacks.uses import USES
from tests.production import as_login

_ON_ROWS = (*POSTINGS, *AWARDS, *PAYOUTS, *APPROVALS, *USES, *TRICKS)
_STATEMENTS = (*POWERS, *_ON_ROWS)


@pytest.fixture(scope="module")
def connections(ledger: URL) -> Iterator[dict[str, psycopg.Connection]]:
    """A session of each login, as somebody with its password has it."""
    sessions = {
        name: psycopg.connect(as_login(login, ledger), options="-c lock_timeout=5s")
        for name, login in LOGINS.items()
    }
    yield sessions
    for session in sessions.values():
        session.close()


def test_there_are_enough_of_them() -> None:
    names = [attack.name for attack in _STATEMENTS]
    assert len(names) == len(set(names)) >= 80


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize("attack", _STATEMENTS, ids=lambda attack: attack.name)
def test_an_attack_is_refused(
    connections: dict[str, psycopg.Connection], attack: Attack, login: str
) -> None:
    assert attack.expected(login) in outcome(connections[login], attack.sql)


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize("listed", [attacks_on_tables, attacks_on_columns, attacks_on_functions])
def test_no_table_column_or_function_is_open(
    ledger: URL,
    connections: dict[str, psycopg.Connection],
    listed: Callable[[psycopg.Connection, str], Iterator[Attack]],
    login: str,
) -> None:
    with psycopg.connect(as_login("growth_points_owner", ledger)) as owner:
        attacks = list(listed(owner, login))
    found = {attack.name: outcome(connections[login], attack.sql) for attack in attacks}

    assert len(attacks) > 20
    assert {
        attack.name: found[attack.name]
        for attack in attacks
        if attack.expected(login) not in found[attack.name]
    } == {}


@pytest.fixture(scope="module")
def owner(ledger: URL) -> Iterator[Engine]:
    """The owner, who may change what it likes."""
    with as_owner(as_login("growth_points_owner", ledger)) as engine:
        yield engine


@pytest.fixture(scope="module")
def before(owner: Engine) -> frozenset[str]:
    """What verifying names already: an award that was decided and not posted."""
    with owner.connect() as connection:
        return differences(connection)


@pytest.mark.parametrize("attack", _STATEMENTS, ids=lambda attack: attack.name)
def test_what_the_owner_can_do_is_named(
    owner: Engine, before: frozenset[str], attack: Attack
) -> None:
    with owner.connect() as connection:
        if got_through(connection, attack.sql) and attack.name not in HARMLESS:
            assert differences(connection) - before


@pytest.mark.parametrize("attack", _ON_ROWS, ids=lambda attack: attack.name)
def test_what_the_owner_can_do_without_triggers_is_named(
    owner: Engine, before: frozenset[str], attack: Attack
) -> None:
    with owner.connect() as connection:
        with without_triggers(connection):
            done = got_through(connection, attack.sql)
        if done and attack.name not in SEALS:
            assert differences(connection) - before
