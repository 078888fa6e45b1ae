"""The progress of a long run, shown in the UI."""

from dataclasses import dataclass, field
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.runtime import deployment

from domain.months import SettlementMonth
from flows.prefect.server_errors import best_effort


@dataclass(slots=True)
class RunProgress:
    """A progress bar on a deployment's run; commands log their steps to the terminal instead."""

    month: SettlementMonth
    _artifact: UUID | None = field(default=None, init=False)

    def reach(self, percent: float, doing: str) -> None:
        """Show how far the run is and what it does next."""
        if deployment.id:
            with best_effort("how far the run is"):
                self._show(percent, doing)

    def _show(self, percent: float, description: str) -> None:
        if self._artifact is None:
            made = create_progress_artifact(
                percent, key=f"progress-{self.month}", description=description
            )
            self._artifact = made if isinstance(made, UUID) else None
        else:
            update_progress_artifact(self._artifact, percent, description)
