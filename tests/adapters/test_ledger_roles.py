"""Who may migrate: any owner of the database who may work as the service's role."""

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, text

from adapters.postgres.database import open_database
from adapters.postgres.migrating import MigrationForbidden
from adapters.postgres.verification.verify import verify

OWNER = "an_owner_without_rights"


@pytest.fixture
def owned_url(server_url: str, migrated_template: str) -> Iterator[str]:
    """An empty database of an owner who may not create roles, on a server that has the role."""
    _administer(server_url, f"CREATE ROLE {OWNER} LOGIN", f"CREATE DATABASE owned OWNER {OWNER}")
    yield server_url.replace("postgres@", f"{OWNER}@").replace("/postgres?", "/owned?")
    _administer(server_url, "DROP DATABASE owned WITH (FORCE)", f"DROP ROLE {OWNER}")


def _administer(server_url: str, *statements: str) -> None:
    server = create_engine(
        server_url.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
    )
    with server.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    server.dispose()


def test_an_owner_without_the_role_is_told_what_to_grant(owned_url: str) -> None:
    told = f"GRANT growth_points_service, growth_points_approver, growth_points_stores TO {OWNER}"
    with pytest.raises(MigrationForbidden, match=told), open_database(owned_url):
        pass


def test_an_owner_with_the_role_needs_no_other_right(server_url: str, owned_url: str) -> None:
    _administer(
        server_url,
        f"GRANT growth_points_service, growth_points_approver, growth_points_stores TO {OWNER}",
    )
    with open_database(owned_url) as engine, engine.connect() as connection:
        assert connection.scalar(text("SELECT current_user")) == "growth_points_service"
        connection.rollback()
        assert list(verify(connection)) == []
