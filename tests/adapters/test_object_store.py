"""A delivery in an object store is read like one in a folder, from a real server."""

import errno
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.ingest.delivery import DeliveryRefused, find_delivery
from adapters.ingest.root import RootInvalid
from adapters.ingest.signed_manifest import TrustedSenders
from adapters.signatures.senders import Senders
from flows.ingesting.read_delivery import read_delivery
from tests.adapters.test_ingest import TOTALS, rows_of
from tests.deliveries import MONTH, SmallDelivery
from tests.signing import Signer

ROOT = "s3://settlements/monthly"


def upload(bucket: Any, delivery: SmallDelivery) -> None:
    for path in delivery.folder.rglob("*"):
        if path.is_file():
            key = path.relative_to(delivery.root).as_posix()
            bucket.upload_file(str(path), f"monthly/{key}")


@pytest.fixture
def delivery(tmp_path: Path) -> SmallDelivery:
    return SmallDelivery(tmp_path / "local").write(manifest=True)


def test_a_delivery_in_a_store_is_the_same_as_in_a_folder(
    bucket: Any, delivery: SmallDelivery, tmp_path: Path
) -> None:
    upload(bucket, delivery)
    found = find_delivery(f"{ROOT}/", MONTH, tmp_path / "fetched")
    assert found.source == f"{ROOT}/2026-10"
    assert found.content_hash == find_delivery(str(delivery.root), MONTH).content_hash
    staged = read_delivery(found, tmp_path / "staging", tmp_path / "quarantine")
    assert rows_of(staged.totals) == TOTALS


def test_a_signed_delivery_in_a_store_is_fetched_with_its_signature(
    bucket: Any, delivery: SmallDelivery, tmp_path: Path
) -> None:
    signer = Signer()
    signature = signer.sign((delivery.folder / "manifest.json").read_bytes())
    (delivery.folder / "manifest.json.sig").write_bytes(signature)
    upload(bucket, delivery)
    trusted = TrustedSenders(Senders(tmp_path, (signer.sender,)), datetime.now(UTC))
    found = find_delivery(ROOT, MONTH, tmp_path / "fetched", trusted)
    assert found.signed is not None


def test_what_was_fetched_before_does_not_stay(
    bucket: Any, delivery: SmallDelivery, tmp_path: Path
) -> None:
    upload(bucket, delivery)
    before = find_delivery(ROOT, MONTH, tmp_path / "fetched")
    bucket.Object("monthly/2026-10/manifest.json").delete()
    after = find_delivery(ROOT, MONTH, tmp_path / "fetched")
    assert before.content_hash != after.content_hash


def test_a_month_that_is_not_in_the_store_is_named(bucket: Any, tmp_path: Path) -> None:
    with pytest.raises(DeliveryRefused, match="s3://settlements/monthly/2026-10: there is no such"):
        find_delivery(ROOT, MONTH, tmp_path)


def test_a_store_that_cannot_be_used_is_one_sentence(bucket: Any, tmp_path: Path) -> None:
    with pytest.raises(DeliveryRefused, match=r"no such folder|cannot be read") as refused:
        find_delivery("s3://no-such-bucket/monthly", MONTH, tmp_path)
    assert len(refused.value.findings) == 1


def test_a_store_that_is_not_known_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(RootInvalid, match="not read from nowhere://"):
        find_delivery("nowhere://bucket", MONTH, tmp_path)


class HTTPClientError(Exception):
    """The base of botocore's errors of a connection."""


class ReadTimeoutError(HTTPClientError):
    """As botocore's."""


@pytest.mark.parametrize(
    ("error", "rule", "may_pass"),
    [
        (ConnectionResetError("gone"), "store_unreachable", True),
        (TimeoutError("late"), "store_unreachable", True),
        (ReadTimeoutError("late"), "store_unreachable", True),
        (socket.gaierror(-2, "no such name"), "store_unreachable", True),
        (OSError(errno.EBUSY, "reduce your request rate"), "store_unreachable", True),
        (PermissionError(errno.EACCES, "Forbidden"), "store_refused", False),
        (FileNotFoundError("no such bucket"), "store_refused", False),
        (ValueError("unable to locate credentials"), "store_refused", False),
        (KeyError("a bug of a library"), "store_refused", False),
        (OSError(errno.ENOSPC, "No space left on device"), "store_unwritable", False),
        (ImportError("s3fs"), "store_unknown", False),
    ],
)
def test_only_trouble_with_the_connection_may_pass_soon_and_none_is_the_senders(
    error: Exception,
    rule: str,
    may_pass: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def failing(*_: object, **__: object) -> object:
        raise error

    monkeypatch.setattr("adapters.ingest.object_store.url_to_fs", failing)
    with pytest.raises(DeliveryRefused) as refused:
        find_delivery(ROOT, MONTH, tmp_path)
    assert [each.rule for each in refused.value.findings] == [rule]
    assert refused.value.may_pass is may_pass
    assert not refused.value.is_the_senders


def test_an_error_shows_no_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object, **__: object) -> object:
        raise ConnectionError("http://user:hush@store/a?X-Amz-Signature=hush&part=1 is gone")

    monkeypatch.setattr("adapters.ingest.object_store.url_to_fs", failing)
    with pytest.raises(DeliveryRefused, match="part=1 is gone") as refused:
        find_delivery(ROOT, MONTH, tmp_path)
    assert "hush" not in str(refused.value)


def test_a_store_that_does_not_answer_is_one_sentence(
    bucket: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(DeliveryRefused, match="the store cannot be read"):
        find_delivery(ROOT, MONTH, tmp_path)


def test_a_file_url_is_a_path(delivery: SmallDelivery) -> None:
    found = find_delivery(f"file://{delivery.root}", MONTH)
    assert found == find_delivery(str(delivery.root), MONTH)
