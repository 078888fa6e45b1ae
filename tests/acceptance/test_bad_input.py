# ruff: noqa: E501 the table has one case a line, however long
"""What is wrong with a delivery is said in a sentence; nothing of it is written or shown."""

import gzip
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow.csv
import pyarrow.parquet
import pytest

from tests.command_line import Marketplace
from tests.three_stores import AUGUST, NOVEMBER, OCTOBER

Damage = Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class BadInput:
    """What is done to October's folder, and what the sentence must name: file, rule, count."""

    what: str
    damage: Damage
    named: tuple[str, ...]


def _absent(folder: Path) -> None:
    shutil.rmtree(folder)


def _without(name: str) -> Damage:
    return lambda folder: (folder / name).unlink()


def _holding(name: str, content: bytes) -> Damage:
    def damage(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return damage


def _changed(name: str, old: str, new: str) -> Damage:
    """Put one text in the place of another, which must be there."""

    def damage(folder: Path) -> None:
        before = (folder / name).read_text(encoding="utf-8")
        assert old in before
        (folder / name).write_text(before.replace(old, new), encoding="utf-8")

    return damage


def _with_last_row_again(name: str) -> Damage:
    def damage(folder: Path) -> None:
        rows = (folder / name).read_text(encoding="utf-8").splitlines(keepends=True)
        (folder / name).write_text("".join([*rows, rows[-1]]), encoding="utf-8")

    return damage


def _header_only(name: str) -> Damage:
    def damage(folder: Path) -> None:
        header = (folder / name).read_text(encoding="utf-8").splitlines(keepends=True)[0]
        (folder / name).write_text(header, encoding="utf-8")

    return damage


def _as_parquet(folder: Path) -> Path:
    file = folder / "settlements.parquet"
    pyarrow.parquet.write_table(pyarrow.csv.read_csv(folder / "settlements.csv"), file)
    (folder / "settlements.csv").unlink()
    return file


def _truncated_parquet(folder: Path) -> None:
    file = _as_parquet(folder)
    file.write_bytes(file.read_bytes()[:-20])


def _parquet_named_csv(folder: Path) -> None:
    _as_parquet(folder).rename(folder / "settlements.csv")


def _csv_named_parquet(folder: Path) -> None:
    (folder / "settlements.csv").rename(folder / "settlements.parquet")


def _gzip_cut_off(folder: Path) -> None:
    content = gzip.compress((folder / "settlements.csv").read_bytes())
    (folder / "settlements.csv.gz").write_bytes(content[:-12])
    (folder / "settlements.csv").unlink()


def _declared(**totals: object) -> Damage:
    def damage(folder: Path) -> None:
        settlements = {"name": "settlements.csv", "rows": 3, "payment_amount_krw": 16_000_000}
        manifest = {
            "settlement_month": OCTOBER,
            "files": [settlements | totals],
            "sellers": {"name": "sellers.csv", "rows": 3},
        }
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")

    return damage


LINES, SNAPSHOT = "settlements.csv", "sellers.csv"

# fmt: off
BAD_INPUT: Final = (
    BadInput("an absent month folder", _absent, (OCTOBER, "no such folder")),
    BadInput("no settlement file", _without(LINES), (OCTOBER, "there is no file settlements*")),
    BadInput("no seller snapshot", _without(SNAPSHOT), (OCTOBER, "there is no file sellers*")),
    BadInput("an empty file", _holding(LINES, b""), (LINES, "the file is empty (0 bytes)")),
    BadInput("a file with a header alone", _header_only(LINES), (LINES, "settlements_empty")),
    BadInput("a snapshot with a header alone", _header_only(SNAPSHOT), (SNAPSHOT, "snapshot_empty")),
    BadInput("a missing column", _changed(LINES, "confirmed_on", "settled_on"), (LINES, "no column confirmed_on")),
    BadInput("a missing snapshot column", _changed(SNAPSHOT, "approved_on", "opened_on"), (SNAPSHOT, "no column approved_on")),
    BadInput("Parquet that is named CSV", _parquet_named_csv, (LINES, "a Parquet file")),
    BadInput("CSV that is named Parquet", _csv_named_parquet, ("settlements.parquet", "not a Parquet file")),
    BadInput("a picture that is named CSV", _holding(LINES, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), (LINES, "it has no columns")),
    BadInput("a truncated Parquet file", _truncated_parquet, ("settlements.parquet", "cut off")),
    BadInput("a truncated gzip file", _gzip_cut_off, ("settlements.csv.gz",)),
    BadInput("a text amount", _changed(LINES, ",4000000,", ",four million,"), (LINES, "amount_unreadable", "in 1 line", "four million")),
    BadInput("an amount with a fraction", _changed(LINES, ",4000000,", ",4000000.5,"), (LINES, "amount_unreadable", "in 1 line")),
    BadInput("an amount left out", _changed(LINES, ",4000000,", ",,"), (LINES, "amount_missing", "in 1 line")),
    BadInput("a date in another month", _changed(LINES, f",{OCTOBER}-15", f",{NOVEMBER}-01"), (LINES, "confirmed_outside_month", "in 3 lines")),
    BadInput("a date that is none", _changed(LINES, "4000000,2024-10-15", "4000000,2024-10-32"), (LINES, "confirmed_on_unreadable", "in 1 line")),
    BadInput("duplicates", _with_last_row_again(LINES), (LINES, "line_duplicated", "in 2 lines")),
    BadInput("an unknown seller", _changed(LINES, "sora,", "nuri,"), (LINES, "seller_unknown", "in 1 line")),
    BadInput("a seller twice in the snapshot", _with_last_row_again(SNAPSHOT), (SNAPSHOT, "snapshot_seller_twice", "row")),
    BadInput("a control total of rows that differs", _declared(rows=4), (LINES, "control_total_rows", "declares 4", "has 3")),
    BadInput("a control total of won that differs", _declared(payment_amount_krw=16_000_001), (LINES, "control_total_amount", "declares 16,000,001", "has 16,000,000")),
    BadInput("a hash that differs", _declared(sha256="0" * 64), (LINES, "control_total_sha256", "declares 0000")),
    BadInput("a file that the manifest names alone", _declared(name="settlements-2.csv"), ("manifest.json", "settlements-2.csv", "not there")),
)
# fmt: on


@pytest.mark.parametrize("bad", BAD_INPUT, ids=lambda bad: bad.what)
def test_a_bad_delivery_is_refused_in_a_sentence_and_leaves_nothing(
    with_history: Marketplace, bad: BadInput
) -> None:
    bad.damage(with_history.root / OCTOBER)

    assert_refused(with_history, bad.named, "close", OCTOBER)


def test_a_bad_delivery_is_not_ingested_as_history_either(with_history: Marketplace) -> None:
    _changed(LINES, "sora,", "nuri,")(with_history.root / OCTOBER)

    assert_refused(with_history, (LINES, "seller_unknown", "in 1 line"), "ingest", OCTOBER)


def test_a_bad_delivery_is_refused_by_a_preview_too(with_history: Marketplace) -> None:
    _with_last_row_again(LINES)(with_history.root / OCTOBER)

    assert_refused(with_history, ("line_duplicated",), "close", OCTOBER, "--preview")


def test_everything_wrong_is_told_at_once(with_history: Marketplace) -> None:
    folder = with_history.root / OCTOBER
    _changed(LINES, ",4000000,", ",four million,")(folder)
    _changed(LINES, "maru,", "nuri,")(folder)
    _with_last_row_again(SNAPSHOT)(folder)

    rules = ("amount_unreadable", "seller_unknown", "snapshot_seller_twice")
    assert_refused(with_history, ("3 findings", *rules), "close", OCTOBER)


def test_a_bad_correction_of_a_closed_month_changes_nothing(closed_october: Marketplace) -> None:
    before = closed_october.result(OCTOBER)
    _changed(LINES, "sora,", "nuri,")(closed_october.root / OCTOBER)

    assert_refused(closed_october, ("seller_unknown",), "close", OCTOBER)

    assert closed_october.result(OCTOBER) == before


@pytest.mark.parametrize(
    ("month", "missing"),
    [(NOVEMBER, [OCTOBER]), ("2025-01", [NOVEMBER, "2024-12"]), (AUGUST, ["2024-06", "2024-07"])],
)
def test_an_incomplete_window_names_the_missing_months(
    with_history: Marketplace, month: str, missing: list[str]
) -> None:
    assert_refused(with_history, (month, *missing, "not ingested yet"), "close", month)


def test_a_month_that_was_refused_closes_once_its_delivery_is_sound(
    with_history: Marketplace, closed_october: Marketplace
) -> None:
    folder = with_history.root / OCTOBER
    _with_last_row_again(LINES)(folder)
    with_history.run("close", OCTOBER)
    shutil.copy(closed_october.root / OCTOBER / LINES, folder / LINES)

    with_history.done("close", OCTOBER)

    assert with_history.result(OCTOBER) == closed_october.result(OCTOBER)


def assert_refused(marketplace: Marketplace, named: tuple[str, ...], *words: str) -> None:
    """Hold that a command ends with 1 and a sentence naming all that, and writes nothing."""
    before = marketplace.row_counts()

    refused = marketplace.run(*words)

    assert refused.exit_code == 1
    assert refused.stdout == ""
    assert "Traceback" not in refused.stderr
    sentence = refused.stderr[refused.stderr.index("growth-points: ") :]
    assert [name for name in named if name not in sentence] == [], sentence
    assert marketplace.row_counts() == before
    assert not list((marketplace.home / "staging").glob("*/*")), "something stayed staged"
