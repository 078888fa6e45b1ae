"""Running flows from the command line: Prefect's API in this process's company.

Without a configured server Prefect starts a temporary one for the process. It is told here to
keep its files in the program's home, to send no statistics, and to leave out everything that only
a lasting server needs. Nothing here may import Prefect: it reads its settings when imported.
"""

import os
from pathlib import Path
from typing import Final

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
            "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "300",
            "PREFECT_SERVER_UI_ENABLED": "false",
        }
        settings |= {
            f"PREFECT_SERVER_SERVICES_{name}_ENABLED": "false" for name in _LASTING_SERVICES
        }
    for name, value in settings.items():
        os.environ.setdefault(name, value)
