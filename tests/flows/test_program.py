"""The embedded database: what is set for other databases says nothing about it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from adapters.postgres.embedded import release_embedded
from flows.program import program_database
from flows.settings import Settings

VARIABLES = {
    "PGSERVICE": "nowhere",
    "PGHOSTADDR": "127.0.0.1",
    "PGPORT": "1",
    "PGUSER": "nobody",
    "PGDATABASE": "nothing",
    "PGSSLMODE": "verify-full",
    "PGREQUIREAUTH": "scram-sha-256",
    "PGCHANNELBINDING": "require",
    "PGTARGETSESSIONATTRS": "standby",
    "PGDATESTYLE": "German",
    "PGOPTIONS": "-c default_transaction_read_only=on",
    "PGDATA": "/nowhere",
}


@pytest.fixture(scope="module")
def lasting_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home whose embedded database a module's tests share."""
    home = tmp_path_factory.mktemp("home")
    yield home
    release_embedded(home / "postgres")


@pytest.mark.parametrize("name", VARIABLES)
def test_libpq_s_variables_do_not_lead_away_from_the_embedded_database(
    name: str, lasting_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROWTH_POINTS_HOME", str(lasting_home))
    monkeypatch.delenv("GROWTH_POINTS_DATABASE_URL", raising=False)
    monkeypatch.setenv(name, VARIABLES[name])
    with program_database(Settings.read()) as engine, engine.connect() as connection:
        answer = connection.execute(
            text(
                "SELECT current_database(), session_user, DATE '2026-10-03'::text, "
                "current_setting('transaction_read_only')"
            )
        ).one()
    assert tuple(answer) == ("postgres", "postgres", "2026-10-03", "off")
