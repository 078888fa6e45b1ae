"""A sender tries a delivery: the findings of a closing, without a database and without a trace."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.delivery_check import NoMonthFolder, check_folder
from tests.command_line import Marketplace
from tests.deliveries import MONTH, SmallDelivery
from tests.three_stores import OCTOBER


@pytest.fixture
def delivery(tmp_path: Path) -> SmallDelivery:
    return SmallDelivery(tmp_path).write()


def test_a_sound_month_would_be_accepted(delivery: SmallDelivery) -> None:
    (checked,) = check_folder(delivery.folder)
    assert str(checked.headline()) == "2026-10 would be accepted: 4 lines, 259,000 KRW, 3 stores."
    assert not checked.refused


def test_warnings_are_counted(delivery: SmallDelivery) -> None:
    delivery.lines[-1]["payment_amount_krw"] = "-1"
    (checked,) = check_folder(delivery.write().folder)
    assert str(checked.headline()).startswith("2026-10 would be accepted, with 1 warning:")
    assert [row[2] for row in checked.rows()] == ["seller_negative"]


def test_what_cannot_be_read_is_named(delivery: SmallDelivery) -> None:
    (delivery.folder / "settlements.csv").write_bytes(b"")
    (checked,) = check_folder(delivery.folder)
    assert str(checked.headline()) == "2026-10 cannot be read."
    assert [each.rule for each in checked.findings] == ["file_empty"]


def test_the_months_of_a_folder_are_checked_in_their_order(delivery: SmallDelivery) -> None:
    later = delivery.root / "2026-11"
    delivery.folder.rename(later)
    SmallDelivery(delivery.root).write()
    (delivery.root / "notes").mkdir()
    checked = list(check_folder(delivery.root))
    assert [each.month for each in checked] == [MONTH, MONTH + 1]
    assert [each.refused for each in checked] == [False, True]


@pytest.mark.parametrize("name", ["october", "2026-13", "."])
def test_a_folder_of_no_month_is_no_usage(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir(exist_ok=True)
    with pytest.raises(NoMonthFolder, match="is not a month's folder"):
        list(check_folder(tmp_path / name))


def test_nothing_is_written_beside_the_delivery(delivery: SmallDelivery) -> None:
    delivery.lines.append(delivery.lines[-1])
    before = sorted(delivery.write().root.rglob("*"))
    list(check_folder(delivery.folder))
    assert sorted(delivery.root.rglob("*")) == before


def test_it_says_what_a_closing_says(with_history: Marketplace) -> None:
    folder = with_history.root / OCTOBER
    rows = (folder / "settlements.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "settlements.csv").write_text("".join([*rows, rows[-1]]), encoding="utf-8")
    closed = with_history.run("close", OCTOBER)
    checked = with_history.run("check", str(folder), "--output", "csv")
    assert (checked.exit_code, closed.exit_code) == (1, 1)
    assert [row["rule"] for row in checked.rows()] == ["line_duplicated"]
    assert checked.rows()[0]["sentence"] in closed.stderr


def test_it_needs_no_database(delivery: SmallDelivery, marketplace: Marketplace) -> None:
    nowhere = replace(marketplace, database_url="postgresql://nobody@127.0.0.1:1/none")
    checked = nowhere.run("check", str(delivery.folder))
    assert (checked.exit_code, checked.stderr) == (0, "")
    assert "2026-10 would be accepted" in checked.stdout
    assert not nowhere.home.exists()
