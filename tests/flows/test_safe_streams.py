"""A command shows what can be shown, and has done what it did, whatever its output leads to."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import Marketplace
from tests.three_stores import OCTOBER

COMMAND = Path(sys.executable).with_name("growth-points")
PRINTS_A_STORE = """
import sys
from console.output import print_rows
from console.safe_streams import protect_standard_streams
protect_standard_streams()
print_rows(["store", "points"], [["가게", None], ["상점", 1], ["naïve – 1×2…", 2]], sys.argv[1])
import click
click.echo("완료 – done")
click.echo("실패 – failed", err=True)
"""
ENCODINGS = ("ascii", "latin-1", "cp949", "euc-kr", "cp1252", "cp437", "koi8-r", "utf-8", "utf-16")
NOT_UNICODE = [each for each in ENCODINGS if not each.startswith("utf")]


def printed(encoding: str, output: str) -> tuple[str, str]:
    """Print stores in an encoding; return standard output and error as a terminal reads them."""
    done = subprocess.run(  # noqa: S603 our own words
        [sys.executable, "-c", PRINTS_A_STORE, output],
        env=os.environ | {"PYTHONIOENCODING": encoding},
        capture_output=True,
        check=True,
    )
    return done.stdout.decode(encoding), done.stderr.decode(encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("output", ["table", "csv", "json"])
def test_any_encoding_is_written_and_only_in_it(encoding: str, output: str) -> None:
    shown, told = printed(encoding, output)
    assert "points" in shown
    assert shown.rstrip().endswith("done")
    assert told.rstrip().endswith("failed")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_json_means_the_same_in_any_encoding(encoding: str) -> None:
    rows = json.loads(printed(encoding, "json")[0].rpartition("]")[0] + "]")
    assert [row["store"] for row in rows] == ["가게", "상점", "naïve – 1×2…"]


@pytest.mark.parametrize("encoding", NOT_UNICODE)
def test_two_stores_stay_two_in_csv(encoding: str) -> None:
    rows = printed(encoding, "csv")[0].splitlines()
    korean = encoding in ("cp949", "euc-kr")
    assert rows[1:3] == (["가게,", "상점,1"] if korean else [r"\uac00\uac8c,", r"\uc0c1\uc810,1"])


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "koi8-r"])
def test_signs_of_a_table_have_others_like_them(encoding: str) -> None:
    shown, told = printed(encoding, "table")
    assert "1x2..." in shown or encoding == "latin-1"
    assert "-" in shown.splitlines()[1]
    assert told.strip() == "?? - failed"


WHERE = {
    "a full disk": (">/dev/full", 1, "growth-points: standard output: No space left on device."),
    "closed": (">&-", 0, "growth-points: standard output is closed"),
    "closed, errors too": (">&- 2>&-", 0, ""),
    "errors to a full disk": ("2>/dev/full >/dev/null", 0, ""),
    "a reader that has ended": ("| true", 0, ""),
    "a reader of one line": ("| head -1", 0, ""),
    "no input": ("<&-", 0, ""),
}


@pytest.mark.parametrize(("where", "code", "sentence"), WHERE.values(), ids=WHERE)
def test_trouble_of_writing_is_a_sentence_at_most(where: str, code: int, sentence: str) -> None:
    shell = f'set -o pipefail; "{COMMAND}" --help {where}'
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)  # noqa: S603, S607
    assert done.returncode == code
    assert done.stderr.startswith(sentence)
    assert len(done.stderr.splitlines()) == bool(sentence)


@pytest.mark.parametrize("word", [b"\xff", b"caf\xe9", "가게".encode("cp949")])
def test_a_word_that_is_not_utf_8_is_wrong_usage(word: bytes) -> None:
    done = subprocess.run([COMMAND, b"explain", word, b"2026-10"], capture_output=True, check=False)  # noqa: S603
    assert done.returncode == 2
    assert b"is not UTF-8" in done.stderr
    assert b"Traceback" not in done.stderr


def test_what_was_closed_is_closed_though_it_could_not_be_shown(
    with_history: Marketplace,
) -> None:
    environment = os.environ | with_history.environment() | {"PYTHONIOENCODING": "ascii"}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(  # noqa: S603
            [COMMAND, "close", OCTOBER],
            env=environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 0
    assert "The command has done its work" in done.stderr
    assert "Traceback" not in done.stderr
    for words in (["ledger"], ["payouts"], ["history", OCTOBER], ["explain", "maru", OCTOBER]):
        asked = subprocess.run(  # noqa: S603
            [COMMAND, *words], env=environment, capture_output=True, check=False
        )
        assert (asked.returncode, asked.stderr) == (0, b"")
        assert asked.stdout.isascii()
        assert asked.stdout
