"""The gate in its own process.

Great Expectations takes seconds to import. In another process this overlaps with starting Prefect
and reading files.
"""

import atexit
import os
import signal
import warnings
from multiprocessing import get_context, set_start_method
from multiprocessing.connection import Connection
from threading import Lock
from typing import Any, Final

from domain.award_profile import AwardProfile
from domain.findings import Finding
from domain.profile import Profile
from expectations.gate import Verdict

_ENDING_SECONDS: Final = 2


class GateFailed(RuntimeError):
    """The gate process ended without an answer."""


class GateProcess:
    """A running gate process; it ends with its parent."""

    def __init__(self) -> None:
        context = get_context("spawn")  # a fork would inherit database connections
        self._mine, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self._asking = Lock()

    @property
    def alive(self) -> bool:
        """Return whether the process can answer requests."""
        return self._process.is_alive()

    def end(self) -> None:
        """End the process, by force if it does not end by itself."""
        self._mine.close()
        self._process.terminate()
        self._process.join(_ENDING_SECONDS)
        self._process.kill()
        self._process.join(_ENDING_SECONDS)

    def judge(self, profile: Profile) -> Verdict:
        """Call `expectations.gate.judge` in the process; raises GateFailed."""
        verdict: Verdict = self._ask(profile)
        return verdict

    def judge_awards(self, profile: AwardProfile) -> tuple[Finding, ...]:
        """Call `expectations.gate.judge_awards` in the process; raises GateFailed."""
        findings: tuple[Finding, ...] = self._ask(profile)
        return findings

    def _ask(self, question: Profile | AwardProfile) -> Any:
        try:
            with self._asking:
                self._mine.send(question)
                answer = self._mine.recv()
        except (EOFError, OSError) as error:
            raise GateFailed(f"the data-quality gate ended: {error!r}") from error
        except BaseException:
            self._process.kill()  # interrupted: the next request must not get this answer
            self._process.join()
            raise
        if isinstance(answer, BaseException):
            raise GateFailed(f"the data-quality gate failed: {answer!r}") from answer
        return answer


_started: list[GateProcess] = []


def start_gate() -> GateProcess:
    """Return the running gate process, starting it if needed."""
    if not (_started and _started[-1].alive):
        gate = GateProcess()
        atexit.register(gate.end)  # multiprocessing itself would wait for it without limit
        _started.append(gate)
    return _started[-1]


def _serve(questions: Connection) -> None:
    # What a library locks for processes of its own would be called leaked if this one is killed.
    set_start_method("fork", force=True)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # nothing is left to clean up
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    warnings.simplefilter("ignore")  # meant for developers of libraries
    from expectations.gate import judge, judge_awards, warm_up

    warm_up()
    while True:
        try:
            asked = questions.recv()
        except EOFError:
            return
        try:
            answer = judge_awards(asked) if isinstance(asked, AwardProfile) else judge(asked)
            questions.send(answer)
        except Exception as error:
            questions.send(error)
