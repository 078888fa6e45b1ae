"""One program in a home: others are kept out, and what a dead one left misleads nobody."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from unittest.mock import patch

import pytest

from flows.prefect.servers import children
from flows.prefect.servers.children import keep_small
from flows.prefect.servers.lasting_server import (
    AlreadyUp,
    ServerDatabaseDamaged,
    lock_home,
    record_address,
    running_server,
    start_lasting_server,
)


@contextmanager
def answering(body: bytes) -> Iterator[str]:
    """Run a program that answers everything alike; yield its address."""

    class Alike(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n" + body if body != b"-" else b"SSH-2.0\r\n")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Alike) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_second_program_in_a_home_is_refused_before_the_first_can_be_asked(
    tmp_path: Path,
) -> None:
    with (
        lock_home(tmp_path),
        pytest.raises(AlreadyUp, match="already up"),
        lock_home(tmp_path),
    ):
        pass
    with lock_home(tmp_path):
        pass


def test_the_refusal_names_where_the_first_is(tmp_path: Path) -> None:
    with answering(b"true") as address, lock_home(tmp_path):
        record_address(tmp_path, address)

        with pytest.raises(AlreadyUp, match=address), lock_home(tmp_path):
            pass


@pytest.mark.parametrize("body", [b"<html>", b"-"])
def test_a_stranger_at_an_address_that_was_left_is_not_taken_for_the_program(
    tmp_path: Path, body: bytes
) -> None:
    with lock_home(tmp_path), answering(body) as address:
        record_address(tmp_path, address)

        assert running_server(tmp_path) is None


def test_an_address_that_was_left_is_forgotten_by_the_next_program(tmp_path: Path) -> None:
    with answering(b"true") as address:
        with lock_home(tmp_path):
            record_address(tmp_path, address)
        with lock_home(tmp_path):
            assert running_server(tmp_path) is None


def test_a_damaged_database_of_the_server_is_named_with_what_to_do(tmp_path: Path) -> None:
    damaged = tmp_path / "server" / "prefect.db"
    damaged.parent.mkdir()
    damaged.write_bytes(b"SQLite format 3\0" + b"damaged" * 10_000)

    with patch.dict(os.environ):
        del os.environ["PREFECT_HOME"]
        with pytest.raises(ServerDatabaseDamaged, match=f"move {damaged}"):
            start_lasting_server(tmp_path, 0)


def test_a_log_that_has_grown_starts_anew_while_its_process_writes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "_LARGEST_LOG", 9)
    file = tmp_path / "server.log"

    keep_small(file)  # nobody has written it yet
    with file.open("ab", buffering=0) as process:
        process.write(b"not much\n")
        keep_small(file)
        assert file.read_bytes() == b"not much\n"
        process.write(b"and more\n")
        keep_small(file)
        process.write(b"goes on\n")

    assert file.read_bytes() == b"goes on\n"
    assert (tmp_path / "server.log.1").read_bytes() == b"not much\nand more\n"
