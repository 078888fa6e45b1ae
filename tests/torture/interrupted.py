"""Close, restate and pay months, use points, while everything is killed, and compare the ledger.

    python -m tests.torture.interrupted [--interruptions N] [--awards N] [--seed N] [--only convert]

Each month is closed with its awards, restated, restated back, and paid out; then stores convert
points and reward customers. Each command is given by the steps that the flows call, in a process of
its own. Before every statement that writes, before each commit, and after it before anybody hears
of it, one of four things happens: the process is killed, its connection is terminated, the server
is stopped without a warning, the ad system is killed. So it does at moments that nobody planned.
The ad system misbehaves besides: it loses answers after acting, answers twice or late. Then the
same command is given again, blindly, until it succeeds. In the end the database must hold what it
holds after a run in which nothing happened, the ad system must have credited the same, and nothing
in the database may differ from what it follows from.
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
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
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
from flows.occasion import this_occasion
from flows.verifying.replay import replay_decisions
from tests.closings import Program, Sold
from tests.gate_here import gate_here
from tests.torture import uses

_FIRST_MONTH: Final = SettlementMonth.of(this_occasion().today) - 6  # its points are usable
_FORK: Final = multiprocessing.get_context("fork")
_ATTEMPTS: Final = 10
_WRITES: Final = re.compile(r"INSERT INTO growth_points\.\w+|SET CONSTRAINTS \w+|seal_waiting")
_ANY_MOMENT: Final = "any moment"

Tell = Callable[[str], None]
Command = Callable[[Program, SettlementMonth, int, str], object]


# The commands of a month, each one transaction, each safe to give again.


def close(program: Program, month: SettlementMonth, awards: int, _: str) -> None:
    """Close the month: every store earns tier 1."""
    program.close(str(month), _sold(month, awards))


def restate(program: Program, month: SettlementMonth, awards: int, _: str) -> None:
    """Close it with another delivery: every tenth store earns tier 2 instead."""
    program.close(str(month), _sold(month, awards, better=10))


def pay(program: Program, month: SettlementMonth, _: int, __: str) -> None:
    """Pay the month out."""
    program.pay(str(month), (month + 2).first_day)


def convert(program: Program, month: SettlementMonth, _: int, ad_system: str) -> None:
    """Convert points of a few of the month's stores."""
    uses.convert(program, month, ad_system)


def reward(program: Program, month: SettlementMonth, _: int, __: str) -> None:
    """Reward customers of others."""
    uses.reward(program, month)


_COMMANDS: Final[Mapping[str, Command]] = {
    "close": close,
    "restate": restate,
    "restate back": close,
    "pay": pay,
    "convert": convert,
    "reward": reward,
}


def _sold(month: SettlementMonth, awards: int, *, better: int = 0) -> dict[str, Sold]:
    approved_on = (month - 3).first_day
    return {
        uses.store(month, number): Sold(
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


def _work(months: "Months", name: str, month: SettlementMonth, hold_at: str, pipe: Pipe) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    steps = _Steps(hold_at, pipe)
    try:
        with open_database(months.url) as engine:
            event.listen(engine, "before_cursor_execute", steps.statement)
            event.listen(engine, "commit", lambda _: steps.reached("commit"))
            program = Program(engine, months.folder)
            _COMMANDS[name](program, month, months.awards, months.ad_system.url)
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
    ad_system: uses.AdSystem

    def start(self, name: str, month: SettlementMonth, hold_at: str = "") -> Worker:
        """Give a command of a month to a worker."""
        pipe, other = _FORK.Pipe()
        arguments = (self, name, month, hold_at, other)
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


def _kill_worker(_server: Server, _months: Months, worker: Worker) -> None:
    worker.process.kill()


def _terminate_backend(_server: Server, months: Months, _worker: Worker) -> None:
    with _owner(months.url) as owner, owner.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


def _stop_server(server: Server, _months: Months, _worker: Worker) -> None:
    server.stop_without_warning()


def _kill_ad_system(_server: Server, months: Months, _worker: Worker) -> None:
    months.ad_system.kill()


FAULTS: Final = {
    "worker killed": _kill_worker,
    "connection terminated": _terminate_backend,
    "server stopped": _stop_server,
    "ad system killed": _kill_ad_system,
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
    steps: Mapping[str, Sequence[str]], count: int, seed: int, only: Collection[str] = _COMMANDS
) -> list[tuple[str, Interruption | None]]:
    """Choose commands in the order of each month, and what happens to each, if anything does.

    Every fault comes at every step before one comes twice; every fourth comes at any moment. With
    `only`, all other commands are left alone.
    """
    chance = random.Random(seed)  # noqa: S311 no secret
    left: dict[str, list[Interruption]] = {name: [] for name in steps}
    planned: list[tuple[str, Interruption | None]] = []
    while sum(each is not None for _, each in planned) < count:
        name = list(steps)[len(planned) % len(steps)]
        if name not in only:
            planned.append((name, None))
            continue
        if not left[name]:
            left[name] = [Interruption(fault, step) for step in steps[name] for fault in FAULTS]
            chance.shuffle(left[name])
        at_any = chance.random() < 1 / 4
        interruption = Interruption(chance.choice(list(FAULTS)), _ANY_MOMENT)
        planned.append((name, interruption if at_any else left[name].pop()))
    return planned


def interrupt(
    server: Server,
    months: Months,
    planned: Sequence[tuple[str, Interruption | None]],
    usual: Mapping[str, float],
    tell: Tell,
    seed: int,
) -> Counter[str]:
    """Give each command while something happens to it; count what came of it."""
    counted, chance = Counter[str](), random.Random(seed)  # noqa: S311 no secret
    with ExitStack() as running:
        months = replace(months, url=running.enter_context(server.running()))
        months.ingest_history()
        for number, (name, interruption) in enumerate(planned):
            month = _FIRST_MONTH + number // len(_COMMANDS)
            if interruption is not None:
                came = _interrupt_once(server, months, (name, month), interruption, usual, chance)
                counted[f"{interruption.fault}, {came}"] += 1
                tell(f"{month} {name}: {interruption.fault} at {interruption.moment}, {came}")
                if interruption.fault == "server stopped":
                    running.close()
                    months = replace(months, url=running.enter_context(server.running()))
                months.ad_system.restart()
            counted["retries that failed"] += months.until_it_succeeds(name, month)
    return counted


def _interrupt_once(
    server: Server,
    months: Months,
    command: tuple[str, SettlementMonth],
    interruption: Interruption,
    usual: Mapping[str, float],
    chance: random.Random,
) -> str:
    """Give a command, let something happen to it, and say what came of it."""
    months.ad_system.misbehave()
    worker = months.start(*command, interruption.moment)
    if interruption.moment == _ANY_MOMENT:
        time.sleep(chance.uniform(0, usual[command[0]]))
    else:
        worker.until_held_or_over()
    FAULTS[interruption.fault](server, months, worker)
    return "survived" if worker.finish() else "interrupted"


# What must be the same in the end. Numbers and instants are left out: gaps and clocks are all that
# an interruption may leave; and runs, since a command given again is a run of its own.

_CONTENTS: Final = f"""
  SELECT key, encode(sha256(convert_to(string_agg(
    concat_ws('|', transfer.kind, seller_id, debit_account, credit_account, points, tier), ','
    ORDER BY seller_id, tier), 'UTF8')), 'hex')
  FROM growth_points.posting JOIN growth_points.transfer USING (posting_no)
  WHERE posting.kind NOT IN ('delivery', 'return', 'reward', 'cancellation') GROUP BY key
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
  UNION ALL {uses.CONTENTS}
"""  # noqa: S608 constants


def contents(url: str) -> dict[str, str]:
    """Read what a database holds: each posting, evaluation, revision, account by its content."""
    with _owner(url) as owner, owner.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(text(_CONTENTS))}


def differences(months: Months, calm: Months) -> list[str]:
    """Compare the interrupted months with undisturbed ones, verify and replay them."""
    left, right = contents(months.url), contents(calm.url)
    different = sorted(key for key in {*left, *right} if left.get(key) != right.get(key))
    credited = months.ad_system.accounts()
    with _owner(months.url) as owner, owner.connect() as connection:
        found = [*verify(connection), *replay_decisions(connection)]
        if not credited == calm.ad_system.accounts() == uses.credited(connection):
            different.append(f"what the ad system credited: {credited}")
    return [*different, *map(str, found)]


@dataclass(frozen=True, slots=True)
class Torture:
    """How much is done to how many awards a month, and to which commands."""

    interruptions: int
    awards: int
    seed: int
    only: Collection[str] = tuple(_COMMANDS)


@gate_here()
def torture(folder: Path, asked: Torture, tell: Tell) -> list[str]:
    """Interrupt, compare, verify; returns what differs, which should be nothing."""
    staging = folder / "staging"
    staging.mkdir(parents=True)
    with (
        uses.an_ad_system(folder / "calm", asked.seed) as calm_system,
        uses.an_ad_system(folder / "interrupted", asked.seed) as ad_system,
    ):
        calm = Months("", staging, asked.awards, calm_system)
        months = replace(calm, ad_system=ad_system)
        return _torture(Server(folder / "data"), calm, months, asked, tell)


def _torture(server: Server, calm: Months, months: Months, asked: Torture, tell: Tell) -> list[str]:
    with server.running() as url, _owner(url) as owner:
        connection = owner.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("CREATE DATABASE undisturbed"))
        connection.close()
        calm = replace(calm, url=url.replace("/postgres?", "/undisturbed?"))
        calm.ingest_history()
        usual = {name: calm.undisturbed(name, _FIRST_MONTH) for name in _COMMANDS}
    steps = {name: passed for name, (passed, _) in usual.items()}
    tell(f"seed {asked.seed}; steps: " + ", ".join(f"{name} {len(steps[name])}" for name in steps))
    planned = plan_interruptions(steps, asked.interruptions, asked.seed, asked.only)
    seconds = {name: took for name, (_, took) in usual.items()}
    counted = interrupt(server, months, planned, seconds, tell, asked.seed)
    for what, times in sorted(counted.items()):
        tell(f"{times:4} x {what}")
    with server.running() as url:
        for number, (name, _) in enumerate(planned):
            if number >= len(_COMMANDS):  # the first month is there already
                calm.undisturbed(name, _FIRST_MONTH + number // len(_COMMANDS))
        return differences(replace(months, url=url), calm)


def main() -> int:
    """Run from the command line; exit code 1 when anything differs."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--interruptions", type=int, default=100)
    parser.add_argument("--awards", type=int, default=10_000, help="in each month")
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--only", action="append", choices=_COMMANDS, help="others are left alone")
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="growth-points-torture-", ignore_cleanup_errors=True) as folder:
        of = Torture(asked.interruptions, asked.awards, asked.seed, asked.only or tuple(_COMMANDS))
        found = torture(Path(folder), of, lambda line: print(line, flush=True))
    for difference in found:
        print(difference)
    print(
        f"{asked.interruptions} interruptions of {', '.join(of.only)}, {asked.awards} awards a "
        f"month: the ledger and the ad system {'DIFFER from' if found else 'equal'} "
        "those of an undisturbed run."
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
