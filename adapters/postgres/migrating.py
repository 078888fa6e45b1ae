"""Bringing a database to this program's version."""

from pathlib import Path
from typing import Final

from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from domain.refusal import Unavailable
from domain.sentence import sentence

_VERSIONS = Path(__file__).parents[2] / "deploy" / "migrations" / "versions"
# Migrations wait for each other; the first one, before there is a table to lock, by a number.
_FIRST_MIGRATION: Final = "SELECT pg_advisory_xact_lock(7310020002)"
_NEXT_MIGRATION: Final = "LOCK TABLE growth_points.alembic_version IN EXCLUSIVE MODE"


class DatabaseNewer(Unavailable):
    """The database was migrated by a newer version of this program."""


class MigrationForbidden(Unavailable):
    """The database user lacks a privilege that a migration needs."""


def migrate(engine: Engine, applied: str | None) -> None:
    """Apply the migrations after the newest applied one, in one process at a time.

    Raises DatabaseNewer, MigrationForbidden.
    """
    newest = max(file.name[:4] for file in _VERSIONS.glob("[0-9]*.py"))
    if applied is not None and applied > newest:
        raise DatabaseNewer(
            sentence(
                "The database is at migration {applied}, this program knows {newest}: "
                "use the newer version of growth-points.",
                applied=applied,
                newest=newest,
            )
        )
    if applied == newest:
        return
    try:
        _upgrade(engine, applied)
    except ProgrammingError as error:
        if not isinstance(error.orig, InsufficientPrivilege):
            raise
        diagnosis = error.orig.diag
        raise MigrationForbidden(
            sentence(
                "The database cannot be migrated: {why}. {hint}.",
                why=diagnosis.message_primary,
                hint=diagnosis.message_hint
                or sentence("Its user must own the schema growth_points"),
            )
        ) from error


def _upgrade(engine: Engine, applied: str | None) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_VERSIONS.parent))
    with engine.begin() as connection:
        connection.execute(text(_FIRST_MIGRATION if applied is None else _NEXT_MIGRATION))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
