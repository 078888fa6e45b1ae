"""Why an engine does not read a delivery."""

from domain.refusal import Refused, Unavailable
from domain.sentence import Text, sentence


class EngineUnfit(Refused):
    """The engine that is set does not read the delivery. The message names what is in the way."""

    @classmethod
    def because(cls, why: Text, *, in_files: bool) -> "EngineUnfit":
        """Return one with the advice that fits a delivery in files, or in tables."""
        by_setting = sentence("{why}; set GROWTH_POINTS_ENGINE to duckdb://", why=why)
        by_table = sentence("{why}; have the month corrected in its table", why=why)
        return cls(by_setting if in_files else by_table)


class ClusterAway(Unavailable):
    """There is no client, no cluster of its version that answers, or none that sees the files."""


class ClusterFailed(Unavailable):
    """The cluster did not answer a question to its end."""
