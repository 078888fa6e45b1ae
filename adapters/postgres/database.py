"""The database: connecting, migrating, and the lock that serializes all changes."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from psycopg.errors import InsufficientPrivilege
from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError, ProgrammingError

from adapters.postgres.migrating import migrate
from adapters.postgres.waiting import LOCK_TIMEOUT_SECONDS, name_who_holds_locks
from domain.refusal import Unavailable, WrongUsage
from domain.secrets import without_secrets
from domain.sentence import sentence

# What a login may work as: the first that it is a member of, unless something is to be approved.
STORES_ROLE: Final = "growth_points_stores"
_ROLES: Final = (
    *("growth_points_service", "growth_points_approver", "growth_points_reader", STORES_ROLE),
)
_FIRST_ROLE: Final = text("""
    SELECT rolname FROM pg_roles
    WHERE rolname = ANY (:roles) AND pg_has_role(session_user, oid, 'MEMBER')
    ORDER BY array_position(:roles, rolname::text) LIMIT 1
""")
_MAY_APPROVE: Final = text("""
    SELECT session_user, pg_has_role(session_user, 'growth_points_approver', 'MEMBER')
""")

# Every setting that affects results is set to its default, so that environment variables such as
# PGTZ and settings of the role or the database have no influence.
_SESSION: Final = """
    SET TimeZone = 'Asia/Seoul';
    SET DateStyle = 'ISO, YMD';
    SET IntervalStyle = postgres;
    SET bytea_output = hex;
    SET client_encoding = UTF8;
    SET default_transaction_deferrable = off;
    SET default_transaction_isolation = 'read committed';
    SET extra_float_digits = 1;
    SET search_path = "$user", public;
    SET standard_conforming_strings = on;
    SET transform_null_equals = off;
    SET work_mem = '128MB'; -- a month's stores are joined in memory
"""
# A limit of the address, the login or the database stays.
_LIMIT_WAITS: Final = (
    "SELECT set_config('lock_timeout', %s, false) WHERE current_setting('lock_timeout') = '0'"
)
_SET_NESTED_LOOPS: Final = text("SELECT set_config('enable_nestloop', :before, true)")
_PLACE: Final = frozenset({"host", "hostaddr", "port"})
_CONNECT_SECONDS: Final = 10
_ITS_OWN: Final = {"application_name": "growth-points", "client_encoding": "utf8"}


class DatabaseUrlInvalid(WrongUsage):
    """GROWTH_POINTS_DATABASE_URL is not the URL of a PostgreSQL database."""


class DatabaseUnreachable(Unavailable):
    """No connection to the database could be made."""


class LoginForbidden(Unavailable):
    """The database login may not do what was asked for."""


@contextmanager
def open_database(
    url: str,
    *,
    lock_timeout: int = LOCK_TIMEOUT_SECONDS,
    work_as: str | None = None,
    connections: int = 5,
) -> Iterator[Engine]:
    """Migrate the database and yield an engine that runs as the role of its login, or as another.

    Its sessions wait for a lock for so many seconds, then raise WaitedTooLong. It keeps up to so
    many connections open.

    Migrations create the roles, which may only select and insert. Raises DatabaseUrlInvalid,
    DatabaseUnreachable, DatabaseNewer, MigrationForbidden, LoginForbidden.
    """
    engine = _engine(url, lock_timeout, connections)
    try:
        _migrate_as_login(engine, work_as)
        yield engine
    finally:
        engine.dispose()


def _migrate_as_login(engine: Engine, work_as: str | None) -> None:
    """Migrate the database as its login, whose connections are closed; later ones set a role."""
    migrate(engine, _applied(engine))
    if (role := _role_of_login(engine, work_as)) is not None:
        event.listen(engine, "connect", partial(_set_role, role))
    engine.dispose()


def roll_back_all(engine: Engine) -> None:
    """Let every transaction of an engine be rolled back where it would be committed."""
    event.listen(engine, "commit", lambda connection: connection.connection.rollback())


def _applied(engine: Engine) -> str | None:
    try:
        with engine.connect() as connection:
            table = text("SELECT to_regclass('growth_points.alembic_version')::text")
            if connection.scalar(table) is None:
                return None
            version = text("SELECT version_num FROM growth_points.alembic_version")
            return str(connection.scalar(version))
    except OperationalError as error:
        reason = without_secrets(str(error.orig).strip().splitlines()[0].rstrip("."))
        raise DatabaseUnreachable(
            sentence(
                "No connection to {url}: {reason}. Is the database running, and "
                "GROWTH_POINTS_DATABASE_URL right?",
                url=_shown(engine.url),
                reason=reason,
            )
        ) from None
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) is None:  # libpq's own
            raise DatabaseUrlInvalid(
                sentence(
                    "GROWTH_POINTS_DATABASE_URL has a parameter that PostgreSQL does not "
                    "know, or a value that it does not take; write "
                    "postgresql://user@host/database"
                )
            ) from None
        if not isinstance(error.orig, InsufficientPrivilege):
            raise
        raise LoginForbidden(
            sentence(
                "The database login {username} may not use this program: let an "
                "administrator grant it one of {roles}.",
                username=engine.url.username,
                roles=", ".join(_ROLES),
            )
        ) from None


def _shown(url: URL) -> str:
    """Write an address without its password, also if it is a parameter, as libpq allows."""
    place = {name: value for name, value in url.query.items() if name in _PLACE}
    return url.set(drivername="postgresql", query=place).render_as_string()


def _engine(url: str, lock_timeout: int, connections: int) -> Engine:
    parsed = _parsed(url)
    engine = create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,
        pool_size=connections,
        connect_args=_ITS_OWN | _patience(parsed) | _without_libpq_variables(parsed),
    )
    event.listen(engine, "connect", partial(_begin_session, lock_timeout))
    name_who_holds_locks(engine)
    return engine


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise DatabaseUrlInvalid(
            sentence(
                "GROWTH_POINTS_DATABASE_URL is not a URL; write postgresql://user@host/database"
            )
        ) from None
    if "@" in (parsed.host or ""):
        raise DatabaseUrlInvalid(
            sentence(
                "GROWTH_POINTS_DATABASE_URL has more than one '@'; write one in a password as %40"
            )
        )
    if parsed.get_backend_name() != "postgresql":
        raise DatabaseUrlInvalid(
            sentence(
                "GROWTH_POINTS_DATABASE_URL names {kind!r}; only "
                "PostgreSQL is supported: postgresql://user@host/database",
                kind=parsed.get_backend_name(),
            )
        )
    return parsed


def _patience(url: URL) -> dict[str, Any]:
    """Wait for a silent host as long as the URL says; by itself libpq waits for minutes."""
    return {} if "connect_timeout" in url.query else {"connect_timeout": _CONNECT_SECONDS}


def _without_libpq_variables(url: URL) -> dict[str, Any]:
    """Override libpq's environment variables that would take precedence over the URL."""
    said = {"options": url.query.get("options", "")}  # PGOPTIONS could disable triggers
    if url.host or "host" in url.query:
        said["hostaddr"] = url.query.get("hostaddr", "")
    return said


def _begin_session(lock_timeout: int, connection: Any, _record: object) -> None:
    connection.execute(_SESSION)
    connection.execute(_LIMIT_WAITS, [f"{lock_timeout}s"])
    connection.commit()


def _role_of_login(engine: Engine, work_as: str | None) -> str | None:
    roles = list(_ROLES) if work_as is None else [work_as]
    with engine.connect() as connection:
        role: str | None = connection.scalar(_FIRST_ROLE, {"roles": roles})
    if role is None and work_as is not None:
        raise LoginForbidden(
            sentence(
                "The database login {username} may not work as {work_as}: let an "
                "administrator grant it that role.",
                username=engine.url.username,
                work_as=work_as,
            )
        )
    return role


def _set_role(role: str, connection: Any, _record: object) -> None:
    connection.execute(f"SET ROLE {role}")
    connection.commit()


def work_as_approver(connection: Connection) -> None:
    """Work as the role that may approve, until the transaction ends; raises LoginForbidden."""
    login, may_approve = connection.execute(_MAY_APPROVE).one()
    if not may_approve:
        raise LoginForbidden(
            sentence(
                "The database login {login} may not approve payouts. Set "
                "GROWTH_POINTS_DATABASE_URL to the approver's login and run the "
                "command again.",
                login=login,
            )
        )
    connection.execute(text("SET LOCAL ROLE growth_points_approver"))


def lock_program(connection: Connection) -> None:
    """Take the program's lock, which serializes closings and payouts, until the transaction ends.

    One lock for each month would not help, since a closing may re-evaluate later months.
    """
    connection.execute(text("SELECT growth_points.lock_program()"))


@contextmanager
def without_nested_loops(connection: Connection) -> Iterator[None]:
    """Disable nested loops, until the block or the transaction ends.

    The statistics do not know the month that is being recorded yet, so the planner expects no
    rows, and would choose nested loops that scan all awards for every store.
    """
    before = connection.scalar(text("SHOW enable_nestloop"))
    connection.execute(text("SET LOCAL enable_nestloop = off"))
    yield
    connection.execute(_SET_NESTED_LOOPS, {"before": before})
