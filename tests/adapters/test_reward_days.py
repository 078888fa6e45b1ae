"""A reward day is read as a month is: what is delivered, in every format, and nothing else."""

import gzip
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet
import pytest

from adapters.ingest.delivery import DeliveryRefused, find_delivery
from adapters.ingest.opening import Reading
from adapters.ingest.root import RootUnknown, require_root
from adapters.ingest.staged_rewards import StagedRewards
from domain.using.rewards import ENTRY_COLUMNS
from expectations.suite import REWARD_SUITE
from flows.rewarding.read_rewards import find_rewards
from flows.settings import Settings
from tests.deliveries import MONTH, SmallDelivery, write_csv
from tests.reward_days import DAY, SmallRewardDay, entry
from tests.signing import Signer
from tests.spec.tables import DOCS, tables
from tests.workbooks import write_sheets

STAGED = [
    ("E1", 1, "store-a", "purchase", 1_000, "c-E1-1", DAY, None, None),
    ("E1", 2, "store-a", "review", 300, "c-E1-2", DAY, None, None),
    ("E2", 1, "store-b", "best_review", 500, "c-E2-1", DAY, None, None),
    ("E3", 1, "store-b", "cancellation", 700, "c-E3-1", DAY, "E0", 2),
]


@pytest.fixture
def day(tmp_path: Path) -> SmallRewardDay:
    return SmallRewardDay(tmp_path).write()


def staged_rows(staged: StagedRewards) -> list[tuple[object, ...]]:
    return duckdb.read_parquet(str(staged.rewards)).fetchall()


def refusal(day: SmallRewardDay) -> dict[str, str]:
    """Return what is found in a day that cannot be read, by rule."""
    with pytest.raises(DeliveryRefused) as refused:
        day.read()
    assert str(refused.value).startswith(f"the delivery of {DAY} in {day.folder} cannot be read")
    return {finding.rule: finding.sentence for finding in refused.value.findings}


def as_parquet(day: SmallRewardDay) -> None:
    duckdb.read_csv(str(day.file)).write_parquet(str(day.folder / "rewards.parquet"))
    day.file.unlink()


def as_gzip(day: SmallRewardDay) -> None:
    (day.folder / "rewards.csv.gz").write_bytes(gzip.compress(day.file.read_bytes()))
    day.file.unlink()


def as_workbook(day: SmallRewardDay) -> None:
    rows = [list(day.entries[0]), *(list(each.values()) for each in day.entries)]
    write_sheets(day.folder / "rewards.xlsx", {"entries": rows})
    day.file.unlink()


def as_two_files(day: SmallRewardDay) -> None:
    write_csv(day.file, day.entries[:2])
    write_csv(day.folder / "rewards-2.csv", day.entries[2:])


@pytest.mark.parametrize("reading", [Reading.SIMPLE, Reading.TOGETHER], ids=lambda each: each.name)
@pytest.mark.parametrize("form", [lambda _: None, as_parquet, as_gzip, as_workbook, as_two_files])
def test_entries_are_staged_in_the_order_of_events_and_positions(
    form: Callable[[SmallRewardDay], None],
    reading: Reading,
    day: SmallRewardDay,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("adapters.ingest.scanning._FIRST_READING", reading)
    form(day)
    staged = day.read()
    assert staged_rows(staged) == STAGED
    assert (staged.day, staged.quarantine) == (DAY, None)
    assert (staged.profile.entries, staged.profile.points) == (4, 2_500)
    assert not [found for found in staged.profile.violations if found.count]


def test_the_types_of_staged_entries_do_not_depend_on_what_they_hold(day: SmallRewardDay) -> None:
    day.entries = day.entries[:1]  # without a cancellation
    schema = pyarrow.parquet.read_schema(day.write().read().rewards)
    types = {"position": pa.int32(), "points": pa.int64(), "occurred_on": pa.date32()}
    types["cancels_position"] = pa.int32()
    assert schema.names == [column.name for column in ENTRY_COLUMNS]
    assert schema.types == [types.get(name, pa.string()) for name in schema.names]


def test_a_parquet_file_whose_entries_cancel_nothing_may_have_columns_without_a_type(
    day: SmallRewardDay,
) -> None:
    rows = [each | {"cancels_event_id": None, "cancels_position": None} for each in day.entries[:3]]
    pyarrow.parquet.write_table(pa.Table.from_pylist(rows), day.folder / "rewards.parquet")
    day.file.unlink()
    assert staged_rows(day.read()) == STAGED[:3]


def test_the_store_may_be_stated_by_the_folder(day: SmallRewardDay) -> None:
    folder = day.folder / "seller_id=store-a"
    folder.mkdir()
    unnamed = [{k: v for k, v in e.items() if k != "seller_id"} for e in day.entries[1:3]]
    write_csv(folder / "rewards.csv", unnamed)
    write_csv(day.file, [day.entries[0], day.entries[3]])
    assert staged_rows(day.read()) == STAGED


def test_refused_entries_are_quarantined_and_not_staged(day: SmallRewardDay) -> None:
    day.entries[0] |= {"kind": "gift", "event_id": "E-2026\x0011"}
    day.entries[2]["position"] = "3"
    staged = day.write().read()
    assert staged_rows(staged) == STAGED[3:]
    assert staged.quarantine is not None
    kept = duckdb.read_parquet(str(staged.quarantine))
    assert kept.project("file, row, rules").fetchall() == [
        ("rewards.csv", 2, ["reward_event_malformed", "reward_kind_unknown"]),
        ("rewards.csv", 3, ["reward_position_gap"]),
        ("rewards.csv", 4, ["reward_position_gap"]),
    ]
    assert kept.columns[:3] == ["file", "row", "event_id"]
    assert "payment_amount_krw" not in kept.columns


def test_the_content_hash_is_that_of_the_content(day: SmallRewardDay, tmp_path: Path) -> None:
    again = SmallRewardDay(tmp_path / "elsewhere").write()
    assert day.read().content_hash == again.read().content_hash
    again.declare()
    assert day.read().content_hash != again.read().content_hash


def test_a_profile_as_data_names_its_day(day: SmallRewardDay) -> None:
    day.declare()
    data = day.read().profile.as_data()
    assert (data["day"], data["entries"], data["points"]) == ("2026-11-29", 4, 2_500)
    [file] = data["files"]
    assert (file["rows"], file["points"], file["declared"]["points"]) == (4, 2_500, 2_500)


@pytest.mark.parametrize("column", [column.name for column in ENTRY_COLUMNS])
@pytest.mark.parametrize("form", [lambda _: None, as_parquet])
def test_every_column_is_needed(
    column: str, form: Callable[[SmallRewardDay], None], day: SmallRewardDay
) -> None:
    write_csv(day.file, [{k: v for k, v in e.items() if k != column} for e in day.entries])
    form(day)
    assert f"it has no column {column}" in refusal(day)["column_missing"]


def test_a_changed_header_is_refused(day: SmallRewardDay) -> None:
    day.file.write_text(day.file.read_text().replace("points", "amount", 1))
    assert refusal(day)["column_missing"] == (
        "rewards.csv: it has no column points; its columns are event_id, position, seller_id, "
        "kind, amount, customer_ref, occurred_on, cancels_event_id, cancels_position."
    )


def _remove(day: SmallRewardDay) -> None:
    day.file.unlink()


def _rename(day: SmallRewardDay) -> None:
    day.file.rename(day.folder / "settlements.csv")


def _empty(day: SmallRewardDay) -> None:
    day.file.write_bytes(b"")


def _cut(day: SmallRewardDay) -> None:
    as_parquet(day)
    path = day.folder / "rewards.parquet"
    path.write_bytes(path.read_bytes()[:-20])


@pytest.mark.parametrize(
    ("harm", "rule", "sentence"),
    [
        (_remove, "rewards_absent", "there is no file rewards*.parquet, rewards*.csv or"),
        (_rename, "file_unrecognized", "may be part of the day; name it rewards… with one of"),
        (_empty, "file_empty", "rewards.csv: the file is empty (0 bytes)."),
        (_cut, "file_damaged", "the Parquet file is cut off"),
    ],
)
def test_a_day_without_its_file_is_refused(
    harm: Callable[[SmallRewardDay], None], rule: str, sentence: str, day: SmallRewardDay
) -> None:
    harm(day)
    assert sentence in refusal(day)[rule]


@pytest.mark.parametrize(
    ("old", "new", "rule", "sentence"),
    [
        ('"2026-11-29"', '"2026-11-28"', "manifest_day", "for the day 2026-11-28, not for 2026-1"),
        ('"day"', '"settlement_month"', "manifest_day", "for the day None, not for 2026-11-29"),
        ('"points"', '"amount"', "manifest_malformed", "the points of rewards.csv is not a whole"),
        ("rewards.csv", "rewards-1.csv", "manifest_incomplete", "it does not name rewards.csv"),
    ],
)
def test_a_manifest_of_something_else_is_refused(
    old: str, new: str, rule: str, sentence: str, day: SmallRewardDay
) -> None:
    day.declare()
    manifest = day.folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace(old, new))
    assert sentence in refusal(day)[rule]


def test_months_and_days_lie_under_one_root(day: SmallRewardDay) -> None:
    month = SmallDelivery(day.root).write()
    assert find_delivery(str(month.root), DAY).source == str(day.folder)
    require_root(str(day.root), DAY)
    with pytest.raises(RootUnknown, match=f"give the root that contains it, {day.root}$"):
        require_root(str(day.folder), DAY)
    with pytest.raises(RootUnknown, match="there is no folder"):
        require_root(str(day.root / "elsewhere"), DAY)


def test_a_file_of_rewards_in_a_months_folder_is_not_overlooked(day: SmallRewardDay) -> None:
    month = SmallDelivery(day.root).write()
    day.file.rename(month.folder / "rewards.csv")
    with pytest.raises(DeliveryRefused, match=r"rewards\.csv: it is not read, but may be part of"):
        find_delivery(str(month.root), MONTH)


def test_where_senders_sign_a_day_has_to_be_signed(day: SmallRewardDay) -> None:
    signer, senders, now = Signer(), day.root / "senders", datetime.now(tz=UTC)
    senders.write_text(signer.line())
    settings = Settings(senders=senders)
    day.declare()
    with pytest.raises(DeliveryRefused, match="the delivery has no manifest"):
        find_rewards(settings, DAY, str(day.root), day.root / "fetched", now)
    manifest = day.folder / "manifest.json"
    (day.folder / "manifest.json.sig").write_bytes(signer.sign(manifest.read_bytes()))
    found = find_rewards(settings, DAY, str(day.root), day.root / "fetched", now)
    assert found.signed is not None
    assert found.signed.sender.name == signer.name
    day.file.write_text(day.file.read_text().replace("300", "400"))
    with pytest.raises(DeliveryRefused, match="have the day delivered again"):
        find_rewards(settings, DAY, str(day.root), day.root / "fetched", now)


SOUND_VALUES = {
    "event_id": ("\u200bE2 ", "E2"),
    "customer_ref": ("c-가나다", "c-가나다"),
    "points": ("1,500", 1_500),
    "occurred_on": ("2026.11.29", DAY),
    "position": ("1.0", 1),
    "kind": ("BEST-REVIEW", "best_review"),
}


@pytest.mark.parametrize("reading", [Reading.SIMPLE, Reading.TOGETHER], ids=lambda each: each.name)
@pytest.mark.parametrize("column", SOUND_VALUES)
def test_a_value_is_read_as_in_settlements(
    column: str, reading: Reading, day: SmallRewardDay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.ingest.scanning._FIRST_READING", reading)
    written, read = SOUND_VALUES[column]
    day.entries[0][column] = str(written)
    staged = day.write().read()
    assert staged.quarantine is None
    place = [each.name for each in ENTRY_COLUMNS].index(column)
    assert staged_rows(staged)[2][place] == read


def test_many_events_are_read_whole(day: SmallRewardDay) -> None:
    day.entries = [
        entry(f"E{n}", position, f"store-{n % 7}", "purchase", 100)
        for n in range(1_000)
        for position in (2, 1)
    ]
    rows = staged_rows(day.write().read())
    assert len(rows) == 2_000
    assert [row[:2] for row in rows] == sorted(row[:2] for row in rows)


PAGE = (DOCS / "reward-format.md").read_text("utf-8")


def test_the_documented_example_is_sound(day: SmallRewardDay) -> None:
    day.file.write_text(PAGE.partition("```csv\n")[2].partition("```")[0])
    staged = day.read()
    assert staged.profile.entries == 3
    assert not [found for found in staged.profile.violations if found.count]


def test_the_documented_findings_exist() -> None:
    named = [
        rule
        for table in tables(PAGE)
        if table.heading == "What is refused"
        for row in table.rows
        for rule in re.findall("`([a-z_]+)`", row["finding"])
    ]
    assert len(named) == 16
    assert set(named) <= REWARD_SUITE.by_name.keys()
