"""Heads outside the database: each place takes them in order, once, and overwrites nothing."""

import errno
import json
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from adapters.heads import file as head_file
from adapters.heads import store as head_store
from adapters.heads.file import HeadFile
from adapters.heads.head import NoHead, NotPublished, PublishedHead
from adapters.heads.store import HeadStore
from adapters.heads.targets import Target, TargetInvalid, check_targets, targets
from adapters.heads.webhook import Webhook

SEALED_AT = datetime(2026, 11, 3, 9, 0, 0, 123456, UTC)
STORE = "s3://settlements/heads"


def head(seal_no: int, *, of: str = "a", after: int = 0) -> PublishedHead:
    return PublishedHead(seal_no, f"{of}{seal_no:063x}", SEALED_AT, after)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "heads.jsonl"


@pytest.fixture(params=["file", "store"])
def place(request: pytest.FixtureRequest, path: Path) -> Target:
    """A place that can be read back."""
    if request.param == "file":
        return HeadFile(path)
    request.getfixturevalue("bucket")
    return HeadStore(STORE)


def test_a_place_without_a_head_is_empty(place: Target) -> None:
    assert place.read() == ()


def test_each_head_names_the_one_before_it(place: Target) -> None:
    for number in (3, 7, 12):
        place.publish(head(number))
    assert place.read() == (head(3), head(7, after=3), head(12, after=7))


def test_a_head_that_is_there_is_not_added_again(place: Target) -> None:
    place.publish(head(3))
    place.publish(head(7))
    place.publish(head(3))
    place.publish(head(7))
    assert place.read() == (head(3), head(7, after=3))


def test_an_older_head_is_added_too_as_after_a_restore(place: Target) -> None:
    for number in (7, 5):
        place.publish(head(number))
    assert set(place.read() or ()) == {head(7), head(5, after=7)}


def test_a_head_of_another_chain_is_not_added(place: Target) -> None:
    place.publish(head(3))
    with pytest.raises(NotPublished, match="holds another head for seal 3: it belongs to another"):
        place.publish(head(3, of="b"))
    assert place.read() == (head(3),)


def test_many_at_once_leave_every_head_whole(place: Target) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: place.publish(head(number)), range(1, 25)))
    held = place.read()
    assert held is not None
    assert sorted(each.seal_no for each in held) == list(range(1, 25))
    assert all(each.hash == head(each.seal_no).hash for each in held)
    assert all(each.after in range(25) for each in held)


def test_every_line_of_a_file_of_many_writers_is_a_head(path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: HeadFile(path).publish(head(number)), range(1, 25)))
    heads = [PublishedHead.parse(line) for line in path.read_bytes().splitlines()]
    assert [each.after for each in heads] == [0, *(each.seal_no for each in heads[:-1])]


# A line.


LINES = {
    "nothing": b"",
    "no object": b"7",
    "cut off": head(3).line()[:-9],
    "no hash": head(3).line().replace(b'"hash"', b'"hush"'),
    "another hash": head(3).line().replace(b'"a0', b'"z0'),
    "a number as text": head(3).line().replace(b": 3", b': "3"'),
    "a truth": head(1).line().replace(b'no": 1', b'no": true'),
    "a fraction": head(3).line().replace(b": 3", b": 3.0"),
    "a number that no seal has": head(3).line().replace(b": 3", b": 9223372036854775808"),
    "after nothing": head(3, after=-1).line(),
    "no instant": head(3).line().replace(b"2026-11-03", b"2026-13-03"),
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_what_is_no_head_proves_nothing(path: Path, line: bytes) -> None:
    with pytest.raises(NoHead):
        PublishedHead.parse(line)
    path.write_bytes(line + b"\n" + head(5).line())
    assert HeadFile(path).read() == (head(5),)


# A file.


def _fill_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write

    def full(file: int, content: bytes) -> int:
        if len(content) <= 20:  # what is left of a line
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(file, content[: len(content) - 20])

    monkeypatch.setattr(os, "write", full)


def test_a_full_disk_leaves_the_file_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    HeadFile(path).publish(head(3))
    before = path.read_bytes()
    with monkeypatch.context() as full:
        _fill_the_disk(full)
        with pytest.raises(NotPublished, match=r"^No space left on device$"):
            HeadFile(path).publish(head(7))
    assert path.read_bytes() == before
    HeadFile(path).publish(head(9))
    assert HeadFile(path).read() == (head(3), head(9, after=3))


def test_a_line_cut_off_in_a_file_that_may_only_grow_is_left_behind(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    HeadFile(path).publish(head(3))
    with monkeypatch.context() as full:
        _fill_the_disk(full)
        full.setattr(os, "ftruncate", _not_permitted)
        with pytest.raises(NotPublished, match="No space left"):
            HeadFile(path).publish(head(7))
    assert not path.read_bytes().endswith(b"\n")
    HeadFile(path).publish(head(9))
    assert HeadFile(path).read() == (head(3), head(9, after=3))


def _not_permitted(*_: object) -> None:
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


def test_a_file_that_somebody_keeps_locked_is_waited_for_but_not_for_ever(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    monkeypatch.setattr(head_file, "_LONGEST_WAIT", 0.1)
    with path.open("w") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        with pytest.raises(NotPublished, match="another process keeps it locked"):
            HeadFile(path).publish(head(3))


NO_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a folder": (lambda path: path.mkdir(), "Is a directory|not an ordinary file"),
    "a pipe": (os.mkfifo, "not an ordinary file"),
    "a device": (lambda path: path.symlink_to("/dev/full"), "not an ordinary file"),
    "a file as folder": (lambda path: path.symlink_to(f"{__file__}/heads"), "Not a directory"),
    "a loop": (lambda path: path.symlink_to(path), "Too many levels"),
}


@pytest.mark.parametrize(("make", "reason"), NO_FILES.values(), ids=NO_FILES)
def test_what_is_no_file_is_one_sentence(
    path: Path, make: Callable[[Path], object], reason: str
) -> None:
    make(path)
    with pytest.raises(NotPublished, match=reason):
        HeadFile(path).publish(head(3))
    with pytest.raises(NotPublished, match=reason):
        HeadFile(path).read()


def test_a_folder_that_is_missing_is_not_created(path: Path) -> None:
    with pytest.raises(NotPublished, match="No such file or directory"):
        HeadFile(path / "heads").publish(head(3))


# A store.


def test_a_store_has_an_object_for_each_head(bucket: Any) -> None:
    HeadStore(f"{STORE}/").publish(head(3))
    HeadStore(STORE).publish(head(12))
    names = ["heads/000000000003.json", "heads/000000000012.json"]
    assert [each.key for each in bucket.objects.all()] == names


def test_other_objects_in_a_store_prove_nothing(bucket: Any) -> None:
    bucket.put_object(Key="heads/readme.txt", Body=b"hello")
    bucket.put_object(Key="heads/deeper/000000000009.json", Body=head(9).line())
    HeadStore(STORE).publish(head(3))
    assert HeadStore(STORE).read() == (head(3),)


def test_two_runs_that_saw_no_head_create_one_object(
    bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    HeadStore(STORE).publish(head(3))
    with monkeypatch.context() as before:
        before.setattr(head_store, "_heads", lambda *_: iter(()))
        HeadStore(STORE).publish(replace(head(3), after=1))
        with pytest.raises(NotPublished, match="another head for seal 3"):
            HeadStore(STORE).publish(head(3, of="b"))
    assert HeadStore(STORE).read() == (head(3),)


def test_a_bucket_that_is_not_there_is_one_sentence(bucket: Any) -> None:
    with pytest.raises(NotPublished, match="bucket does not exist"):
        HeadStore("s3://no-such-bucket/heads").publish(head(3))


def test_a_store_that_does_not_answer_is_one_sentence(
    bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    for attempt in (lambda: HeadStore(STORE).publish(head(3)), HeadStore(STORE).read):
        with pytest.raises(NotPublished, match="Could not connect"):
            attempt()


# A webhook.


@dataclass
class Receiver:
    """A server of this machine that keeps what it is sent, and answers as told."""

    url: str = ""
    answer: int = 204
    bodies: list[bytes] = field(default_factory=list)
    types: list[str | None] = field(default_factory=list)


@contextmanager
def _receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            receiver.bodies.append(self.rfile.read(length))
            receiver.types.append(self.headers["Content-Type"])
            self.send_response(receiver.answer)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/secret-token"
    yield receiver
    server.shutdown()
    server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with _receiving() as receiver:
        yield receiver


def test_a_webhook_is_sent_the_head_as_json(receiver: Receiver) -> None:
    Webhook(receiver.url).publish(head(3))
    assert [json.loads(body) for body in receiver.bodies] == [
        {"seal_no": 3, "hash": head(3).hash, "sealed_at": SEALED_AT.isoformat(), "after": 0}
    ]
    assert receiver.types == ["application/json"]
    (target,) = targets((receiver.url,))
    assert target.read() is None


@pytest.mark.parametrize("answer", [302, 403, 500])
def test_any_answer_but_success_is_a_failure(receiver: Receiver, answer: int) -> None:
    receiver.answer = answer
    with pytest.raises(NotPublished, match=f"^it answered {answer}$"):
        Webhook(receiver.url).publish(head(3))
    assert len(receiver.bodies) == 1


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/secret-token", "https://no-such-host.invalid/secret-token"]
)
def test_a_webhook_that_does_not_answer_is_one_sentence_without_its_address(url: str) -> None:
    with pytest.raises(NotPublished) as refused:
        Webhook(url).publish(head(3))
    assert "no answer" in str(refused.value)
    assert "secret" not in f"{refused.value} {Webhook(url).name}"


# The setting.


def test_the_places_of_the_setting_are_a_file_a_store_and_a_webhook() -> None:
    places = check_targets("/var/heads.jsonl, s3://heads/points ,https://h.example/t?k=1,")
    assert targets(places) == (
        HeadFile(Path("/var/heads.jsonl")),
        HeadStore("s3://heads/points"),
        Webhook("https://h.example/t?k=1"),
    )
    assert check_targets("") == ()
    assert check_targets("http://127.0.0.1:8080/hook") == ("http://127.0.0.1:8080/hook",)


NO_PLACES = {
    "http to elsewhere": ("http://h.example/hunter2", "http:// is not a place for heads"),
    "another store": ("gs://hunter2", "gs:// is not a place"),
    "a chain": ("simplecache::s3://hunter2", "is not a place"),
    "no bucket": ("s3://", "names no bucket"),
    "no host": ("https:///hunter2", "names no host"),
    "credentials of a store": ("s3://key:hunter2@heads/x", "holds more than a place"),
    "credentials of a webhook": ("https://me:hunter2@h.example/", "holds more than a place"),
    "a store's query": ("s3://heads/x?secret=hunter2", "holds more than a place"),
    "brackets": ("https://[hunter2/x", "address is not valid"),
}


@pytest.mark.parametrize(("place", "reason"), NO_PLACES.values(), ids=NO_PLACES)
def test_what_is_no_place_is_named_without_its_secret(place: str, reason: str) -> None:
    with pytest.raises(TargetInvalid) as refused:
        check_targets(f"/var/heads.jsonl,{place}")
    assert reason in str(refused.value)
    assert "hunter2" not in str(refused.value)
