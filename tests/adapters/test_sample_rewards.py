"""The sample's reward days: sound entries, the same every time, whose cancellations fit."""

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal

import duckdb
import pytest

from adapters.ingest.delivery import find_delivery
from adapters.sample import NotThatSample, SampleInvalid, write_rewards, write_sample
from domain.months import SettlementMonth
from flows.rewarding.read_rewards import read_rewards

DAYS = (date(2026, 10, 30), date(2026, 10, 31), date(2026, 11, 1))


def rewards(
    directory: Path,
    *,
    sellers: int = 300,
    entries: int = 1_000,
    days: Sequence[date] = DAYS,
    file_format: Literal["parquet", "csv"] = "parquet",
) -> None:
    write_rewards(
        directory,
        sellers=sellers,
        entries=entries,
        days=days,
        seed=7,
        file_format=file_format,
        progress=lambda _: None,
    )


def hashes(directory: Path) -> dict[str, str]:
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    return {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def asked(directory: Path, sql: str) -> list[tuple[Any, ...]]:
    """Ask about `entry`, all entries of all days, and the cancellations among them."""
    with duckdb.connect() as connection:
        entries = connection.read_parquet(f"{directory}/rewards/*/*.parquet")
        entries.create_view("entry")
        entries.filter("kind = 'cancellation'").create_view("cancellation")
        return connection.sql(sql).fetchall()


@pytest.mark.parametrize("file_format", ["parquet", "csv"])
@pytest.mark.parametrize("entries", [1, 39, 40, 1_000])
def test_every_day_is_sound_and_as_its_manifest_says(
    entries: int, file_format: Literal["parquet", "csv"], tmp_path: Path
) -> None:
    rewards(tmp_path, entries=entries, file_format=file_format)
    for day in DAYS:
        found = find_delivery(str(tmp_path), day)
        profile = read_rewards(found, tmp_path / "staging", tmp_path / "refused").profile
        assert not [broken for broken in profile.violations if broken.count]
        [file] = profile.files
        assert file.declared is not None
        assert (file.rows, file.total) == (file.declared.rows, file.declared.total)
        assert file.rows == entries


def test_equal_arguments_write_equal_bytes(tmp_path: Path) -> None:
    rewards(tmp_path / "one")
    rewards(tmp_path / "two", days=DAYS[:2])
    rewards(tmp_path / "two")
    assert hashes(tmp_path / "one") == hashes(tmp_path / "two")


def test_the_bytes_are_the_same_on_every_machine(tmp_path: Path) -> None:
    rewards(tmp_path, days=DAYS[:2], entries=40, file_format="csv")
    manifest = json.loads((tmp_path / "rewards" / "2026-10-31" / "manifest.json").read_text())
    assert manifest == {
        "day": "2026-10-31",
        "files": [
            {
                "name": "rewards-000.csv",
                "rows": 40,
                "points": 42800,
                "sha256": "1cc69a97fe5172c67e48299dcd767a4011c74c6347a33d5dc7061bd751ad5ada",
            }
        ],
    }


def test_cancellations_take_back_entries_of_the_day_before_once(tmp_path: Path) -> None:
    rewards(tmp_path)
    by_day = "SELECT occurred_on, count(*) FROM cancellation GROUP BY 1 ORDER BY 1"
    assert asked(tmp_path, by_day) == [(DAYS[1], 25), (DAYS[2], 25)]
    fitting = asked(
        tmp_path,
        "SELECT count(DISTINCT (theirs.event_id, theirs.position)) FROM cancellation ours "
        "JOIN entry theirs ON theirs.event_id = ours.cancels_event_id "
        "AND theirs.position = ours.cancels_position AND theirs.points = ours.points "
        "AND theirs.seller_id = ours.seller_id AND theirs.kind <> 'cancellation' "
        "AND theirs.occurred_on = ours.occurred_on - 1",
    )
    assert fitting == [(50,)]


def test_a_first_day_takes_nothing_back(tmp_path: Path) -> None:
    rewards(tmp_path, days=DAYS[1:2])
    assert asked(tmp_path, "FROM entry WHERE cancels_event_id IS NOT NULL") == []


def test_entries_have_what_a_day_has(tmp_path: Path) -> None:
    rewards(tmp_path, days=DAYS[:1])
    of_events = (
        "SELECT min(entries), max(entries), count(*) "
        "FROM (SELECT count(*) AS entries FROM entry GROUP BY event_id)"
    )
    of_entries = (
        "SELECT count(DISTINCT kind), min(points), max(points), count(DISTINCT seller_id) "
        "FROM entry"
    )
    assert asked(tmp_path, of_events) == [(1, 12, 250)]
    assert asked(tmp_path, of_entries) == [(4, 100, 2_000, 250)]


def test_the_stores_are_those_of_the_last_snapshot(tmp_path: Path) -> None:
    write_sample(
        tmp_path,
        sellers=300,
        lines=2_000,
        months=[SettlementMonth(2026, 9), SettlementMonth(2026, 10)],
        seed=7,
        file_format="parquet",
        progress=lambda _: None,
    )
    rewards(tmp_path, days=[*DAYS, date(2027, 3, 1)])
    for day, month in ((DAYS[0], "2026-09"), (DAYS[2], "2026-10"), (date(2027, 3, 1), "2026-10")):
        entries = duckdb.read_parquet(f"{tmp_path}/rewards/{day}/*.parquet").project("seller_id")
        sellers = duckdb.read_parquet(f"{tmp_path}/{month}/sellers.parquet").project("seller_id")
        assert entries.distinct().except_(sellers).fetchall() == []


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"sellers": 0}, "0 sellers: ask for 1 to 1,000,000"),
        ({"entries": 0}, "0 entries a day: ask for 1 to 100,000,000"),
        ({"days": [date(2015, 1, 31)]}, "2015-01-31: rewards exist from 2015-02-01 to 2034-12-31"),
    ],
)
def test_wrong_usage_is_told_in_a_sentence_and_writes_nothing(
    wrong: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(SampleInvalid, match=sentence):
        rewards(tmp_path / "new", **wrong)
    assert not (tmp_path / "new").exists()


def test_days_of_another_sample_are_not_mixed_in(tmp_path: Path) -> None:
    rewards(tmp_path)
    before = hashes(tmp_path)
    with pytest.raises(NotThatSample, match="a sample of other sellers, entries, seed or format"):
        rewards(tmp_path, entries=999)
    assert hashes(tmp_path) == before
