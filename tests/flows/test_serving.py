"""What browsers and Prometheus are shown, and what they are not."""

import socket
import struct
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine

from adapters.postgres.standing import Standing, program_standing
from flows.prefect.servers.lasting_server import PortTaken
from flows.settings import Settings
from tests.closings import Program, Sold
from web.metrics import figures
from web.serving import serving

TIER_1 = {"maru": Sold(6_000_000), "sora": Sold(1_000)}
TODAY = date(2026, 11, 13)


@pytest.fixture
def program(engine: Engine, tmp_path: Path) -> Program:
    """October closed with one award; the two months before it ingested."""
    program = Program(engine, tmp_path)
    for name in ("2026-08", "2026-09"):
        program.ingest(name, {"maru": Sold(1_000)})
    program.close("2026-10", TIER_1)
    return program


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """A home with a report, a data-quality page and refused lines."""
    settings = Settings(home=tmp_path / "home", database_url=database_url)
    for name in ("reports/2026-10/closed-1.html", "docs/index.html", "quarantine/lines.parquet"):
        file = settings.home / name
        file.parent.mkdir(parents=True)
        file.write_text(f"this is {name}")
    return settings


@pytest.fixture
def address(settings: Settings) -> Iterator[str]:
    """Where that home is served."""
    with serving(settings, 0) as address:
        yield address


def test_reports_and_pages_are_shown_and_listed(address: str) -> None:
    for name in ("reports/2026-10/closed-1.html", "docs/index.html"):
        assert httpx.get(f"{address}/{name}").text == f"this is {name}"
    page = httpx.get(f"{address}/months/2026-10").text
    assert 'href="/reports/2026-10/closed-1.html"' not in page  # it is of no recorded evaluation


def test_the_first_page_shows_every_month_as_it_stands(
    address: str, program: Program, settings: Settings
) -> None:
    def row(month: str) -> str:
        rows = httpx.get(address).text.split("<tbody>")[1].split("<tr>")
        [found] = [each for each in rows if f">{month}<" in each]
        return found

    assert [word in row("2026-10") for word in (">closed, to be paid<", ">1<", ">150,000<")] == [
        True,
        True,
        True,
    ]
    assert "2026-11-10" in row("2026-10")
    assert ">ingested<" in row("2026-09")

    program.pay("2026-10", date(2026, 11, 12))

    assert ">paid<" in row("2026-10")
    assert "2026-11-12" in row("2026-10")


def test_the_first_page_lists_reports_also_when_the_database_does_not_answer(
    settings: Settings,
) -> None:
    gone = settings.model_copy(update={"database_url": "postgresql://nobody@127.0.0.1:1/none"})

    with serving(gone, 0) as address:
        shown = httpx.get(address).text

    assert "The database does not answer" in shown
    assert 'href="/reports/2026-10/closed-1.html"' in shown


@pytest.mark.parametrize(
    "path",
    [
        "quarantine/lines.parquet",
        "reports/../quarantine/lines.parquet",
        "reports/%2e%2e/quarantine/lines.parquet",
        "reports//..//quarantine/lines.parquet",
        "reports/link/lines.parquet",
        "postgres/PG_VERSION",
    ],
)
def test_nothing_else_of_the_home_is_shown(address: str, settings: Settings, path: str) -> None:
    (settings.reports / "link").symlink_to(settings.quarantine)

    with httpx.Client() as client:
        for method in ("GET", "HEAD"):
            assert client.request(method, f"{address}/{path}").status_code == 404


def test_pages_may_load_and_run_nothing(address: str) -> None:
    policy = httpx.get(f"{address}/docs/index.html").headers["Content-Security-Policy"]

    assert policy.startswith("default-src 'none'")


@pytest.mark.parametrize("name", ["elsewhere.example", "127.0.0.1.elsewhere.example", "", "[::"])
def test_nobody_is_answered_by_the_name_of_another_machine(address: str, name: str) -> None:
    for path in ("", "metrics", "docs/index.html"):
        assert httpx.get(f"{address}/{path}", headers={"Host": name}).status_code == 421


def test_it_answers_by_its_own_names_and_by_the_configured_one(settings: Settings) -> None:
    proxied = settings.model_copy(update={"pages_url": "https://points.example/"})

    with serving(proxied, 0) as address:
        port = address.rpartition(":")[2]
        for name in (f"localhost:{port}", f"127.0.0.1:{port}", "points.example"):
            assert httpx.get(address, headers={"Host": name}).is_success


def test_a_port_that_is_taken_is_refused(address: str, settings: Settings) -> None:
    port = int(address.rpartition(":")[2])

    with pytest.raises(PortTaken, match=str(port)), serving(settings, port):
        pass


def test_the_figures_are_those_of_the_database_at_that_moment(
    address: str, program: Program
) -> None:
    assert _scrape(address)["growth_points_points_pending", "2026-10"] == 150_000

    program.pay("2026-10")

    figures = _scrape(address)
    assert figures["growth_points_points_pending", "2026-10"] == 0
    assert figures["growth_points_points_paid", "2026-10"] == 150_000
    assert figures["growth_points_months", "paid"] == 1
    assert figures["growth_points_months", "ingested"] == 2
    assert figures["growth_points_awards", "2026-10", "1"] == 1
    assert figures["growth_points_findings", "2026-10"] == 0
    assert figures["growth_points_database_up",] == 1


def test_a_database_that_does_not_answer_is_a_figure_not_a_failure(settings: Settings) -> None:
    gone = settings.model_copy(update={"database_url": "postgresql://nobody@127.0.0.1:1/none"})

    with serving(gone, 0) as address:
        assert _scrape(address) == {("growth_points_database_up",): 0}


def test_an_unpaid_month_is_late_from_the_day_after_it_was_due(program: Program) -> None:
    with program.engine.connect() as connection:
        october = program_standing(connection)[-1]

    assert [october.days_late(date(2026, 11, day)) for day in (9, 10, 11, 13)] == [0, 0, 1, 3]
    assert _late(october) == 3 * 24 * 3600
    assert _late(replace(october, paid_on=date(2026, 11, 12))) == 0


def test_a_month_that_is_not_closed_is_never_late(program: Program) -> None:
    with program.engine.connect() as connection:
        august = program_standing(connection)[0]

    assert (august.state, august.days_late(TODAY)) == ("ingested", 0)


def _late(month: Standing) -> float:
    [found] = [each for each in figures([month], TODAY) if each.name.endswith("late_seconds")]
    return float(found.samples[0].value)


def _scrape(address: str) -> dict[tuple[str, ...], float]:
    answer = httpx.get(f"{address}/metrics").raise_for_status()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


@pytest.mark.parametrize("path", ["", "metrics", "docs/index.html", "nowhere"])
def test_no_page_may_be_shown_in_a_frame(address: str, path: str) -> None:
    headers = httpx.get(f"{address}/{path}").headers
    assert headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize(
    "path",
    [
        "docs/%00",
        "docs/a%00.html",
        "%00",
        "docs/loop",
        "docs/" + "a" * 5_000,
        "docs/%ff",
        "docs/%0d%0aA:%20b",
    ],
)
def test_an_odd_path_is_not_found(
    address: str, settings: Settings, path: str, capfd: pytest.CaptureFixture[str]
) -> None:
    (settings.docs / "loop").symlink_to("loop")
    host, port = address.removeprefix("http://").split(":")
    for method in ("GET", "HEAD"):
        asking = HTTPConnection(host, int(port), timeout=10)
        asking.putrequest(method, f"/{path}")
        asking.endheaders()
        assert asking.getresponse().status == 404
        asking.close()
    assert "Traceback" not in capfd.readouterr().err


def test_a_damaged_record_of_a_check_is_named(address: str, settings: Settings) -> None:
    record = settings.docs / "results" / "2026-10" / "000001-a.json"
    record.parent.mkdir(parents=True)
    record.write_text("{")
    answer = httpx.get(address)
    assert (answer.status_code, f"{record} is damaged" in answer.text) == (500, True)


def test_a_client_that_leaves_early_leaves_no_traceback(
    address: str, capfd: pytest.CaptureFixture[str]
) -> None:
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.sendall(b"GET /docs/index.html HTTP/1.1\r\n")
    httpx.get(address)
    assert "Traceback" not in capfd.readouterr().err
