"""Running flows from the command line: Prefect's API in this process's company.

Without a configured server Prefect starts a temporary one for the process. It is told here to
keep its files in the program's home, to send no statistics, and to leave out everything that only
a lasting server needs. Nothing here may import Prefect: it reads its settings when imported.
"""

import os
from pathlib import Path
from threading import Thread
from typing import Final

from expectations.gate import warm_up

_LASTING_SERVICES: Final = (
    "CANCELLATION_CLEANUP",
    "DB_VACUUM",
    "EVENT_PERSISTER",
    "FOREMAN",
    "LATE_RUNS",
    "PAUSE_EXPIRATIONS",
    "REPOSSESSOR",
    "SCHEDULER",
    "TRIGGERS",
)


def load_the_gate() -> None:
    """Begin to load the gate's library, which takes seconds, while Prefect and files do."""
    Thread(target=warm_up, daemon=True).start()


def prepare_prefect(home: Path) -> None:
    """Set what Prefect will read; a variable that is set already stays as it is."""
    settings = {
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_LEVEL": "CRITICAL",
    }
    if "PREFECT_API_URL" not in os.environ:
        prefect_home = (home / "prefect").resolve()
        prefect_home.mkdir(parents=True, exist_ok=True)
        settings |= {
            "PREFECT_HOME": str(prefect_home),
            "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
            "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "60",
            "PREFECT_SERVER_UI_ENABLED": "false",
        }
        settings |= {
            f"PREFECT_SERVER_SERVICES_{name}_ENABLED": "false" for name in _LASTING_SERVICES
        }
    for name, value in settings.items():
        os.environ.setdefault(name, value)
