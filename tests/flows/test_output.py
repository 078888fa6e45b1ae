"""Rows that are printed for a program that may stop reading."""

import subprocess
import sys

PRINTS_MANY_ROWS = """
from console.output import print_rows
print_rows(["number"], ([number] for number in range(1_000_000)), "csv")
"""


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    printing = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", PRINTS_MANY_ROWS], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert printing.stdout is not None
    assert printing.stderr is not None
    assert printing.stdout.readline() == b"number\n"
    printing.stdout.close()
    assert (printing.wait(timeout=30), printing.stderr.read()) == (0, b"")
    printing.stderr.close()
