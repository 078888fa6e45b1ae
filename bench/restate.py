"""What it costs to restate the oldest of twelve closed months, beside closing one of them.

    make bench                                    20,000 sellers: some minutes, most of them closing
    .venv/bin/python bench/restate.py --full      600,000 sellers, 2 million lines a month

A correction doubles what one seller in a hundred sold in the oldest month, so that awards move in
it and in the months after it. It is posted while all months are open, then taken back when all of
them are paid. Machines and neighbors differ, so every figure stands beside its ratio to a closing
of the newest month, measured in the same run.
"""

import argparse
import hashlib
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from close_month import PROGRAM, Run, prefect_server, row, run, say, wait_until_stopped
from working_folder import existing_folder

from domain.months import SettlementMonth

FIRST = SettlementMonth(2025, 9)
CLOSED = 12
LAST = FIRST + (CLOSED - 1)
FAR_AHEAD = "2030-01-01"
DOUBLED = "07"  # the end of each hundredth seller's id


@dataclass(frozen=True, slots=True)
class Year:
    """Twelve closed months in a home, the files they rest on, and a correction of the oldest."""

    home: Path
    files: Path
    corrected: Path

    @classmethod
    def prepared(cls, folder: Path, sellers: int, lines: int) -> "Year":
        """Write fourteen months, take the first two in, and close all but the newest."""
        year = cls(folder / "home", folder / "files", folder / "corrected")
        say(f"writing {CLOSED + 2} months of {lines:,} lines, {sellers:,} sellers")
        sizes = ["--sellers", str(sellers), "--lines", str(lines)]
        months = ["--months", f"{FIRST - 2}..{LAST}"]
        run([PROGRAM, "sample", year.files, *sizes, *months], year.home)
        write_corrected(year.files / str(FIRST), year.corrected / str(FIRST))
        with prefect_server(folder / "prefect") as address:
            for month in (FIRST - 2, FIRST - 1):
                year.command("ingest", str(month), "--from", year.files, PREFECT_API_URL=address)
            for month in FIRST.until(LAST - 1):
                say(f"closing {month}")
                year.close(month, year.files, PREFECT_API_URL=address)
        wait_until_stopped(year.home)
        return year

    def command(self, *words: str | Path, **variables: str) -> Run:
        """Run a command in the home."""
        return run([PROGRAM, *words], self.home, **variables)

    def close(self, month: SettlementMonth, root: Path, *words: str, **variables: str) -> Run:
        """Close a month with the delivery in a root."""
        return self.command("close", str(month), "--from", root, *words, **variables)

    def seller(self) -> str:
        """Name a seller whose sales are corrected."""
        names = pq.read_table(self.corrected / str(FIRST) / "sellers.parquet")["seller_id"]
        return str(names.filter(_chosen(names))[0])


def write_corrected(delivery: Path, folder: Path) -> None:
    """Write a month's delivery anew, with the amounts of each hundredth seller doubled."""
    folder.mkdir(parents=True)
    for file in sorted(delivery.glob("*.parquet")):
        table = pq.read_table(file)
        if "payment_amount_krw" in table.column_names:
            table = _doubled(table)
        pq.write_table(table, folder / file.name)


def _doubled(table: pa.Table) -> pa.Table:
    amount = table["payment_amount_krw"]
    column = table.column_names.index("payment_amount_krw")
    now = pc.if_else(_chosen(table["seller_id"]), pc.multiply(amount, 2), amount)
    return table.set_column(column, "payment_amount_krw", now)


def _chosen(sellers: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.equal(pc.utf8_slice_codeunits(sellers, -2), DOUBLED)


def hashing(delivery: Path) -> float:
    """Say how long it takes to read and hash a delivery's files."""
    began = time.perf_counter()
    for file in delivery.iterdir():
        with file.open("rb") as opened:
            hashlib.file_digest(opened, "sha256")
    return time.perf_counter() - began


def measure(folder: Path, sellers: int, lines: int) -> None:
    """Close a year; correct its oldest month, open and paid; ask, and close again unchanged."""
    year = Year.prepared(folder, sellers, lines)
    say(f"closing {LAST}, and again")
    closing, again = (year.close(LAST, year.files) for _ in range(2))
    seller = year.seller()
    say("restating the oldest month: previewed and posted")
    preview, restated = (year.close(FIRST, year.corrected, *mode) for mode in (["--preview"], []))
    say("paying all months, and taking the correction back")
    year.command("pay-out", "--on", FAR_AHEAD, "--ahead")
    agreed = ["--acknowledge-paid", "--reason", "taken back"]
    paid_preview = year.close(FIRST, year.files, "--preview")
    paid_restated = year.close(FIRST, year.files, *agreed)
    say(f"explaining {seller}")
    explained = [year.command("explain", seller, str(FIRST)).seconds for _ in range(3)]
    year.command("verify")

    def tell(what: str, each: Run, target: str) -> None:
        ratio = f"{each.seconds / closing.seconds:.2f} x"
        row(what, f"{each.seconds:.1f} s = {ratio}", target)

    print(f"\n{CLOSED} months of {sellers:,} sellers, {lines:,} lines each; x: one closing")
    tell("closing the newest month", closing, "")
    tell("restating the oldest of 12, cascade included", restated, "under 60 s for 600,000")
    tell("  previewed", preview, "no more than the run")
    tell("the same of 12 that are paid", paid_restated, "under 60 s for 600,000")
    tell("  previewed", paid_preview, "no more than the run")
    tell("the newest month again: nothing changed", again, "")
    beyond = again.seconds - hashing(year.files / str(LAST))
    row("  beyond reading and hashing its files", f"{beyond:.1f} s", "at most 5 s")
    row("explaining a seller", f"{statistics.median(explained):.1f} s", "under 2 s")


def main() -> None:
    """Measure in a folder of its own that is removed afterwards."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sellers", type=int, default=20_000)
    parser.add_argument("--lines", type=int, default=100_000, help="a month")
    parser.add_argument("--full", action="store_true", help="600,000 sellers, 2 million lines")
    parser.add_argument(
        "--folder", type=existing_folder, help="where to work; needs 5 GB for --full"
    )
    sizes = parser.parse_args()
    if sizes.full:
        sizes.sellers, sizes.lines = 600_000, 2_000_000
    with tempfile.TemporaryDirectory(dir=sizes.folder, prefix="growth-points-bench-") as folder:
        measure(Path(folder), sizes.sellers, sizes.lines)


if __name__ == "__main__":
    main()
