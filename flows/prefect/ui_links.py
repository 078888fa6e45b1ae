"""Where to look in the Prefect UI: addresses for reports and alarms."""

import json
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_UI_URL

from flows.prefect.servers.temporary_server import server_is_temporary
from flows.prefect.telling import without_a_server


def ui_address() -> str:
    """Give the address of the UI, in the version of it that is shown by default."""
    return str(PREFECT_UI_URL.value()).rstrip("/").removesuffix("/v2") + "/v2"


def form_address(deployment: str, parameters: dict[str, Any]) -> str | None:
    """Give the address of a deployment's form with parameters filled in.

    None where the server has no such deployment, or does not say: a link that lacks is no reason
    to give up what was done.
    """
    if server_is_temporary():
        return None
    filled_in = quote(json.dumps(parameters))
    with (
        without_a_server("the Prefect server did not say where its forms are"),
        suppress(ObjectNotFound),
        get_client(sync_client=True) as client,
    ):
        found = client.read_deployment_by_name(deployment)
        return f"{ui_address()}/deployments/deployment/{found.id}/run?parameters={filled_in}"
    return None
