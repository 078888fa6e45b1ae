"""The progress of a long run, shown in the UI."""

from dataclasses import dataclass, field
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.runtime import deployment

from adapters.languages.catalog import ENGLISH, Language, say
from domain.months import SettlementMonth
from domain.sentence import Text
from flows.prefect.server_errors import best_effort


@dataclass(slots=True)
class RunProgress:
    """A progress bar on a deployment's run; commands log their steps to the terminal instead."""

    month: SettlementMonth
    language: Language = ENGLISH
    _artifact: UUID | None = field(default=None, init=False)

    def reach(self, percent: float, doing: Text) -> None:
        """Show how far the run is and what it does next."""
        if deployment.id:
            with best_effort("how far the run is"):
                self._show(percent, say(doing, self.language))

    def _show(self, percent: float, description: str) -> None:
        if self._artifact is None:
            made = create_progress_artifact(
                percent, key=f"progress-{self.month}", description=description
            )
            self._artifact = made if isinstance(made, UUID) else None
        else:
            update_progress_artifact(self._artifact, percent, description)
