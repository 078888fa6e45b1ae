"""Correcting, asking and checking through the command line: sentences, exit codes, columns."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from adapters.postgres.database import lock_program
from tests.closings import Program, Sold
from tests.command_line import Marketplace

NOTHING, TIER_1 = {"maru": Sold(0)}, {"maru": Sold(7_000_000)}
PAID = "days_ahead=1155"  # nobody, on 2030-01-01 as if that had come


@pytest.fixture
def program(engine: Engine, tmp_path: Path) -> Program:
    """A program whose October was paid and then restated: maru lacks tier 1."""
    program = Program(engine, tmp_path)
    for name in ("2026-08", "2026-09"):
        program.ingest(name, NOTHING)
    program.close("2026-10", NOTHING)
    program.pay("2026-10")
    program.close("2026-10", TIER_1, acknowledge_paid=True, reason="late data")
    return program


@pytest.fixture
def shop(program: Program, tmp_path: Path, database_url: str) -> Marketplace:
    """The command line on that program."""
    return Marketplace(tmp_path / "settlements", tmp_path / "home", database_url)


def test_every_run_of_a_month_is_listed(shop: Marketplace) -> None:
    rows = shop.done("history", "2026-10", "--output", "csv").rows()

    told = ("action", "actor", "origin", "reason", "revision", "policy", "result", "difference")
    assert [tuple(row[name] for name in told) for row in rows] == [
        ("close", "tests", "tests", "a test", "1", "d-commerce-2020", "changed", ""),
        ("pay out", "tests", "tests", "a test", "", "d-commerce-2020", "changed", PAID),
        (
            "close",
            "tests",
            "tests",
            "late data",
            "2",
            "d-commerce-2020",
            "changed",
            "under_awarded=1",
        ),
    ]


def test_points_are_given_and_taken_with_a_reason(shop: Marketplace) -> None:
    given = shop.done("adjust", "maru", "1000", "--reason", "goodwill")
    again = shop.done("adjust", "maru", "1000", "--reason", "goodwill")
    taken = shop.done("adjust", "maru", "-400", "--reason", "too much")

    assert given.stdout.startswith("Seller maru is given 1,000 points (request ")
    assert "of seller maru, as posting 1; nothing was written" in again.stdout
    assert taken.stdout.startswith("Seller maru gives back 400 points (request ")
    assert adjustments(shop) == ["1000", "400"]


def test_the_same_points_are_given_twice_by_requests_of_their_own(shop: Marketplace) -> None:
    words = ("adjust", "maru", "1000", "--reason", "goodwill", "--request-id")
    for request in ("ticket 17", "ticket 18", "ticket 18"):
        shop.done(*words, request)
    other = shop.run("adjust", "maru", "1001", "--reason", "goodwill", "--request-id", "ticket 18")

    assert (other.exit_code, adjustments(shop)) == (1, ["1000", "1000"])
    assert "already has a posting adjustment/ticket 18 with other content" in other.stderr


def adjustments(shop: Marketplace) -> list[str]:
    rows = shop.done("ledger", "--seller", "maru", "--output", "csv").rows()
    return [row["points"] for row in rows if row["kind"] == "adjustment"]


def test_what_a_paid_month_lacks_is_granted(shop: Marketplace) -> None:
    words = ("adjust", "maru", "150000", "--for", "2026-10", "--reason", "late data")

    assert "which 2026-10 lacked" in shop.done(*words).stdout
    assert "of seller maru, as posting 1; nothing" in shop.done(*words).stdout
    assert "awarded later by a correction" in shop.done("explain", "maru", "2026-10").stdout
    assert "이후 추가 지급" in shop.done("explain", "maru", "2026-10", "--lang", "ko").stdout
    shop.done("verify", "--replay")


def test_the_history_tells_award_corrections_clawbacks_and_reinstatements_apart(
    shop: Marketplace, program: Program
) -> None:
    give, take = (
        ("adjust", "maru", points, "--for", "2026-10", "--reason", "late data")
        for points in ("150000", "-150000")
    )
    shop.done(*give)
    program.close("2026-10", NOTHING, acknowledge_paid=True, reason="it was wrong")
    assert "gives back 150,000 points, which 2026-10 gave too much" in shop.done(*take).stdout
    assert "clawed back later" in shop.done("explain", "maru", "2026-10").stdout
    assert "of seller maru, as posting 2; nothing" in shop.done(*take).stdout
    program.close("2026-10", TIER_1, acknowledge_paid=True, reason="it was right")
    assert "They can be reinstated: " in shop.done("explain", "maru", "2026-10").stdout
    shop.done(*give)

    rows = shop.done("history", "2026-10", "--output", "csv").rows()
    told = [(row["action"], row["result"], row["difference"]) for row in rows]
    assert [each for each in told if each[0] not in ("close", "pay out")] == [
        ("award correction", "changed", "points=150000"),
        ("clawback", "changed", "points=-150000"),
        ("clawback", "no change", ""),
        ("reinstatement", "changed", "points=150000"),
    ]
    shop.done("verify", "--replay")


@pytest.mark.parametrize(
    ("words", "exit_code", "sentence"),
    [
        (("adjust", "maru", "1000"), 2, "Missing option '--reason'"),
        (("adjust", "maru", "1000", "--reason", " "), 2, "is blank"),
        (("adjust", "maru", "0", "--reason", "x"), 2, "adjusts nothing"),
        (("adjust", "maru", "many", "--reason", "x"), 2, "'many' is not a number of points"),
        (("adjust", "maru", "9" * 30, "--reason", "x"), 2, "not a number of points"),
        (("adjust", "maru", "9" * 5000, "--reason", "x"), 2, "is not a number of points"),
        (("adjust", "maru", "1000000000001", "--reason", "x"), 2, "1,000,000,000,000 at most"),
        (("balances", "--as-of", "9" * 5000), 2, "neither a date"),
        (("adjust", "maru", "-1", "--reason", "x"), 1, "fewer than 1 available points"),
        (("adjust", "nobody", "1", "--reason", "x"), 1, "No seller 'nobody'"),
        (("adjust", "maru", "1", "--reason", "x", "--request-id", "x" * 65), 2, "up to 64"),
        (("adjust", "maru", "1", "--reason", "x", "--for", "2026-10"), 1, "lacks tier 1, 150,000"),
        (("adjust", "maru", "1", "--reason", "x", "--for", "2026-11"), 1, "was never closed"),
        (("history", "2020-01"), 1, "2020-01 was never ingested or closed"),
        (("history", "2026-13"), 2, "is not a month"),
        (("explain", "maru", "2026-09"), 1, "2026-09 was never closed"),
        (("explain", "nobody", "2026-10"), 1, "no decision for seller 'nobody'"),
        (("explain", "maru", "2026-10", "--lang", "fr"), 2, "'fr' is not one of 'en', 'ko'"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence_and_nothing_is_written(
    shop: Marketplace, words: tuple[str, ...], exit_code: int, sentence: str
) -> None:
    before = shop.row_counts()

    ran = shop.run(*words)

    assert ran.exit_code == exit_code
    assert sentence in ran.stderr
    assert "Traceback" not in ran.stderr
    assert shop.row_counts() == before


def test_payouts_keep_their_date_or_move(shop: Marketplace, tmp_path: Path) -> None:
    Program(create_engine_of(shop), tmp_path).close("2026-11", TIER_1)
    assert "keeps its date" in shop.done("reschedule-payouts").stdout
    holidays = tmp_path / "holidays"
    holidays.write_text("2026-12-10  Temporary holiday\n")
    later = Marketplace(
        shop.root, shop.home, shop.database_url, {"GROWTH_POINTS_HOLIDAYS": str(holidays)}
    )

    assert later.done("reschedule-payouts").stdout == (
        "2026-11 is due on 2026-12-11, no longer on 2026-12-10.\n"
    )
    forgotten = shop.run("reschedule-payouts")
    assert (forgotten.exit_code, forgotten.stdout) == (1, "")
    assert "2026-12-10 (Temporary holiday), but GROWTH_POINTS_HOLIDAYS" in forgotten.stderr


def create_engine_of(shop: Marketplace) -> Engine:
    return create_engine(shop.database_url.replace("postgresql:", "postgresql+psycopg:"))


def test_a_database_that_gives_up_is_a_sentence(shop: Marketplace) -> None:
    with create_engine_of(shop).connect() as another:
        another.execute(text(_IMPATIENT))
        another.commit()
        lock_program(another)

        ran = shop.run("adjust", "maru", "1", "--reason", "x")

    assert ran.exit_code == 1
    assert "the database failed: canceling statement due to statement timeout" in ran.stderr
    assert "run the command again" in ran.stderr
    assert "Traceback" not in ran.stderr


_IMPATIENT = """
DO $$ BEGIN
  EXECUTE format('ALTER DATABASE %I SET statement_timeout = 500', current_database());
END $$
"""
