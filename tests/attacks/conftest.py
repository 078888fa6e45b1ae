"""The ledger that is attacked."""

from collections.abc import Iterator

import pytest
from sqlalchemy.engine import URL

from adapters.postgres.database import open_database
from tests.adapters.ledger_probes import keep_a_small_ledger
from tests.adapters.ledger_world import as_owner
from tests.adapters.notice_probes import tell_stores
from tests.adapters.using_probes import use_points
from tests.production import administer, as_login, production_database


@pytest.fixture(scope="module")
def ledger(server_url: str) -> Iterator[URL]:
    """A small ledger of production, and a stranger who may connect."""
    with production_database(server_url) as database:
        url = as_login("growth_points_owner", database)
        with open_database(url), as_owner(url) as owner:
            keep_a_small_ledger(owner)
            use_points(owner)
            with owner.begin() as connection:
                tell_stores(connection)
        administer(
            server_url,
            "CREATE ROLE stranger LOGIN",
            "GRANT CONNECT ON DATABASE growth_points TO stranger",
        )
        yield database
        administer(server_url, "REVOKE CONNECT ON DATABASE growth_points FROM stranger")
        administer(server_url, "DROP ROLE stranger")
