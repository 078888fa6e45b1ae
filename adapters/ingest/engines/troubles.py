"""Why an engine does not read a delivery."""

from domain.refusal import Refused, Unavailable
from domain.sentence import Text, sentence


class EngineUnfit(Refused):
    """The delivery has to be read by the embedded engine. The message names what is in the way."""

    @classmethod
    def because(cls, why: Text, *, in_files: bool) -> "EngineUnfit":
        """Return one with the advice that fits a delivery in files, or in tables."""
        if in_files:
            return cls(sentence("{why}; set GROWTH_POINTS_ENGINE to duckdb://", why=why))
        return cls(sentence("{why}; have the month corrected in its table", why=why))

    @property
    def may_pass(self) -> bool:
        """Whether the same may be accepted later: another setting is not among what it rests on."""
        return True


class ClusterAway(Unavailable):
    """There is no client, no cluster of its version that answers, or none that sees the files."""


class ClusterFailed(Unavailable):
    """The cluster did not answer a question to its end."""
