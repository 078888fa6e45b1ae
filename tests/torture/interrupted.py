"""Close, restate and pay months while everything around is killed, and compare the ledger.

    python -m tests.torture.interrupted [--interruptions N] [--awards N]

Each month is closed with its awards, restated, and paid out by a worker process. At every step,
and after each commit before anybody hears of it, one of three things happens: the worker is
killed, its connection is terminated, the server is stopped without a warning. Then the same
commands are given again, blindly, until they succeed. In the end the ledger must be that of a run
in which nothing happened, and nothing in it may differ from what it follows from.
"""

import argparse
import multiprocessing
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from adapters.policy_files import read_policies
from adapters.postgres import ledger
from adapters.postgres.database import lock_program, open_database
from adapters.postgres.embedded import embedded_url
from adapters.postgres.evaluations import record_evaluation, record_policy
from adapters.postgres.payout_dates import plan_payout, planned_payouts
from adapters.postgres.verify import verify
from domain.ledger import Award
from domain.months import SettlementMonth
from domain.payout_date import payout_date
from domain.refusal import Refused
from tests.adapters.ledger_world import deliver

_FIRST_MONTH: Final = SettlementMonth(2020, 1)
_POLICY: Final = next(p for p in read_policies(None) if p.policy.name == "d-commerce-2020")
_POINTS: Final = {tier.number: tier.points for tier in _POLICY.policy.tiers}
_FORK: Final = multiprocessing.get_context("fork")

Reached = Callable[[str], None]


# What the worker does: three commands, each one transaction, each safe to give again.


def close(connection: Connection, month: SettlementMonth, awards: int, reached: Reached) -> None:
    """Evaluate a month with an award of tier 1 for each seller, post, plan the payout."""
    lock_program(connection)
    identity = _evaluated(connection, month, 1, awards, "1")
    reached("evaluated")
    ledger.post_awards(
        connection,
        evaluation_id=identity,
        month=month,
        evaluation_no=1,
        awards=_awards(month, 1, range(awards)),
        effective_on=month.payout_month.first_day,
        actor="torture",
    )
    reached("posted")
    plan_payout(
        connection,
        month=month,
        planned=payout_date(_POLICY.policy.payout, month, {}),
        calendar="torture",
        extra_holidays={},
        policy_hash=_POLICY.policy.content_hash,
        before=planned_payouts(connection).get(month),
    )


def restate(connection: Connection, month: SettlementMonth, awards: int, reached: Reached) -> None:
    """Evaluate the month again: every tenth seller earned tier 2 instead."""
    lock_program(connection)
    changed = range(0, awards, 10)
    identity = _evaluated(
        connection, month, 2, awards, "CASE (number % 10) WHEN 0 THEN 2 ELSE 1 END"
    )
    reached("evaluated")
    ledger.reverse_awards(
        connection,
        month=month,
        evaluation_no=2,
        awards=_awards(month, 1, changed),
        effective_on=month.payout_month.first_day,
        actor="torture",
        reason="restated",
    )
    reached("reversed")
    ledger.post_awards(
        connection,
        evaluation_id=identity,
        month=month,
        evaluation_no=2,
        awards=_awards(month, 2, changed),
        effective_on=month.payout_month.first_day,
        actor="torture",
    )
    reached("posted")


def pay(connection: Connection, month: SettlementMonth, awards: int, reached: Reached) -> None:
    """Pay the month out on its date."""
    due_on = payout_date(_POLICY.policy.payout, month, {}).due_on
    ledger.pay_out(connection, month=month, paid_on=due_on, actor="torture")
    reached(f"paid {awards}"[:4])


_COMMANDS: Final = (close, restate, pay)


def _awards(month: SettlementMonth, tier: int, numbers: Sequence[int]) -> list[Award]:
    return [Award(month, f"{month}-{number:06}", tier, _POINTS[tier]) for number in numbers]


def _evaluated(
    connection: Connection, month: SettlementMonth, number: int, awards: int, tier: str
) -> int:
    """Record an evaluation, unless it is there, with a decision for each seller."""
    found = text(
        "SELECT evaluation_id FROM growth_points.evaluation"
        " WHERE settlement_month = :month AND evaluation_no = :number"
    )
    before: int | None = connection.scalar(found, {"month": month.first_day, "number": number})
    if before is not None:
        return before
    policy = _POLICY.policy
    record_policy(
        connection, policy_hash=policy.content_hash, name=policy.name, content=_POLICY.text
    )
    evaluation = record_evaluation(
        connection,
        month=month,
        evaluation_no=number,
        input_hash="0" * 64,
        policy_hash=policy.content_hash,
        revision_ids=[_delivered(connection, month)],
        actor="torture",
        reason="torture",
    )
    decide = f"""
      INSERT INTO growth_points.decision
      SELECT :evaluation, :month || '-' || lpad(number::text, 6, '0'), 'awarded', tier,
             CASE tier WHEN 1 THEN {_POINTS[1]} ELSE {_POINTS[2]} END,
             CASE tier WHEN 1 THEN 6000000 ELSE 24000000 END, '{{}}'
      FROM (SELECT number, {tier} AS tier FROM generate_series(0, :last) number) it
    """  # noqa: S608 constants
    connection.execute(
        text(decide),
        {"evaluation": evaluation.evaluation_id, "month": str(month), "last": awards - 1},
    )
    return evaluation.evaluation_id


def _delivered(connection: Connection, month: SettlementMonth) -> int:
    values = {"month": month.first_day}
    found = text("SELECT revision_id FROM growth_points.revision WHERE settlement_month = :month")
    before: int | None = connection.scalar(found, values)
    if before is not None:
        return before
    return deliver(connection, "s", month=month)


# The worker: a process that runs the commands of one month, and can be held at a step.


def _work(url: str, month: SettlementMonth, awards: int, hold_at: str, pipe: Pipe) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with open_database(url) as engine:
            for command in _COMMANDS:
                _run(engine, command, month, awards, hold_at, pipe)
    except (DBAPIError, Refused):
        os._exit(1)  # interrupted: the same commands are given again
    os._exit(0)


def _run(
    engine: Engine,
    command: Callable[[Connection, SettlementMonth, int, Reached], None],
    month: SettlementMonth,
    awards: int,
    hold_at: str,
    pipe: Pipe,
) -> None:
    def reached(step: str) -> None:
        if f"{command.__name__}: {step}" == hold_at:
            pipe.send(hold_at)
            pipe.recv()

    with engine.connect() as connection:
        reached("connected")
        command(connection, month, awards, reached)
        ledger.check_now(connection)
        reached("checked")
        connection.commit()
        reached("committed")


STEPS: Final = (
    *(f"close: {step}" for step in ("connected", "evaluated", "posted", "checked", "committed")),
    *(
        f"restate: {step}"
        for step in ("connected", "evaluated", "reversed", "posted", "checked", "committed")
    ),
    *(f"pay: {step}" for step in ("connected", "paid", "checked", "committed")),
)
ANY_MOMENT: Final = "any moment"


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


def _kill_worker(_server: Server, _url: str, worker: "Worker") -> None:
    worker.process.kill()


def _terminate_backend(_server: Server, url: str, _worker: "Worker") -> None:
    with _owner(url) as owner, owner.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


def _stop_server(server: Server, _url: str, _worker: "Worker") -> None:
    server.stop_without_warning()


FAULTS: Final = {
    "worker killed": _kill_worker,
    "connection terminated": _terminate_backend,
    "server stopped": _stop_server,
}


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker process and the pipe on which it says that it is held."""

    process: multiprocessing.process.BaseProcess
    pipe: Pipe

    @classmethod
    def start(cls, url: str, month: SettlementMonth, awards: int, hold_at: str = "") -> "Worker":
        """Start the commands of a month."""
        pipe, other = _FORK.Pipe()
        process = _FORK.Process(target=_work, args=(url, month, awards, hold_at, other))
        process.start()
        other.close()
        return cls(process, pipe)

    def finish(self) -> bool:
        """Let a held worker go on and wait for it; say whether all its commands succeeded."""
        with suppress(OSError):  # it was killed, or was never held
            self.pipe.send("go on")
        self.process.join()
        return self.process.exitcode == 0


@contextmanager
def _owner(url: str) -> Iterator[Engine]:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    yield engine
    engine.dispose()


@dataclass(frozen=True, slots=True)
class Interruption:
    """What happens to one month's worker, and when."""

    fault: str
    moment: str


def plan_interruptions(count: int) -> list[Interruption]:
    """Go through every fault at every step, and as often at moments that are not planned."""
    planned = [Interruption(fault, step) for step in STEPS for fault in FAULTS]
    random.Random(4).shuffle(planned)  # noqa: S311 no secret
    mixed = [
        each
        for number, step in enumerate(planned)
        for each in (step, Interruption(list(FAULTS)[number % 3], ANY_MOMENT))
    ]
    return [mixed[number % len(mixed)] for number in range(count)]


def interrupt(
    folder: Path, interruptions: Sequence[Interruption], awards: int, report: Reached
) -> Counter[str]:
    """Close, restate and pay a month for each interruption; count what came of the attempts."""
    server, counted = Server(folder), Counter[str]()
    with ExitStack() as running:
        url = running.enter_context(server.running())
        typical = _undisturbed_seconds(url, awards)
        for number, interruption in enumerate(interruptions):
            month = _FIRST_MONTH + number
            worker = Worker.start(url, month, awards, interruption.moment)
            _wait(worker, interruption, typical)
            FAULTS[interruption.fault](server, url, worker)
            survived = worker.finish()
            counted[f"{interruption.fault}, {'survived' if survived else 'interrupted'}"] += 1
            if interruption.fault == "server stopped":
                running.close()
                url = running.enter_context(server.running())
            while not Worker.start(url, month, awards).finish():
                counted["retries that failed too"] += 1
            report(f"{month}: {interruption.fault} at {interruption.moment}")
    return counted


def _wait(worker: Worker, interruption: Interruption, typical: float) -> None:
    if interruption.moment != ANY_MOMENT:
        worker.pipe.recv()
    else:
        time.sleep(random.uniform(0, typical))  # noqa: S311 no secret


def _undisturbed_seconds(url: str, awards: int) -> float:
    """Take the time of a month's commands, on a month that no interruption gets."""
    started = time.monotonic()
    run_undisturbed(url, [_FIRST_MONTH - 1], awards)
    return time.monotonic() - started


def run_undisturbed(url: str, months: Sequence[SettlementMonth], awards: int) -> None:
    """Close, restate and pay months with nothing happening."""
    for month in months:
        if not Worker.start(url, month, awards).finish():
            raise RuntimeError(f"{month} failed without an interruption")


def contents(url: str) -> dict[str, str]:
    """Read what a ledger holds: for each posting, payout and account its content, hashed.

    Numbers and instants are left out: gaps and clocks are all that an interruption may leave.
    """
    query = text("""
      SELECT key, encode(sha256(convert_to(string_agg(
        concat_ws('|', transfer.kind, seller_id, debit_account, credit_account, points, tier), ','
        ORDER BY seller_id, tier), 'UTF8')), 'hex')
      FROM growth_points.posting JOIN growth_points.transfer USING (posting_no) GROUP BY key
      UNION ALL
      SELECT 'paid/' || settlement_month, concat_ws('|', sellers, points, paid_on, actor)
      FROM growth_points.payout
      UNION ALL
      SELECT 'balances', encode(sha256(convert_to(string_agg(
        concat_ws('|', seller_id, pending, available), ',' ORDER BY seller_id), 'UTF8')), 'hex')
      FROM growth_points.seller_account
      UNION ALL
      SELECT 'fund', program_fund::text FROM growth_points.program_balance
    """)
    with _owner(url) as owner, owner.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def differences(folder: Path, months: Sequence[SettlementMonth], awards: int) -> list[str]:
    """Compare the interrupted ledger with an undisturbed one, and verify it."""
    with Server(folder).running() as url, _owner(url) as owner:
        with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("CREATE DATABASE undisturbed"))
        undisturbed = url.replace("/postgres?", "/undisturbed?")
        run_undisturbed(undisturbed, [_FIRST_MONTH - 1, *months], awards)
        left, right = contents(url), contents(undisturbed)
        different = [key for key in {*left, *right} if left.get(key) != right.get(key)]
        with owner.connect() as connection:
            return [*sorted(different), *map(str, verify(connection))]


def torture(folder: Path, *, interruptions: int, awards: int, report: Reached) -> list[str]:
    """Interrupt, compare, verify; returns what differs, which should be nothing."""
    planned = plan_interruptions(interruptions)
    counted = interrupt(folder, planned, awards, report)
    for what, times in sorted(counted.items()):
        report(f"{times:4} x {what}")
    months = [_FIRST_MONTH + number for number in range(interruptions)]
    return differences(folder, months, awards)


def main() -> int:
    """Run from the command line; exit code 1 when anything differs."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--interruptions", type=int, default=60)
    parser.add_argument("--awards", type=int, default=10_000, help="in each month")
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="growth-points-torture-", ignore_cleanup_errors=True) as folder:
        found = torture(
            Path(folder) / "data",
            interruptions=asked.interruptions,
            awards=asked.awards,
            report=lambda line: print(line, flush=True),
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
