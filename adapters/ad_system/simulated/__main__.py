"""Start the simulated ad system: `python -m adapters.ad_system.simulated --help`."""

import argparse
import json
import sys
from pathlib import Path

from adapters.ad_system.simulated.behaviour import Behaviour
from adapters.ad_system.simulated.server import Server
from adapters.ad_system.simulated.store import Store


def main() -> None:
    """Listen until it is ended; print the address first."""
    parser = argparse.ArgumentParser(
        prog="python -m adapters.ad_system.simulated",
        description="A simulated ad system; it listens on this machine only.",
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--store", type=Path, required=True, help="its SQLite file")
    parser.add_argument("--token", required=True, help="the token that it expects")
    parser.add_argument("--page-size", type=int, default=500, help="credits on a page of a list")
    parser.add_argument(
        "--behaviour",
        type=lambda text: Behaviour.parse(json.loads(text)),
        default=Behaviour(),
        help="how it behaves, as JSON",
    )
    given = parser.parse_args()
    store = Store(given.store, given.page_size)
    store.prepare()
    with Server(given.port, store, given.token, given.behaviour) as server:
        sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    main()
