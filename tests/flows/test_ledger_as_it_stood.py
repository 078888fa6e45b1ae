"""The ledger by command: as it stood, as a file, and against what reports told of it."""

import csv
from pathlib import Path

import pyarrow.parquet
import pytest

from tests.command_line import Marketplace
from tests.three_stores import NOVEMBER, OCTOBER_DUE_ON

Row = dict[str, str]


def rows(marketplace: Marketplace, *words: str) -> list[Row]:
    return marketplace.done(*words, "--output", "csv").rows()


def head(marketplace: Marketplace) -> str:
    told = marketplace.done("verify").stdout.splitlines()[-1]
    return told.removeprefix("ledger head: ")


def test_the_ledger_and_its_balances_stay_as_they_stood_at_a_head(
    closed_october: Marketplace,
) -> None:
    number = head(closed_october).split()[0]
    entries, balances = rows(closed_october, "ledger"), rows(closed_october, "balances")
    closed_october.done("pay-out", "--on", OCTOBER_DUE_ON)

    assert len(rows(closed_october, "ledger")) == 2 * len(entries)
    assert rows(closed_october, "ledger", "--as-of", number) == entries
    assert rows(closed_october, "balances") != balances
    assert rows(closed_october, "balances", "--as-of", number) == balances


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_the_whole_ledger_can_be_written_to_a_file_again_and_again(
    closed_october: Marketplace, tmp_path: Path, suffix: str
) -> None:
    file = tmp_path / f"ledger.{suffix}"
    for _ in range(2):
        closed_october.done("ledger", "--to", str(file))
    said = rows(closed_october, "ledger")
    written = _read(file)
    assert list(written[0]) == list(said[0])
    assert [_named(row) for row in written] == [_named(row) for row in said]


def _read(file: Path) -> list[Row]:
    if file.suffix == ".csv":
        return list(csv.DictReader(file.read_text().splitlines()))
    entries: list[Row] = pyarrow.parquet.read_table(file).to_pylist()
    return entries


def _named(row: Row) -> tuple[str, str, str]:
    return str(row["entry_no"]), row["seller_id"], str(row["points"])


def test_a_head_that_a_kept_report_told_must_be_in_the_chain(closed_october: Marketplace) -> None:
    closed_october.done("close", NOVEMBER)
    closed_october.done("verify")
    [report] = closed_october.home.glob(f"reports/{NOVEMBER}/closed-*.json")
    told = head(closed_october).split()[1]
    assert told in report.read_text()
    report.write_text(report.read_text().replace(told, "0" * 64))

    refused = closed_october.run("verify")

    assert refused.exit_code == 1
    assert f"no seal of this database is {'0' * 64}" in refused.stdout


def test_a_head_that_is_told_on_the_command_line_must_be_in_the_chain(
    closed_october: Marketplace,
) -> None:
    closed_october.done("verify", "--head", head(closed_october).split()[1])
    refused = closed_october.run("verify", "--head", "0" * 64)
    assert (refused.exit_code, "no seal of this database is" in refused.stdout) == (1, True)
