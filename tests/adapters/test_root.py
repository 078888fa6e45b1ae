"""What may be a root of settlement folders, and that a root never holds credentials."""

import json
from pathlib import Path

import pytest

from adapters.ingest.root import RootInvalid, is_object_store, valid_root
from flows.settings import Settings, SettingsInvalid
from tests.command_line import Marketplace

ROOTS = (
    *("/data", "data", "file:///data", "/data/a://b", "/data?key=1", "user@data", "s3:/a", ""),
    *("s3://bucket", "s3://bucket/", "s3://bucket/a/b", "s3://bucket/a@b"),
)
NOT_READ = (
    *("http://host/data", "https://host", "ftp://host", "memory://a", "github://a:b@c", "gs://a"),
    *("simplecache::s3://bucket", "zip://a.zip::s3://bucket", "S3://bucket", "reference://a"),
)
WITH_MORE = (
    *("s3://KEY:hush@bucket/a", "s3://hush@bucket", "s3://bucket/a?X-Amz-Signature=hush"),
    *("s3://bucket?key=hush", "s3://bucket#hush", "s3://", "s3:///a", "s3://b::file:///hush"),
)


@pytest.mark.parametrize("root", ROOTS)
def test_a_folder_and_a_bucket_are_roots(root: str) -> None:
    assert valid_root(root) == root
    assert is_object_store(root) == root.startswith("s3://")


@pytest.mark.parametrize("root", [*NOT_READ, *WITH_MORE])
def test_anything_else_is_wrong_usage_that_shows_no_secret(root: str) -> None:
    with pytest.raises(RootInvalid) as refused:
        valid_root(root)
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize("root", [NOT_READ[0], WITH_MORE[0]])
def test_the_setting_is_checked_too(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROWTH_POINTS_SETTLEMENTS", root)
    with pytest.raises(SettingsInvalid, match="GROWTH_POINTS_SETTLEMENTS: ") as refused:
        Settings.read()
    assert "hush" not in str(refused.value)
    monkeypatch.delenv("GROWTH_POINTS_SETTLEMENTS")
    with pytest.raises(RootInvalid):  # as a form gives it
        Settings.read().settlements_root(root)


@pytest.mark.parametrize("command", ["ingest", "close"])
def test_a_root_with_credentials_is_recorded_nowhere(
    marketplace: Marketplace, command: str
) -> None:
    ran = marketplace.run(command, "2026-10", "--from", "s3://KEY:hush@bucket/a")
    assert (ran.exit_code, "hush" in ran.stderr + ran.stdout) == (2, False)
    files = [each.read_bytes() for each in Path(marketplace.home).rglob("*") if each.is_file()]
    assert not any(b"hush" in each for each in files)
    assert "hush" not in json.dumps(marketplace.run("history", "2026-10").stderr)
