"""Every command answers with an exit code that a script can use, and says how to use it."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from console.cli import cli
from flows.settings import Settings
from tests.command_line import Marketplace
from tests.three_stores import NOVEMBER, OCTOBER, OCTOBER_DUE_ON

DONE, REFUSED, WRONG_USAGE = 0, 1, 2
LISTINGS: Final = {
    ("decisions", OCTOBER): (
        "settlement_month,seller_id,outcome,tier,points,window_amount_krw,reasons,policy"
    ),
    ("ledger",): (
        "entry_no,recorded_at,effective_on,kind,seller_id,tier,settlement_month,"
        "debit_account,credit_account,points,reverses_entry_no"
    ),
    ("balances",): "seller_id,pending,available,held",
    ("payouts",): "settlement_month,due_on,state,sellers,points,paid_at",
}
HEAVY: Final = ("duckdb", "great_expectations", "prefect", "psycopg", "pyarrow", "sqlalchemy")
_HELP_THEN_LIST_MODULES: Final = """
import sys
from console.cli import cli
cli(["--help"], standalone_mode=False)
print(*sys.modules, file=sys.stderr)
"""

# October is closed and not paid; what must be said, on standard output when it is done, and on
# standard error otherwise.
EXIT_CODES: Final = (
    (DONE, "ingest 2024-10", "the same content already"),
    (DONE, "close 2024-11", "is closed"),
    (DONE, "close 2024-11 --preview", "nothing was written"),
    (DONE, "pay-out --on 2024-11-11", "300,000 points to 2 sellers"),
    (DONE, "pay-out --on 2024-11-10", "Nothing is due"),
    (DONE, "decisions 2024-10", "maru"),
    (DONE, "decisions 2024-10 --seller dana", "uses the API"),
    (DONE, "ledger --seller maru --month 2024-10", "award"),
    (REFUSED, "ledger --seller nobody", "'nobody'"),
    (REFUSED, "balances --seller nobody", "'nobody'"),
    (REFUSED, "ledger --to /nowhere/ledger.csv", "no folder /nowhere"),
    (DONE, "payouts", OCTOBER_DUE_ON),
    (DONE, "explain maru 2024-10", "7,500,000 KRW"),
    (DONE, "explain dana 2024-10", "it uses the API"),
    (DONE, "ledger --as-of 2020-01-01", "entry  recorded at"),
    (DONE, "ledger --as-of 0", "entry  recorded at"),
    (DONE, "balances", "maru"),
    (DONE, "verify", "agrees"),
    (DONE, "verify", "ledger head: "),
    (REFUSED, "ledger --as-of 99999", "no seal 99999"),
    (WRONG_USAGE, "ledger --as-of yesterday", "neither a date"),
    (WRONG_USAGE, "balances --as-of 9999-12-31", "has not come yet in Seoul"),
    (WRONG_USAGE, "ledger --to ledger.txt", ".csv or .parquet"),
    (WRONG_USAGE, "ledger --to ledger.csv --seller maru", "leave out --seller"),
    (WRONG_USAGE, "verify --head 12", "is not a ledger head"),
    (REFUSED, "ingest 2024-12", "no such folder"),
    (WRONG_USAGE, "ingest 2024-10 --from /nowhere", "no folder /nowhere"),
    (WRONG_USAGE, "approve-payout 2024-10 1,5 --reason x", "is not a number of points"),
    (REFUSED, "approve-payout 2024-10 1,500,000 --reason x", "1,500,000"),
    (REFUSED, "close 2025-01", "2024-11, 2024-12"),
    (REFUSED, "pay-out --on 2999-01-10", "has not come yet"),
    (REFUSED, "decisions 2024-11", "never closed"),
    (REFUSED, "decisions 2024-10 --seller nobody", "'nobody'"),
    (REFUSED, "explain nobody 2024-10", "'nobody'"),
    (REFUSED, "explain maru 2024-09", "never closed"),
    (WRONG_USAGE, "ingest", "MONTH"),
    (WRONG_USAGE, "ingest 2026-13", "'2026-13' is not a month"),
    (WRONG_USAGE, "close 2024-1", "'2024-1' is not a month"),
    (WRONG_USAGE, "close october", "'october' is not a month"),
    (WRONG_USAGE, "close 2024-11 --policy no-such", "there is no policy 'no-such'"),
    (WRONG_USAGE, "close 2024-11 --output yaml", "yaml"),
    (WRONG_USAGE, "close 2024-11 --reason \u3000", "is blank"),
    (WRONG_USAGE, "close 2024-11 --reason a\x01b", "U+0001"),
    (WRONG_USAGE, "adjust maru 1 --reason \udcff", "U+DCFF"),
    (WRONG_USAGE, "approve-payout 2024-10 1 --reason a\x00b", "U+0000"),
    (WRONG_USAGE, "pay-out --on tomorrow", "'tomorrow' is not a date"),
    (WRONG_USAGE, "pay-out --on 2024-02-30", "'2024-02-30' is not a date"),
    (WRONG_USAGE, "decisions 2024-00", "'2024-00' is not a month"),
    (WRONG_USAGE, "ledger --month 24-10", "'24-10' is not a month"),
    (WRONG_USAGE, "explain maru", "MONTH"),
    (WRONG_USAGE, "sample out --months 2024-10..2024-09", "ends before it begins"),
    (WRONG_USAGE, "sample out --format xml", "xml"),
    (WRONG_USAGE, "no-such-command", "no-such-command"),
)


@pytest.mark.parametrize(("code", "command", "said"), EXIT_CODES, ids=str)
def test_a_command_ends_with_a_code_and_a_sentence(
    closed_october: Marketplace, code: int, command: str, said: str
) -> None:
    before = closed_october.row_counts()

    ran = closed_october.run(*command.split(" "))

    assert ran.exit_code == code, ran.stdout + ran.stderr
    assert said in (ran.stdout if code == DONE else ran.stderr)
    assert "Traceback" not in ran.stderr
    if code != DONE:
        assert ran.stdout == ""
        assert closed_october.row_counts() == before


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_a_command_says_what_it_does(marketplace: Marketplace, name: str) -> None:
    helped = marketplace.done(name, "--help")

    purpose = cli.commands[name].help
    assert purpose
    assert " ".join(purpose.split(".")[0].split()) in " ".join(helped.stdout.split())
    assert f"growth-points {name}" in helped.stdout
    assert helped.stderr == ""


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_a_command_refuses_an_option_that_it_does_not_know(
    marketplace: Marketplace, name: str
) -> None:
    wrong = marketplace.run(name, "--no-such-option")

    assert wrong.exit_code == WRONG_USAGE
    assert wrong.stdout == ""
    assert "Traceback" not in wrong.stderr


def test_help_is_there_without_loading_anything_heavy() -> None:
    loaded = subprocess.run(  # noqa: S603 our own interpreter
        [
            sys.executable,
            "-c",
            _HELP_THEN_LIST_MODULES,
        ],
        check=True,
        capture_output=True,
        text=True,
    )

    assert "Exit codes" in loaded.stdout
    assert not set(HEAVY) & set(loaded.stderr.split())


@pytest.mark.parametrize("words", LISTINGS, ids=lambda words: words[0])
def test_other_programs_find_the_columns_that_they_rely_on(
    closed_october: Marketplace, words: tuple[str, ...]
) -> None:
    listed = closed_october.done(*words, "--output", "csv")

    assert listed.stdout.splitlines()[0] == LISTINGS[words]
    assert len(listed.stdout.splitlines()) > 1


def test_a_closing_without_a_root_says_how_to_name_one(marketplace: Marketplace) -> None:
    nowhere = Marketplace(
        marketplace.root,
        marketplace.home,
        marketplace.database_url,
        {"GROWTH_POINTS_SETTLEMENTS": ""},
    )

    wrong = nowhere.run("close", OCTOBER)

    assert wrong.exit_code == WRONG_USAGE
    assert "--from ROOT" in wrong.stderr


@pytest.mark.parametrize(
    ("variable", "value", "code", "said"),
    [
        ("DATABASE_URL", "sqlite:///file", WRONG_USAGE, "only PostgreSQL"),
        ("DATABASE_URL", "not a url", WRONG_USAGE, "is not a URL"),
        ("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none", REFUSED, "No connection"),
        ("POLICIES", "/nowhere", WRONG_USAGE, "/nowhere is not a folder"),
        ("HOLIDAYS", "/nowhere/holidays.txt", WRONG_USAGE, "/nowhere/holidays.txt"),
    ],
)
def test_a_setting_that_cannot_be_is_named(
    with_history: Marketplace, variable: str, value: str, code: int, said: str
) -> None:
    setting = {f"GROWTH_POINTS_{variable}": value}
    marketplace = Marketplace(
        with_history.root, with_history.home, with_history.database_url, setting
    )

    wrong = marketplace.run("close", OCTOBER)

    assert (wrong.exit_code, wrong.stdout) == (code, "")
    assert said in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_a_home_that_cannot_be_is_named(with_history: Marketplace, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    nowhere = Marketplace(with_history.root, tmp_path / "file" / "home", "")

    for words in (("months",), ("up", "--port", "0")):
        refused = nowhere.run(*words)

        assert (refused.exit_code, refused.stdout) == (REFUSED, "")
        assert f"{tmp_path / 'file'}" in refused.stderr
        assert "Not a directory" in refused.stderr
        assert "Traceback" not in refused.stderr


def test_a_reader_that_closes_the_pipe_early_is_no_fault(closed_october: Marketplace) -> None:
    words = ("decisions", OCTOBER, "--output", "csv")
    with closed_october.started(*words) as listing:
        assert listing.stdout is not None
        listing.stdout.close()
        assert listing.stderr is not None
        said = listing.stderr.read()

    assert "Traceback" not in said


def test_a_sample_can_be_closed(marketplace: Marketplace, tmp_path: Path) -> None:
    root = str(tmp_path / "sample")
    marketplace.done("sample", root, "--sellers", "60", "--lines", "900", "--seed", "3")
    marketplace.done("ingest", "2026-08", "--from", root)
    marketplace.done("ingest", "2026-09", "--from", root)

    closed = marketplace.done("close", "2026-10", "--from", root)

    assert "2026-10 is closed" in closed.stdout
    assert NOVEMBER not in closed.stdout


def test_the_help_says_what_serve_stores_requires_and_what_balances_lists() -> None:
    assert "only serve-stores requires any" in (cli.help or "")
    helps = cli.commands["balances"].help, cli.commands["balances"].short_help
    for each in helps:
        assert all(name in (each or "") for name in ("pending", "available", "held"))


def test_the_help_and_the_readme_name_every_setting() -> None:
    readme = Path(__file__).parents[2].joinpath("README.md").read_text()
    settings = {f"GROWTH_POINTS_{name.upper()}" for name in Settings.model_fields}
    assert settings
    for said in (cli.help or "", readme):
        assert settings <= set(re.findall("GROWTH_POINTS_[A-Z_]+[A-Z]", said))
