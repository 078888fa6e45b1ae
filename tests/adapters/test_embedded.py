"""The embedded server: wherever its home is, and whatever a machine left behind, it starts.

What it cannot start on is told at once, in the server's own words.
"""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import create_engine, text

from adapters.postgres.embedded import ServerNotStarted, embedded_url, release_embedded
from adapters.postgres.embedded.failure import cause_in
from adapters.postgres.embedded.left_behind import remove_stale_locks
from adapters.postgres.embedded.owner import Owner, execution_barrier, owner_of

_USE = """
import pathlib, sys
from adapters.postgres.embedded import embedded_url
print(embedded_url(pathlib.Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that was made and whose server was stopped, to copy."""
    folder = tmp_path_factory.mktemp("made") / "postgres"
    embedded_url(folder)
    release_embedded(folder)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of it, whose server is stopped in the end."""
    yield from _copied(made, tmp_path / "postgres")


def _copied(made: Path, folder: Path) -> Iterator[Path]:
    copytree(made, folder)
    folder.chmod(0o700)
    yield folder
    release_embedded(folder)


def _works(folder: Path) -> bool:
    engine = create_engine(embedded_url(folder).replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        answer = connection.scalar(text("SELECT 1"))
    engine.dispose()
    return bool(answer == 1)


@contextmanager
def _another_uses(folder: Path) -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, "-c", _USE, str(folder)]
    with subprocess.Popen(  # noqa: S603 our own words
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        yield process


def _server(folder: Path) -> int:
    return int((folder / "postmaster.pid").read_text().split("\n", 1)[0])


def _kill(process: int) -> None:
    os.kill(process, signal.SIGKILL)
    while Path(f"/proc/{process}").exists():
        time.sleep(0.02)


HOMES = {
    "a blank": "my home",
    "a quote": "it's",
    "a double quote and a command": 'a"$(false)`false`',
    "a variable": "$HOME",
    "parentheses and a semicolon": "(a); b",
    "a comma, which separates hosts": "a,b",
    "a percent sign and a backslash": "100%41\\",
    "what a URL gives a meaning": "?a=b&c#d+e@f:g",
    "a line break": "a\nb",
    "Korean": "포인트 홈",
    "a path longer than a socket's name": "long" * 40,
    "a path longer than PostgreSQL's": "/".join(["longer" * 40] * 6),
}


@pytest.mark.parametrize("name", HOMES.values(), ids=HOMES)
def test_a_home_may_have_any_name(name: str, made: Path, tmp_path: Path) -> None:
    for folder in _copied(made, tmp_path / name / "postgres"):
        assert _works(folder)


def test_a_data_folder_is_made_under_any_name(tmp_path: Path) -> None:
    folder = tmp_path / 'my "$(home)", 홈' / "postgres"
    assert _works(folder)
    release_embedded(folder)
    assert not (folder / "postmaster.pid").exists()


LEFT = {
    "an empty postmaster.pid": ("postmaster.pid", b""),
    "a postmaster.pid of zeros": ("postmaster.pid", bytes(60)),
    "a postmaster.pid that names process 0": ("postmaster.pid", b"0\n"),
    "a postmaster.pid of another program": ("postmaster.pid", b"%d\n/x\n" % os.getppid()),
    "a postmaster.pid of nobody": ("postmaster.pid", b"4194304\n/x\n"),
    "an empty socket lock": (".s.PGSQL.5432.lock", b""),
    "a socket lock of zeros": (".s.PGSQL.5432.lock", bytes(39)),
    "a socket lock of another program": (".s.PGSQL.5432.lock", b"%d\n/x\n" % os.getppid()),
    "a socket of nobody": (".s.PGSQL.5432", b""),
}


@pytest.mark.parametrize(("name", "content"), LEFT.values(), ids=LEFT)
def test_what_a_power_loss_left_is_no_hindrance(name: str, content: bytes, folder: Path) -> None:
    (folder / name).write_bytes(content)
    (folder / name).chmod(0o600)
    assert _works(folder)


def test_it_starts_after_a_crash_with_its_process_number_taken(folder: Path) -> None:
    embedded_url(folder)
    left = folder / "postmaster.pid"
    rest = left.read_text().split("\n", 1)[1]
    _kill(_server(folder))
    left.write_text(f"{os.getppid()}\n{rest}")
    assert _works(folder)


def test_an_unfinished_data_folder_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "postgres.unfinished").mkdir()
    (tmp_path / "postgres.unfinished" / "PG_VERSION").write_text("18\n")
    assert _works(tmp_path / "postgres")
    release_embedded(tmp_path / "postgres")


@pytest.mark.parametrize("content", [None, b"", bytes(60)], ids=["whole", "empty", "zeros"])
def test_the_locks_of_a_running_server_stay(content: bytes | None, folder: Path) -> None:
    embedded_url(folder)
    file = folder / "postmaster.pid"
    before = file.read_bytes()
    if content is not None:
        file.write_bytes(content)
    remove_stale_locks(folder)
    assert file.exists()
    assert (folder / ".s.PGSQL.5432.lock").exists()
    file.write_bytes(before)


def test_the_last_of_those_who_use_it_stops_it(folder: Path) -> None:
    with _another_uses(folder) as other:
        embedded_url(folder)
        server = _server(folder)
        release_embedded(folder)
        assert Path(f"/proc/{server}").exists()
        assert other.stdin is not None
        other.stdin.close()
        other.wait()
        assert not (folder / "postmaster.pid").exists()


def test_one_who_was_killed_keeps_nobody_from_stopping_it(folder: Path) -> None:
    with _another_uses(folder) as other:
        embedded_url(folder)
        other.kill()
    release_embedded(folder)
    assert not (folder / "postmaster.pid").exists()


def _of_another_version(folder: Path) -> None:
    (folder / "PG_VERSION").write_text("16\n")


def _open_to_all(folder: Path) -> None:
    folder.chmod(0o755)


def _damaged(folder: Path) -> None:
    (folder / "global" / "pg_control").write_bytes(b"")


def _misconfigured(folder: Path) -> None:
    (folder / "postgresql.conf").write_text("max_connections = many\n")


def _no_database(folder: Path) -> None:
    (folder / "PG_VERSION").unlink()


def _a_file(folder: Path) -> None:
    folder.rename(folder.with_name("moved"))
    folder.write_text("")


PERMANENT = {
    "another version": (_of_another_version, "initialized by PostgreSQL version 16"),
    "open to all": (_open_to_all, 'postgres" has invalid permissions'),
    "damaged": (_damaged, 'could not read file "global/pg_control": read 0 of'),
    "misconfigured": (_misconfigured, 'postgresql.conf" contains errors'),
    "no database": (_no_database, "the folder has files in it, but no database"),
    "a file": (_a_file, "Not a directory"),
}


@pytest.mark.parametrize(("spoil", "cause"), PERMANENT.values(), ids=PERMANENT)
def test_what_will_not_pass_is_told_at_once_and_why(
    spoil: object, cause: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(spoil)
    spoil(folder)
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("it was tried again"))
    with pytest.raises(ServerNotStarted) as refused:
        embedded_url(folder)
    assert cause in str(refused.value.cause)
    assert str(folder) in str(refused.value)
    assert "\n" not in str(refused.value)


FULL_DISK = """\
2026-11-29 06:15:00.000 UTC [1] ERROR:  could not extend file "base/1/2691": No space left on device
2026-11-29 06:15:00.000 UTC [1] HINT:  Check free disk space.
2026-11-29 06:15:00.000 UTC [1] PANIC:  cannot abort transaction 1, it was already committed
child process was terminated by signal 6: Aborted
initdb: removing contents of data directory "/proc/self/cwd"
"""
SAID = {
    "the first error, not what came of it": (
        FULL_DISK,
        'could not extend file "base/1/2691": No space left on device',
    ),
    "with its detail": (
        "x FATAL:  files are incompatible\nx DETAIL:  They are of version 16.\nx LOG:  end",
        "files are incompatible: They are of version 16.",
    ),
    "a panic": (
        "x LOG:  starting\nx PANIC:  could not locate a valid checkpoint record at 0/1\n",
        "could not locate a valid checkpoint record at 0/1",
    ),
    "of a program": ("initdb: error: invalid locale settings\n", "invalid locale settings"),
    "none": ("x LOG:  database system is ready to accept connections\n", None),
    "nothing": ("", None),
}


@pytest.mark.parametrize(("said", "cause"), SAID.values(), ids=SAID)
def test_the_cause_is_the_server_s_own(said: str, cause: str | None) -> None:
    assert cause_in(said) == cause


@pytest.mark.parametrize("mode", [0o700, 0o711, 0o750, 0o755, 0o500])
def test_folders_above_keep_their_permissions(mode: int, made: Path, tmp_path: Path) -> None:
    above = tmp_path / "above"
    for folder in _copied(made, above / "home" / "postgres"):
        above.chmod(mode)
        (above / "home").chmod(0o700)
        assert _works(folder)
        modes = [stat.S_IMODE(each.stat().st_mode) for each in (above, above / "home")]
        above.chmod(0o700)
        assert modes == [mode, 0o700]


def test_a_folder_of_another_user_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 4711)
    with pytest.raises(ServerNotStarted, match="it belongs to '"):
        owner_of(folder)


def test_a_folder_that_keeps_the_server_s_user_out_is_named() -> None:
    with TemporaryDirectory() as closed:
        program = Path(closed) / "bin" / "initdb"
        program.parent.mkdir()
        program.touch(mode=0o755)
        barrier = str(execution_barrier(Owner(4_000_001, 4_000_001), program))
        assert f"may not enter {closed}," in barrier
