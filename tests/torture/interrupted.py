"""Close, restate and pay months while everything around is killed, and compare the ledger.

    python -m tests.torture.interrupted [--interruptions N] [--awards N] [--seed N]

Each month is closed with its awards, restated, restated back, and paid out, by the steps that the
flows call, in a process of its own. Before every statement that writes, before each commit, and
after it before anybody hears of it, one of three things happens: the process is killed, its
connection is terminated, the server is stopped without a warning. So it does at moments that
nobody planned. Then the same command is given again, blindly, until it succeeds. In the end the
database must hold what it holds after a run in which nothing happened, and nothing in it may
differ from what it follows from.
"""

import argparse
import multiprocessing
import os
import random
import re
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import psycopg
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from adapters.postgres.database import open_database
from adapters.postgres.embedded import embedded_url
from adapters.postgres.verification.verify import verify
from domain.months import SettlementMonth
from domain.refusal import Refused, Unavailable
from flows.verifying.replay import replay_decisions
from tests.closings import Program, Sold
from tests.gate_here import gate_here

_FIRST_MONTH: Final = SettlementMonth(2026, 1)
_FORK: Final = multiprocessing.get_context("fork")
_ATTEMPTS: Final = 10
_WRITES: Final = re.compile(r"INSERT INTO growth_points\.\w+|SET CONSTRAINTS \w+|seal_waiting")
_ANY_MOMENT: Final = "any moment"

Tell = Callable[[str], None]
Command = Callable[[Program, SettlementMonth, int], object]


# The commands of a month, each one transaction, each safe to give again.


def close(program: Program, month: SettlementMonth, awards: int) -> None:
    """Close the month: every store earns tier 1."""
    program.close(str(month), _sold(month, awards))


def restate(program: Program, month: SettlementMonth, awards: int) -> None:
    """Close it with another delivery: every tenth store earns tier 2 instead."""
    program.close(str(month), _sold(month, awards, better=10))


def pay(program: Program, month: SettlementMonth, _: int) -> None:
    """Pay the month out."""
    program.pay(str(month))


_COMMANDS: Final[Mapping[str, Command]] = {
    "close": close,
    "restate": restate,
    "restate back": close,
    "pay": pay,
}


def _sold(month: SettlementMonth, awards: int, *, better: int = 0) -> dict[str, Sold]:
    approved_on = (month - 3).first_day
    return {
        f"{month}-{number:06}": Sold(
            25_000_000 if better and number % better == 0 else 7_000_000, approved_on
        )
        for number in range(awards)
    }


# The worker: a process that gives one command, and can be held at a step.


@dataclass(slots=True)
class _Steps:
    """The steps that a command comes by: what it is about to write, commit, or has committed."""

    hold_at: str
    pipe: Pipe
    passed: Counter[str] = field(default_factory=Counter)

    def reached(self, what: str) -> None:
        """Count a step; stay here when this is where to be held."""
        self.passed[what] += 1
        if f"{what}, {self.passed[what]}" == self.hold_at:
            self.pipe.send(self.hold_at)
            self.pipe.recv()

    def statement(self, _c: object, _cursor: object, statement: str, *_others: object) -> None:
        """See a statement before it is sent."""
        if found := _WRITES.search(statement):
            self.reached(found[0])

    def names(self) -> list[str]:
        """List the steps so far, each with which time it was."""
        return [f"{what}, {n + 1}" for what, times in self.passed.items() for n in range(times)]


def _work(
    url: str, folder: Path, name: str, month: SettlementMonth, awards: int, hold_at: str, pipe: Pipe
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    steps = _Steps(hold_at, pipe)
    try:
        with open_database(url) as engine:
            event.listen(engine, "before_cursor_execute", steps.statement)
            event.listen(engine, "commit", lambda _: steps.reached("commit"))
            _COMMANDS[name](Program(engine, folder), month, awards)
        steps.reached("committed")
        with suppress(OSError):
            pipe.send(steps.names())
    except (DBAPIError, psycopg.Error, Refused, Unavailable):
        os._exit(1)  # interrupted: the same command is given again
    except BaseException:
        traceback.print_exc()
        os._exit(2)
    os._exit(0)


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker process and the pipe on which it says where it is."""

    process: multiprocessing.process.BaseProcess
    pipe: Pipe

    def until_held_or_over(self) -> Any:
        """Wait for the worker to be held; a worker that is over says which steps it came by."""
        with suppress(EOFError, OSError):
            return self.pipe.recv()
        return []

    def finish(self) -> bool:
        """Let a held worker go on and wait for it; say whether its command succeeded."""
        with suppress(OSError):  # it was killed, or is over
            self.pipe.send("go on")
        self.process.join()
        if self.process.exitcode == 2:
            raise RuntimeError("a command failed by something else than an interruption")
        return self.process.exitcode == 0


@dataclass(frozen=True, slots=True)
class Months:
    """A database in which months are closed and paid; deliveries are staged in a folder."""

    url: str
    folder: Path
    awards: int

    def start(self, name: str, month: SettlementMonth, hold_at: str = "") -> Worker:
        """Give a command of a month to a worker."""
        pipe, other = _FORK.Pipe()
        arguments = (self.url, self.folder, name, month, self.awards, hold_at, other)
        process = _FORK.Process(target=_work, args=arguments)
        process.start()
        other.close()
        return Worker(process, pipe)

    def ingest_history(self) -> None:
        """Ingest the two months before the first, with one store that sold nothing."""
        with open_database(self.url) as engine:
            for earlier in (2, 1):
                program = Program(engine, self.folder)
                program.ingest(str(_FIRST_MONTH - earlier), {"s": Sold()})

    def undisturbed(self, name: str, month: SettlementMonth) -> tuple[list[str], float]:
        """Give a command with nothing happening; return its steps and how long it took."""
        began = time.monotonic()
        worker = self.start(name, month)
        steps: list[str] = worker.until_held_or_over()
        if not worker.finish():
            raise RuntimeError(f"{name} {month} failed without an interruption")
        return steps, time.monotonic() - began

    def until_it_succeeds(self, name: str, month: SettlementMonth) -> int:
        """Give a command blindly until it succeeds; return how often it failed."""
        for failed in range(_ATTEMPTS):
            if self.start(name, month).finish():
                return failed
        raise RuntimeError(f"{name} {month} failed {_ATTEMPTS} times without an interruption")


# The faults, and the server that they happen to.


@dataclass(frozen=True, slots=True)
class Server:
    """An embedded server in a folder, kept up by a process of its own."""

    folder: Path

    @contextmanager
    def running(self) -> Iterator[str]:
        """Keep the server up; yield its URL."""
        pipe, other = _FORK.Pipe()
        keeper = _FORK.Process(target=_keep, args=(self.folder, other), daemon=True)
        keeper.start()
        try:
            yield pipe.recv()
        finally:
            keeper.kill()
            keeper.join()

    def stop_without_warning(self) -> None:
        """Stop the server as a power cut would: no checkpoint, no goodbye."""
        process = int((self.folder / "postmaster.pid").read_text().split()[0])
        os.kill(process, signal.SIGQUIT)
        while Path(f"/proc/{process}").exists():
            time.sleep(0.01)


def _keep(folder: Path, pipe: Pipe) -> None:
    pipe.send(embedded_url(folder))
    signal.pause()


def _kill_worker(_server: Server, _url: str, worker: Worker) -> None:
    worker.process.kill()


def _terminate_backend(_server: Server, url: str, _worker: Worker) -> None:
    with _owner(url) as owner, owner.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


def _stop_server(server: Server, _url: str, _worker: Worker) -> None:
    server.stop_without_warning()


FAULTS: Final = {
    "worker killed": _kill_worker,
    "connection terminated": _terminate_backend,
    "server stopped": _stop_server,
}


@contextmanager
def _owner(url: str) -> Iterator[Engine]:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    yield engine
    engine.dispose()


@dataclass(frozen=True, slots=True)
class Interruption:
    """What happens to a command, and when."""

    fault: str
    moment: str


def plan_interruptions(
    steps: Mapping[str, Sequence[str]], count: int, seed: int
) -> list[tuple[str, Interruption]]:
    """Choose commands in the order of each month, and what happens to each.

    Every fault comes at every step before one comes twice; every fourth comes at any moment.
    """
    chance = random.Random(seed)  # noqa: S311 no secret
    left: dict[str, list[Interruption]] = {name: [] for name in steps}
    planned = []
    for number in range(count):
        name = list(steps)[number % len(steps)]
        if not left[name]:
            left[name] = [Interruption(fault, step) for step in steps[name] for fault in FAULTS]
            chance.shuffle(left[name])
        at_any = chance.random() < 1 / 4
        interruption = Interruption(chance.choice(list(FAULTS)), _ANY_MOMENT)
        planned.append((name, interruption if at_any else left[name].pop()))
    return planned


def interrupt(
    server: Server,
    folder: Path,
    awards: int,
    planned: Sequence[tuple[str, Interruption]],
    usual: Mapping[str, float],
    tell: Tell,
    seed: int,
) -> Counter[str]:
    """Give each command while something happens to it; count what came of it."""
    counted, chance = Counter[str](), random.Random(seed)  # noqa: S311 no secret
    with ExitStack() as running:
        months = Months(running.enter_context(server.running()), folder, awards)
        months.ingest_history()
        for number, (name, interruption) in enumerate(planned):
            month = _FIRST_MONTH + number // len(_COMMANDS)
            worker = months.start(name, month, interruption.moment)
            if interruption.moment == _ANY_MOMENT:
                time.sleep(chance.uniform(0, usual[name]))
            else:
                worker.until_held_or_over()
            FAULTS[interruption.fault](server, months.url, worker)
            outcome = "survived" if worker.finish() else "interrupted"
            counted[f"{interruption.fault}, {outcome}"] += 1
            if interruption.fault == "server stopped":
                running.close()
                months = Months(running.enter_context(server.running()), folder, awards)
            counted["retries that failed"] += months.until_it_succeeds(name, month)
            tell(f"{month} {name}: {interruption.fault} at {interruption.moment}, {outcome}")
    return counted


# What must be the same in the end. Numbers and instants are left out: gaps and clocks are all that
# an interruption may leave; and runs, since a command given again is a run of its own.

_CONTENTS: Final = """
  SELECT key, encode(sha256(convert_to(string_agg(
    concat_ws('|', transfer.kind, seller_id, debit_account, credit_account, points, tier), ','
    ORDER BY seller_id, tier), 'UTF8')), 'hex')
  FROM growth_points.posting JOIN growth_points.transfer USING (posting_no) GROUP BY key
  UNION ALL
  SELECT concat_ws('/', 'evaluation', settlement_month, evaluation_no), concat(input_hash,
    encode(sha256(convert_to(string_agg(concat_ws('|', seller_id, outcome, tier, points,
      window_amount_krw, reasons), ',' ORDER BY seller_id), 'UTF8')), 'hex'))
  FROM growth_points.evaluation JOIN growth_points.decision USING (evaluation_id)
  GROUP BY settlement_month, evaluation_no, input_hash
  UNION ALL
  SELECT concat_ws('/', 'revision', settlement_month, revision_no), concat(content_hash, rows_hash)
  FROM growth_points.revision
  UNION ALL
  SELECT concat_ws('/', 'due', settlement_month, plan_no), due_on::text
  FROM growth_points.payout_date
  UNION ALL
  SELECT 'paid/' || settlement_month, concat_ws('|', sellers, points, paid_on, actor)
  FROM growth_points.payout
  UNION ALL
  SELECT 'balances', encode(sha256(convert_to(string_agg(
    concat_ws('|', seller_id, account, points), ',' ORDER BY seller_id, account), 'UTF8')), 'hex')
  FROM growth_points.balance WHERE points <> 0
  UNION ALL
  SELECT account, points::text FROM growth_points.program_balance
"""


def contents(url: str) -> dict[str, str]:
    """Read what a database holds: each posting, evaluation, revision, account by its content."""
    with _owner(url) as owner, owner.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(text(_CONTENTS))}


def differences(url: str, undisturbed: str) -> list[str]:
    """Compare the interrupted months with undisturbed ones, verify and replay them."""
    left, right = contents(url), contents(undisturbed)
    different = sorted(key for key in {*left, *right} if left.get(key) != right.get(key))
    with _owner(url) as owner, owner.connect() as connection:
        found = [*verify(connection), *replay_decisions(connection)]
    return [*different, *map(str, found)]


@gate_here()
def torture(folder: Path, *, interruptions: int, awards: int, seed: int, tell: Tell) -> list[str]:
    """Interrupt, compare, verify; returns what differs, which should be nothing."""
    server, staging = Server(folder / "data"), folder / "staging"
    staging.mkdir(parents=True)
    with server.running() as url, _owner(url) as owner:
        connection = owner.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("CREATE DATABASE undisturbed"))
        connection.close()
        calm = Months(url.replace("/postgres?", "/undisturbed?"), staging, awards)
        calm.ingest_history()
        usual = {name: calm.undisturbed(name, _FIRST_MONTH) for name in _COMMANDS}
    steps = {name: passed for name, (passed, _) in usual.items()}
    tell(f"seed {seed}; steps: " + ", ".join(f"{name} {len(steps[name])}" for name in steps))
    planned = plan_interruptions(steps, interruptions, seed)
    seconds = {name: took for name, (_, took) in usual.items()}
    counted = interrupt(server, staging, awards, planned, seconds, tell, seed)
    for what, times in sorted(counted.items()):
        tell(f"{times:4} x {what}")
    with server.running() as url:
        for number, (name, _) in enumerate(planned):
            if number >= len(_COMMANDS):  # the first month is there already
                calm.undisturbed(name, _FIRST_MONTH + number // len(_COMMANDS))
        return differences(url, calm.url)


def main() -> int:
    """Run from the command line; exit code 1 when anything differs."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--interruptions", type=int, default=100)
    parser.add_argument("--awards", type=int, default=10_000, help="in each month")
    parser.add_argument("--seed", type=int, default=4)
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="growth-points-torture-", ignore_cleanup_errors=True) as folder:
        found = torture(
            Path(folder),
            interruptions=asked.interruptions,
            awards=asked.awards,
            seed=asked.seed,
            tell=lambda line: print(line, flush=True),
        )
    for difference in found:
        print(difference)
    print(
        f"{asked.interruptions} interruptions of closing, restating and paying {asked.awards} "
        f"awards: the ledger {'DIFFERS from' if found else 'equals'} that of an undisturbed run."
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
