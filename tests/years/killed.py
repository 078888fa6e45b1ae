"""Run a flow until its n-th statement, and be killed there: `FLOW PARAMETERS STATEMENT TIME`."""

import json
import os
import sys
import tempfile
from datetime import datetime
from pathlib import Path

from flows.prefect.deployments import DEPLOYED
from flows.prefect.servers.temporary_server import ready_for_flows
from tests.simulation.troubles import before_statement, kill_this_process
from tests.years.clock import clock_by_hand


def main(name: str, parameters: str, statement: str, at: str) -> None:
    """Run it, on the database whose clock is set already."""
    flow = next(each.flow for each in DEPLOYED if each.name == name)
    folder = Path(tempfile.mkdtemp())
    with (
        clock_by_hand(folder, datetime.fromisoformat(at)),
        ready_for_flows(),
        before_statement(int(statement), kill_this_process),
    ):
        flow(return_state=True, **json.loads(parameters))


if __name__ == "__main__":
    main(*sys.argv[1:])
    os._exit(0)
