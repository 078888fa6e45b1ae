"""Why an engine does not read a delivery."""

from domain.refusal import Refused, Unavailable


class EngineUnfit(Refused):
    """The delivery has to be read by the embedded engine. The message names what is in the way."""

    @property
    def may_pass(self) -> bool:
        """Whether the same may be accepted later: another setting is not among what it rests on."""
        return True


class ClusterAway(Unavailable):
    """There is no client, no cluster of its version that answers, or none that sees the files."""


class ClusterFailed(Unavailable):
    """The cluster did not answer a question to its end."""
