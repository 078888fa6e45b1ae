"""The gate in a process of its own.

Loading Great Expectations takes seconds of one core. Here they pass on another core, while
Prefect starts and files are read, instead of before the checking.
"""

import signal
import sys
import warnings
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Lock
from typing import Any

from domain.award_profile import AwardProfile
from domain.findings import Finding
from domain.profile import Profile
from expectations.gate import Verdict


class GateFailed(RuntimeError):
    """The gate ended without an answer; nothing passes because it was not looked at."""


class GateProcess:
    """A started gate; it ends with the process that started it."""

    def __init__(self) -> None:
        context = get_context("spawn")  # a fork would take the database's connections along
        self._mine, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self._asking = Lock()

    @property
    def alive(self) -> bool:
        """Say whether the gate can still be asked."""
        return self._process.is_alive()

    def judge(self, profile: Profile) -> Verdict:
        """Judge a profile as `expectations.gate.judge` does; raises GateFailed."""
        verdict: Verdict = self._ask(profile)
        return verdict

    def judge_awards(self, profile: AwardProfile) -> tuple[Finding, ...]:
        """Judge awards as `expectations.gate.judge_awards` does; raises GateFailed."""
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
            self._process.kill()  # whoever asked is gone: nobody else may get the answer
            self._process.join()
            raise
        if isinstance(answer, BaseException):
            raise GateFailed(f"the data-quality gate failed: {answer!r}") from answer
        return answer


_started: list[GateProcess] = []


def start_gate() -> GateProcess:
    """Start the gate, or give the one that is running."""
    if not (_started and _started[-1].alive):
        _started.append(GateProcess())
    return _started[-1]


def _serve(questions: Connection) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # an orderly end, with its clean-up
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the asker decides when it is over
    warnings.simplefilter("ignore")  # of libraries, for their developers
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
