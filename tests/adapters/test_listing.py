"""Looking at a folder: when a delivery counts as whole, and what counts as a change of it."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.ingest.listing import SETTLED, FolderUnreadable, list_delivery
from tests.adapters.test_object_store import ROOT, upload
from tests.deliveries import MONTH, SmallDelivery

HOUR = timedelta(hours=1)


@pytest.fixture
def delivery(tmp_path: Path) -> SmallDelivery:
    return SmallDelivery(tmp_path / "local").write()


def test_what_is_not_there_is_never_whole(tmp_path: Path) -> None:
    listing = list_delivery(str(tmp_path), MONTH)

    assert (listing.files, listing.changed_at, listing.whole_from(HOUR)) == ({}, None, None)


def test_files_are_whole_once_they_are_at_rest_whatever_date_they_carry(
    delivery: SmallDelivery,
) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    for path in delivery.folder.iterdir():
        os.utime(path, (0, 0))  # copied with its date

    whole_from = list_delivery(str(delivery.root), MONTH).whole_from(HOUR)

    assert whole_from is not None
    assert before + HOUR < whole_from <= datetime.now(UTC) + HOUR


def test_a_manifest_that_fits_shortens_the_wait(delivery: SmallDelivery) -> None:
    delivery.write(manifest=True)

    listing = list_delivery(str(delivery.root), MONTH)

    assert listing.fits
    assert listing.changed_at is not None
    assert listing.whole_from(HOUR) == listing.changed_at + SETTLED
    assert listing.whole_from(timedelta(0)) == listing.changed_at


@pytest.mark.parametrize(
    "trouble", ["a file lacks", "a file is more", "another month", "a folder", "a pipe", "no JSON"]
)
def test_a_manifest_that_does_not_fit_is_as_good_as_none(
    delivery: SmallDelivery, trouble: str
) -> None:
    delivery.write(manifest=True)
    manifest = delivery.folder / "manifest.json"
    match trouble:
        case "a file lacks":
            next(delivery.folder.glob("settlements*")).unlink()
        case "a file is more":
            (delivery.folder / "settlements-2.csv").write_text("")
        case "another month":
            manifest.write_text(manifest.read_text().replace(str(MONTH), str(MONTH + 1)))
        case "a folder" | "a pipe":
            manifest.unlink()
            (os.mkfifo if trouble == "a pipe" else os.mkdir)(manifest)
        case _:
            manifest.write_text("{")

    assert not list_delivery(str(delivery.root), MONTH).fits


def test_any_change_of_a_file_is_one_of_the_listing(delivery: SmallDelivery) -> None:
    seen = [list_delivery(str(delivery.root), MONTH).marks]
    file = next(delivery.folder.glob("settlements*"))
    status = file.stat()

    content = file.read_bytes()
    file.write_bytes(content[:-2] + content[:-1])
    seen.append(list_delivery(str(delivery.root), MONTH).marks)
    file.unlink()
    file.write_bytes(content)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))  # as old as the one it replaces
    seen.append(list_delivery(str(delivery.root), MONTH).marks)
    file.unlink()
    seen.append(list_delivery(str(delivery.root), MONTH).marks)
    of_one_seller = delivery.folder / "seller_id=maru" / "settlements.csv"
    of_one_seller.parent.mkdir()
    of_one_seller.write_bytes(content)
    seen.append(list_delivery(str(delivery.root), MONTH).marks)

    assert len(set(seen)) == len(seen)


def test_a_change_behind_a_link_is_one_of_the_listing(
    delivery: SmallDelivery, tmp_path: Path
) -> None:
    file = next(delivery.folder.glob("settlements*"))
    elsewhere = file.rename(tmp_path / "elsewhere")
    file.symlink_to(elsewhere)
    before = list_delivery(str(delivery.root), MONTH)
    elsewhere.write_bytes(elsewhere.read_bytes()[:-2])

    after = list_delivery(str(delivery.root), MONTH)

    assert after.marks != before.marks
    assert after.changed_at is not None
    assert before.changed_at is not None
    assert after.changed_at > before.changed_at
    elsewhere.unlink()
    assert list_delivery(str(delivery.root), MONTH).marks != after.marks


def test_a_look_without_a_change_is_the_same(delivery: SmallDelivery) -> None:
    root = str(delivery.root)

    assert list_delivery(root, MONTH).marks == list_delivery(root, MONTH).marks


def test_a_folder_in_a_store_is_listed_alike(bucket: Any, delivery: SmallDelivery) -> None:
    assert list_delivery(ROOT, MONTH).whole_from(HOUR) is None
    delivery.write(manifest=True)
    upload(bucket, delivery)

    listing = list_delivery(ROOT, MONTH)

    assert listing.fits
    assert listing.files.keys() == list_delivery(str(delivery.root), MONTH).files.keys()
    assert listing.changed_at is not None
    assert abs(datetime.now(UTC) - listing.changed_at) < HOUR
    bucket.Object("monthly/2026-10/manifest.json").delete()
    assert list_delivery(ROOT, MONTH).marks != listing.marks


def test_a_folder_that_cannot_be_listed_is_no_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / str(MONTH)).mkdir()

    def denied(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", denied)
    with pytest.raises(FolderUnreadable, match="cannot be listed"):
        list_delivery(str(tmp_path), MONTH)
