"""Forms: a preview writes nothing, and every run ends with a sentence in the forms' own words."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.objects import State
from sqlalchemy import Engine

from domain.findings import WindowIncomplete
from flows.closing.require_window import MonthNotOver
from flows.correcting.flow import adjust_points_of
from flows.paying.flow import approve_payout_of, pay_out, reschedule_planned_payouts
from flows.paying.pay_out_month import PayoutNotApproved, PayoutOutdated
from flows.prefect.form_words import in_form_words
from flows.prefect.run_names import name_of
from tests.closings import Program, Sold, month
from tests.command_line import Marketplace

OCT, DAY = month("2025-10"), date(2026, 1, 3)
STORES = {"maru": Sold(7_000_000, approved_on=date(2025, 3, 16))}


@pytest.fixture
def shop(
    engine: Engine,
    database_url: str,
    tmp_path: Path,
    prefect_server: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Marketplace:
    """October 2025 awards maru 150,000 points and is due; the flows work on it."""
    program = Program(engine, tmp_path)
    for name in ("2025-08", "2025-09"):
        program.ingest(name, STORES)
    program.close("2025-10", STORES)
    monkeypatch.setenv("GROWTH_POINTS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GROWTH_POINTS_DATABASE_URL", database_url)
    return Marketplace(tmp_path / "settlements", tmp_path / "home", database_url)


def ended(flow: Callable[..., Any], *given: object, **named: object) -> State[Any]:
    state = flow(*given, **named, return_state=True)
    assert isinstance(state, State)
    return state


PREVIEWS: tuple[tuple[Callable[..., Any], tuple[object, ...], str], ...] = (
    (adjust_points_of, ("maru", 500, "agreed"), "maru would be given 500 points (request "),
    (pay_out, (str(OCT),), "2025-10 would pay 150,000 points to 1 seller."),
    (pay_out, (), "2025-10 would pay 150,000 points to 1 seller."),
    (
        approve_payout_of,
        (str(OCT), 150_000, "Kim", "seen"),
        "2025-10 would be allowed to pay 150,000 points to 1 seller.",
    ),
    (reschedule_planned_payouts, (), "Every planned payout keeps its date."),
)


@pytest.mark.parametrize(("form", "given", "said"), PREVIEWS)
def test_a_form_left_as_it_is_shows_what_would_be_done_and_does_nothing(
    shop: Marketplace, form: Callable[..., Any], given: tuple[object, ...], said: str
) -> None:
    before, history = shop.row_counts(), shop.done("history", str(OCT)).stdout

    state = ended(form, *given)

    assert state.is_completed()
    assert "Nothing was written: this is a preview." in (state.message or "")
    assert said in (state.message or "")
    assert (shop.row_counts(), shop.done("history", str(OCT)).stdout) == (before, history)


def test_an_adjustment_says_what_it_did_or_that_it_was_done(shop: Marketplace) -> None:
    done = ended(adjust_points_of, "maru", 500, "agreed", "commit")
    again = ended(adjust_points_of, "maru", 500, "agreed", "commit")
    taken = ended(adjust_points_of, "maru", -200, "too much", "preview")

    assert "Seller maru is given 500 points (request " in (done.message or "")
    assert "and has 500 available." in (done.message or "")
    assert "as posting 2; nothing was written. The store has 500" in (again.message or "")
    assert "give it a request id of its own" in (again.message or "")
    assert "would give back 200 points" in (taken.message or "")
    assert "and have 300 available." in (taken.message or "")


def test_what_a_run_came_to_is_said_in_the_language_of_the_setting(
    shop: Marketplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROWTH_POINTS_LANGUAGE", "ko")

    state = ended(adjust_points_of, "maru", 500, "agreed", "commit")

    assert "판매자 maru에게 500포인트를 적립했습니다" in (state.message or "")


def test_a_refusal_is_a_sentence_without_a_traceback(
    shop: Marketplace, caplog: pytest.LogCaptureFixture
) -> None:
    state = ended(approve_payout_of, str(OCT), 1, "Kim", "seen", "commit")

    assert state.is_failed()
    assert (state.message or "").startswith("2025-10 would pay 150,000 points, not 1.")
    assert "Traceback" not in caplog.text
    assert all(record.exc_info is None for record in caplog.records)


def test_a_previewed_refusal_is_not_in_the_history(shop: Marketplace) -> None:
    before = shop.done("history", str(OCT)).stdout

    assert ended(approve_payout_of, str(OCT), 1, "Kim", "seen").is_failed()
    assert ended(adjust_points_of, "maru", 5, "late", month=str(OCT)).is_failed()

    assert shop.done("history", str(OCT)).stdout == before


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (PayoutNotApproved(OCT, 5), "the form approve-payout with 2025-10 5"),
        (PayoutOutdated(OCT), "Close it again first: the form close-month with 2025-10"),
        (WindowIncomplete(OCT, (OCT,)), "Run the form ingest-month with 2025-10 first"),
        (MonthNotOver(OCT), "a preview shows it as it stands."),
    ],
)
def test_a_run_names_forms_and_their_fields_not_commands_and_flags(
    refused: Exception, said: str
) -> None:
    told = in_form_words(str(refused), "en")

    assert said in told
    assert "--" not in told
    assert "growth-points" not in told


def test_flags_are_the_names_of_fields() -> None:
    said = "See the change with close --preview, accept it with --acknowledge-paid:"

    assert in_form_words(said, "en") == (
        'See the change with a preview, accept it with "agree that paid months keep their payout":'
    )
    assert in_form_words(said, "ko").endswith('"지급 유지 동의":')


@pytest.mark.parametrize(
    ("name", "given", "named"),
    [
        ("close-month", {"mode": "commit"}, "close 2025-12"),
        ("close-month", {"month": "2025-10"}, "close 2025-10 · preview"),
        ("rerun-month", {"month": "2025-10", "reason": "x"}, "close 2025-10 · rerun preview"),
        ("pay-out", {"month": "2025-10", "mode": "commit"}, "pay out 2025-10"),
        ("pay-out", {}, "pay out what is due · preview"),
        ("ingest-month", {"month": "2025-10"}, "ingest 2025-10"),
        ("verify", {}, "verify"),
    ],
)
def test_a_planned_run_has_the_name_that_it_will_have(
    name: str, given: dict[str, str], named: str
) -> None:
    from flows.prefect.deployments import DEPLOYED

    (flow,) = [each.flow for each in DEPLOYED if each.name == name]

    assert name_of(flow, given, DAY) == named
