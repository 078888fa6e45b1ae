"""The gate in a process of its own.

Loading Great Expectations takes seconds of one core. Here they pass on another core, while
Prefect starts and files are read, instead of before the checking.
"""

import os
import re
import resource
import signal
import sys
import warnings
from contextlib import suppress
from functools import cache
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock
from typing import Any, Final

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

    def hurry(self, hurried: bool) -> None:
        """Let it compute like any other process, or only when no other process wants to.

        Where the system has no such thing, or would not let it hurry again, it always hurries.
        """
        if self._process.pid is not None and _can_hurry_again():
            policy = os.SCHED_OTHER if hurried else os.SCHED_IDLE
            with suppress(OSError):
                os.sched_setscheduler(self._process.pid, policy, os.sched_param(0))

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
_CAP_SYS_NICE: Final = 23
_USUAL_NICENESS: Final = 20  # as RLIMIT_NICE counts it


def start_gate(*, may_be_needed: bool = False) -> GateProcess:
    """Start the gate, or give the one that is running.

    One that only `may_be_needed` loads in the time that is left over, until it is needed: a month
    whose files are as they were is closed again without it.
    """
    if not (_started and _started[-1].alive):
        _started.append(GateProcess())
    _started[-1].hurry(not may_be_needed)
    return _started[-1]


@cache
def _can_hurry_again() -> bool:
    """Say whether Linux lets this process undo what SCHED_IDLE does to another one."""
    if sys.platform != "linux":
        return False
    status = Path("/proc/self/status").read_text()
    capabilities = int(re.findall(r"^CapEff:\s*(\w+)$", status, re.MULTILINE)[0], 16)
    may_at_all = resource.getrlimit(resource.RLIMIT_NICE)[0] >= _USUAL_NICENESS
    return may_at_all or bool(capabilities >> _CAP_SYS_NICE & 1)


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
