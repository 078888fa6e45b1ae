"""Migrations upgrade a database with data in it: what was sealed before still matches its seal."""

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from adapters.postgres.database import _VERSIONS, migrate
from adapters.postgres.ledger import seal_now
from adapters.postgres.verification.verify import verify
from tests.adapters.ledger_world import as_owner

_RECORDED_BEFORE_0008 = """
  WITH revision AS (
    INSERT INTO growth_points.revision (settlement_month, revision_no, content_hash, source,
      lines, amount_krw, sellers, profile, findings, actor)
    VALUES ('2026-10-01', 1, repeat('0', 64), 'somewhere', 2, 7, 1, '{}', '[]', 'somebody')
    RETURNING revision_id
  ), amount AS (
    INSERT INTO growth_points.seller_amount
    SELECT revision_id, 's', 'PROD_ORDER', 2, 7 FROM revision
  )
  INSERT INTO growth_points.seller_snapshot
  SELECT revision_id, 's', '2020-01-01', 'NORMAL', false, true, false, false FROM revision
"""

_TAMPERING = (
    "ALTER TABLE growth_points.seller_amount DISABLE TRIGGER USER",
    "UPDATE growth_points.seller_amount SET line_type = 'DELIVERY'",
)


@pytest.fixture
def empty_url(server_url: str) -> str:
    """A database without any migration."""
    with as_owner(server_url) as server:
        connection = server.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("CREATE DATABASE before_0008"))
        connection.close()
    return server_url.replace("/postgres?", "/before_0008?")


def test_a_delivery_sealed_with_its_rows_still_matches_its_seal(empty_url: str) -> None:
    with as_owner(empty_url) as owner:
        config = Config()
        config.set_main_option("script_location", str(_VERSIONS.parent))
        with owner.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "0007")
        with owner.begin() as connection:
            connection.execute(text(_RECORDED_BEFORE_0008))
        migrate(owner)
        with owner.begin() as connection:
            assert seal_now(connection) is not None
            assert list(verify(connection)) == []
            connection.execute(text("ALTER TABLE growth_points.seller_amount DISABLE TRIGGER USER"))
            connection.execute(
                text("UPDATE growth_points.seller_amount SET lines = 1, amount_krw = 8")
            )
            assert "revision 1 is not what was sealed" in str(list(map(str, verify(connection))))
