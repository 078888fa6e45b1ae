"""A marketplace in files and a database of its own, worked on through the real command line."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from csv import DictReader
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from console.cli import main
from tests.deliveries import Row, write_csv

_COMMAND = Path(sys.executable).with_name("growth-points")
_FLAGS = ("runs_department_store_window", "runs_outlet_window", "uses_fulfilment", "uses_api")
_OF_THE_MOMENT = frozenset({"recorded_at", "paid_at"})


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended, and what it wrote."""

    exit_code: int
    stdout: str
    stderr: str

    def rows(self) -> list[Row]:
        """Read standard output as CSV."""
        return list(DictReader(io.StringIO(self.stdout)))


@dataclass(frozen=True, slots=True)
class Store:
    """A store of the seller snapshot; `ways` are the flags that are true of it."""

    seller_id: str
    approved_on: str
    ways: frozenset[str] = frozenset()
    status: str = "NORMAL"

    def row(self) -> Row:
        """Write the store as a row of the snapshot."""
        flags = {flag: str(flag in self.ways).lower() for flag in _FLAGS}
        facts = {
            "seller_id": self.seller_id,
            "approved_on": self.approved_on,
            "status": self.status,
        }
        return facts | flags


@dataclass(frozen=True, slots=True)
class Line:
    """A settlement line, as far as an example needs it.

    `settled_on` is its settlement basis date, which files have and nothing may look at.
    """

    seller_id: str
    amount_krw: int
    confirmed_on: str
    line_type: str = "PROD_ORDER"
    settlement_type: str = "NORMAL_SETTLE_ORIGINAL"
    settled_on: str = ""

    def row(self, number: int) -> Row:
        """Write the line under the canonical headers, numbered within its month."""
        return {
            "seller_id": self.seller_id,
            "order_id": f"O{number}",
            "product_order_id": f"{self.confirmed_on[:7].replace('-', '')}{number:010}",
            "line_type": self.line_type,
            "settlement_type": self.settlement_type,
            "payment_amount_krw": str(self.amount_krw),
            "confirmed_on": self.confirmed_on,
            "settleBasisDate": self.settled_on or self.confirmed_on,
        }


@dataclass(frozen=True, slots=True)
class Marketplace:
    """Settlement folders under `root`, a home, and a database; `run` works on them."""

    root: Path
    home: Path
    database_url: str
    variables: Mapping[str, str] = field(default_factory=dict)

    def deliver(self, month: str, lines: Iterable[Line], stores: Iterable[Store]) -> None:
        """Put a month's files in place, or others in the place of those that were there."""
        folder = self.root / month
        folder.mkdir(parents=True, exist_ok=True)
        rows = [line.row(number) for number, line in enumerate(lines, start=1)]
        write_csv(folder / "settlements.csv", rows)
        write_csv(folder / "sellers.csv", [store.row() for store in stores])

    def run(self, *words: str) -> Ran:
        """Run `growth-points WORDS` in this process, as its entry point does."""
        out, err = io.StringIO(), io.StringIO()
        with (
            pytest.MonkeyPatch.context() as patch,
            _environment_kept(),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            for name, value in self.environment().items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["growth-points", *words])
            with pytest.raises(SystemExit) as ended:
                main()
        return Ran(_code(ended.value.code), out.getvalue(), err.getvalue())

    def done(self, *words: str) -> Ran:
        """Run a command that must succeed."""
        ran = self.run(*words)
        assert ran.exit_code == 0, f"{' '.join(words)}\n{ran.stdout}\n{ran.stderr}"
        return ran

    @contextmanager
    def started(
        self, *words: str, with_own_server: bool = False
    ) -> Iterator[subprocess.Popen[str]]:
        """Start the installed command as a process, beside the run's Prefect or one of its own.

        What is left of it is killed in the end.
        """
        environment = {**os.environ, **self.environment()}
        if with_own_server:
            del environment["PREFECT_API_URL"]
        with subprocess.Popen(  # noqa: S603 the words are the tests' own
            [_COMMAND, *words],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def result(self, *months: str) -> dict[str, list[Row]]:
        """List what the commands tell of the ledger, the payouts and the months' decisions.

        Left out are the instants at which something was recorded.
        """
        listings = {"ledger": ["ledger"], "payouts": ["payouts"]}
        listings |= {month: ["decisions", month] for month in months}
        return {
            name: [_timeless(row) for row in self.done(*words, "--output", "csv").rows()]
            for name, words in listings.items()
        }

    def row_counts(self) -> dict[str, int]:
        """Count the rows of every table but `run`, which keeps refused runs, and its seals."""
        engine = create_engine(self.database_url.replace("postgresql:", "postgresql+psycopg:"))
        with engine.connect() as connection:
            names = connection.scalars(
                text(
                    "SELECT tablename FROM pg_tables WHERE schemaname = 'growth_points' "
                    "AND tablename NOT IN ('run', 'seal', 'unsealed')"
                )
            ).all()
            counts = {
                name: int(connection.scalar(text(f"SELECT count(*) FROM growth_points.{name}")))  # noqa: S608
                for name in names
            }
        engine.dispose()
        return counts

    def environment(self) -> dict[str, str]:
        """Give the variables under which commands work on it."""
        return {
            "GROWTH_POINTS_HOME": str(self.home),
            "GROWTH_POINTS_DATABASE_URL": self.database_url,
            "GROWTH_POINTS_SETTLEMENTS": str(self.root),
            **self.variables,
        }


@contextmanager
def _environment_kept() -> Iterator[None]:
    """Undo what a command sets for its own process, such as the server that it found in a home."""
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def midmonth(month: str) -> str:
    """Name a date that lies in a month for sure."""
    return date.fromisoformat(f"{month}-15").isoformat()


def _timeless(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in _OF_THE_MOMENT}


def _code(code: object) -> int:
    assert isinstance(code, int)
    return code
