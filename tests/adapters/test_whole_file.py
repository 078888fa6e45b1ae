"""A file is found whole or as it was before, whatever happens while it is written."""

import errno
import os
from pathlib import Path

import pytest

from adapters.whole_file import write_whole, written_whole


def test_a_file_replaces_the_one_before(tmp_path: Path) -> None:
    for text in ("first", "점"):
        write_whole(tmp_path / "report.md", text)
        assert [(each.name, each.read_text("utf-8")) for each in tmp_path.iterdir()] == [
            ("report.md", text)
        ]


def test_a_file_that_cannot_be_written_whole_leaves_the_one_before(tmp_path: Path) -> None:
    file = tmp_path / "report.md"
    file.write_text("before")
    with pytest.raises(KeyError):
        _cut_short(file)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [
        ("report.md", "before")
    ]


def _cut_short(file: Path) -> None:
    with written_whole(file) as unfinished:
        unfinished.write_text("half")
        raise KeyError


def test_a_full_disk_is_told_with_the_name_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as raised:
        write_whole(tmp_path / "report.md", "text")
    assert raised.value.filename == str(tmp_path / "report.md")
    assert not list(tmp_path.iterdir())


def test_a_file_is_on_disk_before_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    sync, put_in_place = os.fsync, Path.replace

    def synced(number: int) -> None:
        done.append("folder" if Path(f"/proc/self/fd/{number}").is_dir() else "file")
        sync(number)

    def placed(self: Path, target: Path) -> Path:
        done.append("name")
        return put_in_place(self, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", placed)
    write_whole(tmp_path / "report.md", "text")
    assert done == ["file", "name", "folder"]
