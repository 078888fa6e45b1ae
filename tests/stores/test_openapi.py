"""The whole OpenAPI of the interface, asked by Schemathesis: no failure, no answer it does not say.

STORES_EXAMPLES sets how many requests of each kind an operation gets.
"""

import os
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import (
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
)
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from adapters.postgres.database import open_database
from tests.conftest import _database
from tests.stores.conftest import settings_of
from tests.stores.tokens import ALL_SCOPES, Issuer
from tests.using.conftest import make_program
from web.stores.app import create_app
from web.stores.serving import serving_stores

EXAMPLES: Final = int(os.environ.get("STORES_EXAMPLES", "8"))
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
KNOWN: Final = {
    "seller_id": "A",
    "month": "2026-10",
    "request_id": "r1",
    "event_id": "E",
    "day": "2026-12-01",
}
"""Values that are known, so that half of the requests get beyond what is not."""


APP: Final = create_app(settings_of("postgresql://", Path(), Issuer(Path("jwks.json"), [])))
SCHEMA: Final = schemathesis.openapi.from_dict(APP.openapi())
OPERATIONS: Final = {
    each.ok().label: each.ok() for each in SCHEMA.get_all_operations() if isinstance(each, Ok)
}
NOTHING_TO_GET_WRONG: Final = ("GET /api/v1/health", GenerationMode.NEGATIVE)
ASKED: Final = sorted({*product(OPERATIONS, GenerationMode)} - {NOTHING_TO_GET_WRONG})


@pytest.fixture(scope="module")
def url(
    server_url: str,
    migrated_template: str,
    tmp_path_factory: pytest.TempPathFactory,
    issuer: Issuer,
) -> Iterator[str]:
    """A real server."""
    folder = tmp_path_factory.mktemp("openapi")
    with _database(server_url, migrated_template) as database:
        with open_database(database) as engine:
            make_program(engine, database, folder)
        with serving_stores(settings_of(database, folder, issuer), 0) as address:
            yield address


def test_the_whole_interface_is_asked() -> None:
    assert len(OPERATIONS) == 14


@pytest.mark.parametrize(("label", "mode"), ASKED)
def test_every_answer_is_described(
    url: str, issuer: Issuer, label: str, mode: GenerationMode
) -> None:
    token = issuer.token("shop", ALL_SCOPES)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=OPERATIONS[label].as_strategy(mode), known=st.booleans())
    def ask(case: Case[Any], known: bool) -> None:
        if known:
            for name in case.path_parameters.keys() & KNOWN.keys():
                case.path_parameters[name] = KNOWN[name]
        headers = {"Authorization": f"Bearer {token}"}
        case.call_and_validate(base_url=url, headers=headers, checks=CHECKS)

    ask()
