"""The commands about deliveries: `months`, `quarantine`, `docs`."""

import csv
import json
import socket
from pathlib import Path

import httpx
import pyarrow.parquet

from console.delivery_listings import MONTHS
from flows.showing.month_records import QUARANTINE
from tests.command_line import Marketplace
from tests.three_stores import OCTOBER, OCTOBER_CORRECTED, deliver

PATIENCE_S = 60


def refuse_october(marketplace: Marketplace) -> None:
    """Deliver October with an amount that is none and a store twice, and have it refused."""
    folder = marketplace.root / OCTOBER
    lines = (folder / "settlements.csv").read_text()
    (folder / "settlements.csv").write_text(lines.replace(",4000000,", ",=four million,"))
    sellers = (folder / "sellers.csv").read_text()
    (folder / "sellers.csv").write_text(sellers + sellers.splitlines()[-1] + "\n")
    assert marketplace.run("ingest", OCTOBER).exit_code == 1


def listed(marketplace: Marketplace) -> list[tuple[str, ...]]:
    """List October's rows of `months`."""
    rows = marketplace.done("months", "--output", "csv").rows()
    assert list(rows[0]) == list(MONTHS)
    return [tuple(row.values()) for row in rows if row["settlement_month"] == OCTOBER]


def test_a_month_whose_delivery_was_refused_is_listed_until_it_is_sound(
    with_history: Marketplace,
) -> None:
    refuse_october(with_history)
    assert listed(with_history) == [(OCTOBER, "", "3", "12000000", "2", "blocked")]

    (with_history.root / OCTOBER / "settlements.csv").write_bytes(b"")
    with_history.run("ingest", OCTOBER)
    assert listed(with_history) == [(OCTOBER, "", "", "", "1", "blocked")]

    deliver(with_history, OCTOBER)
    with_history.done("ingest", OCTOBER)
    assert listed(with_history) == [(OCTOBER, "1", "3", "16000000", "0", "ingested")]


def test_a_refused_correction_stands_beside_the_revision_that_stays(
    closed_october: Marketplace,
) -> None:
    deliver(closed_october, OCTOBER, OCTOBER_CORRECTED | {"dana": 4_000_000})
    refuse_october(closed_october)
    assert [(row[1], row[-1]) for row in listed(closed_october)] == [
        ("1", "closed"),
        ("", "blocked"),
    ]


def test_the_quarantine_shows_and_exports_what_was_refused(with_history: Marketplace) -> None:
    refuse_october(with_history)

    shown = with_history.done("quarantine", OCTOBER)
    rows = with_history.done("quarantine", OCTOBER, "--output", "csv").rows()
    data = json.loads(with_history.done("quarantine", OCTOBER, "--output", "json").stdout)

    assert "amount_unreadable" in shown.stdout
    assert list(rows[0]) == list(data[0]) == list(QUARANTINE)
    assert [(row["file"], row["row"], row["rules"]) for row in rows] == [
        ("sellers.csv", "4", "snapshot_seller_twice"),
        ("sellers.csv", "5", "snapshot_seller_twice"),
        ("settlements.csv", "4", "amount_unreadable"),
    ]
    assert rows[2]["payment_amount_krw_unreadable"] == "'=four million"


def test_the_quarantine_says_where_its_file_is(with_history: Marketplace) -> None:
    refuse_october(with_history)
    said = with_history.done("quarantine", OCTOBER).stderr
    first, second = said.splitlines()
    kept = pyarrow.parquet.read_table(first.removeprefix("These rows are kept in "))
    assert second.startswith(
        f"They belong to the delivery in {with_history.root / OCTOBER}, refused"
    )
    assert kept["rules"].to_pylist() == [
        ["snapshot_seller_twice"],
        ["snapshot_seller_twice"],
        ["amount_unreadable"],
    ]


def test_the_quarantine_tells_how_the_month_stands_beside_its_rows(
    with_history: Marketplace,
) -> None:
    sound = {file: file.read_bytes() for file in (with_history.root / OCTOBER).glob("*.csv")}
    refuse_october(with_history)
    for file in (with_history.root / OCTOBER).glob("*.csv"):
        file.unlink()
    for file, content in sound.items():
        file.write_bytes(content)
    manifest = with_history.root / OCTOBER / "manifest.json"
    manifest.write_text("{")
    assert with_history.run("ingest", OCTOBER).exit_code == 1
    later = with_history.done("quarantine", OCTOBER).stderr
    assert "A later delivery is refused, for no single row: manifest.json: it is not" in later

    manifest.unlink()
    with_history.done("ingest", OCTOBER)
    assert "is sound; these rows need no action" in with_history.done("quarantine", OCTOBER).stderr


def test_taking_in_tells_what_it_replaces_and_what_is_to_be_done(
    closed_october: Marketplace,
) -> None:
    file = next((closed_october.root / OCTOBER).glob("settlements*.csv"))
    header, *lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join([header, lines[0].replace("PROD_ORDER", "TAX"), *lines[1:]]))
    said = closed_october.done("ingest", OCTOBER).stdout.splitlines()
    assert said[0].startswith(f"{OCTOBER} revision 2 is ingested")
    assert said[1] == (
        "It replaces revision 1. Difference in lines: +0, in KRW: +0, in sellers: +0."
    )
    assert said[2].startswith("warning: the delivery: the line_type comes up for the first time")
    assert said[3].startswith("info: settlements.csv: the line_type is one")
    assert f"beginning with `growth-points close {OCTOBER}`" in said[-1]


def test_a_refusal_says_everything_and_what_comes_next(with_history: Marketplace) -> None:
    refuse_october(with_history)
    ran = with_history.run("ingest", OCTOBER)
    assert f"`growth-points quarantine {OCTOBER}` lists the refused rows" in ran.stderr
    told = with_history.done("history", OCTOBER, "--output", "csv").rows()[-1]
    assert told["result"] == "refused"
    assert "amount_unreadable" in told["difference"]


def test_a_month_of_which_no_row_was_refused_has_an_empty_quarantine(
    closed_october: Marketplace,
) -> None:
    ran = closed_october.done("quarantine", OCTOBER, "--output", "csv")
    assert list(csv.reader(ran.stdout.splitlines())) == [list(QUARANTINE)]
    assert ran.stderr == f"No row of {OCTOBER} was refused.\n"


def test_a_month_never_seen_has_neither_quarantine_nor_history(
    with_history: Marketplace,
) -> None:
    asked = [with_history.run(command, "2025-01") for command in ("quarantine", "history")]
    assert [ran.exit_code for ran in asked] == [1, 1]
    assert asked[0].stderr == asked[1].stderr
    assert "2025-01 was never ingested or closed" in asked[0].stderr


def test_a_refused_row_is_shown_where_there_is_little_room(with_history: Marketplace) -> None:
    refuse_october(with_history)
    shown = with_history.done("quarantine", OCTOBER).stdout
    assert max(map(len, shown.splitlines())) <= 100
    assert "payment_amount_krw =four million" in shown


def test_a_month_that_goes_back_to_its_current_files_is_blocked_no_more(
    closed_october: Marketplace,
) -> None:
    file = next((closed_october.root / OCTOBER).glob("settlements*.csv"))
    sound = file.read_bytes()
    file.write_bytes(sound + b"too,few\n")
    assert closed_october.run("close", OCTOBER).exit_code == 1
    assert listed(closed_october)[-1][-1] == "blocked"

    file.write_bytes(sound)
    closed_october.done("close", OCTOBER)
    assert [row[-1] for row in listed(closed_october)] == ["closed"]


def test_the_pages_tell_which_months_are_sound(with_history: Marketplace) -> None:
    refuse_october(with_history)
    index = Path(with_history.done("docs").stdout.strip())
    assert index == (with_history.home / "docs" / "index.html").resolve()
    pages = [page.read_text() for page in index.parent.glob("*.html")]
    assert ">blocked</span>" in index.read_text()
    assert any("amount_unreadable" in page for page in pages)
    assert not any(mark in page for page in pages for mark in ("http:", "https:", "//cdn"))


def test_the_pages_are_served_to_this_machine(closed_october: Marketplace) -> None:
    with closed_october.started("docs", "--serve", "0") as serving:
        assert serving.stdout is not None
        url = serving.stdout.readline().split()[0]
        assert url.startswith("http://127.0.0.1:")
        served = httpx.Client(transport=httpx.HTTPTransport(retries=3), timeout=PATIENCE_S)
        assert "Settlement data quality" in served.get(url).text


def test_a_port_that_is_taken_is_a_sentence(closed_october: Marketplace) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = closed_october.run("docs", "--serve", str(port))
    assert ran.exit_code == 1
    assert f"Cannot listen on port {port}" in ran.stderr
