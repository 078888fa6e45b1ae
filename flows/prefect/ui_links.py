"""Addresses in the Prefect UI, for reports and alarms."""

import json
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_UI_URL

from flows.prefect.server_errors import tolerating_server_errors
from flows.prefect.servers.temporary_server import server_is_temporary


def ui_address() -> str:
    """Return the address of the UI, in its default version."""
    return str(PREFECT_UI_URL.value()).rstrip("/").removesuffix("/v2") + "/v2"


def run_address(run_id: object) -> str:
    """Return the address of a run's page."""
    return f"{ui_address()}/runs/flow-run/{run_id}"


def form_address(deployment: str, parameters: dict[str, Any]) -> str | None:
    """Return the address of a deployment's form with parameters filled in.

    None if the server has no such deployment or does not answer.
    """
    if server_is_temporary():
        return None
    filled_in = quote(json.dumps(parameters))
    with (
        tolerating_server_errors("the address of a form could not be read from the Prefect server"),
        suppress(ObjectNotFound),
        get_client(sync_client=True) as client,
    ):
        found = client.read_deployment_by_name(deployment)
        return f"{ui_address()}/deployments/deployment/{found.id}/run?parameters={filled_in}"
    return None
