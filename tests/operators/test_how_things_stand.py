"""What needs attention, and what is paid next, as the program goes on."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from adapters.postgres.rewards import RewardsStanding
from domain.approval import ApprovalRule
from domain.months import SettlementMonth
from flows.occasion import SEOUL, Occasion
from flows.settings import Settings
from flows.showing.desk import Desk, gather_desk
from flows.showing.tasks import Task, Weight, tasks
from tests.closings import Program, Sold, month
from tests.operators.conftest import Ask, restate_after_payout
from web.metrics import _overdue
from web.operators import visit
from web.operators.months import state_words
from web.serving import serving

TODAY = date(2026, 11, 5)  # October is closed, to be paid on the 10th


def desk(engine: Engine, settings: Settings, today: date = TODAY) -> Desk:
    with engine.connect() as connection:
        return gather_desk(connection, settings, today)


def found(engine: Engine, settings: Settings, today: date = TODAY) -> tuple[Task, ...]:
    return tasks(desk(engine, settings, today))


def forms(found: Sequence[Task]) -> list[tuple[str, dict[str, object]]]:
    return [(each.deployment, dict(each.parameters)) for task in found for each in task.forms]


def test_a_closed_month_that_needs_no_approval_needs_nobody_until_it_is_late(
    engine: Engine, settings: Settings
) -> None:
    assert found(engine, settings) == ()
    assert found(engine, settings, date(2026, 11, 10)) == ()

    (late,) = found(engine, settings, date(2026, 11, 11))

    assert (late.weight, str(late.said)) == (
        Weight.BAD,
        "2026-10 was due on 2026-11-10 but is not paid: 300,000 P.",
    )
    assert forms([late]) == [("pay-out", {"month": "2026-10", "mode": "commit"})]


def test_a_closed_month_says_that_it_is_unapproved(engine: Engine, settings: Settings) -> None:
    strict = settings.model_copy(update={"approval": "required"})

    (waits,) = found(engine, strict)

    assert "2026-10 is closed but not approved: 300,000 P" in str(waits.said)
    filled_in = {"month": "2026-10", "points": 300_000, "mode": "commit"}
    assert forms([waits]) == [("approve-payout", filled_in)]
    assert desk(engine, strict).months[month("2026-10")].words == ("closed", "unapproved")
    (late,) = found(engine, strict, date(2026, 12, 1))[:1]
    assert (late.weight, "were due on 2026-11-10" in str(late.said)) == (Weight.BAD, True)


def test_the_next_payout_is_that_of_the_oldest_unpaid_month(
    engine: Engine, settings: Settings, program: Program
) -> None:
    program.close("2026-11", {"maru": Sold(20_000_000)})
    payout = desk(engine, settings).next_payout
    assert payout is not None
    assert (payout.month, payout.points, payout.due_on) == (
        month("2026-10"),
        300_000,
        date(2026, 11, 10),
    )
    program.pay("2026-10", date(2026, 11, 10))
    after = desk(engine, settings).next_payout
    assert after is not None
    assert after.month == month("2026-11")


def test_a_paid_month_with_open_differences_says_so_until_each_is_corrected(
    engine: Engine, settings: Settings, program: Program
) -> None:
    restate_after_payout(program)

    (differs,) = found(engine, settings)

    assert str(differs.said) == (
        "2026-10 is paid, but its data has changed since: 150,000 P too much, 150,000 P too little."
    )
    assert [(each["seller_id"], each["points"]) for _, each in forms([differs])] == [
        ("nuri", -150_000),
        ("sora", 150_000),
    ]
    program.adjust("nuri", -150_000, grants="2026-10")
    (left,) = found(engine, settings)
    said = "2026-10 is paid, but its data has changed since: 150,000 P too little."
    assert str(left.said) == said
    program.adjust("sora", 150_000, grants="2026-10")
    assert found(engine, settings) == ()


def test_open_corrections_are_those_that_a_closing_reports(
    engine: Engine, settings: Settings, program: Program
) -> None:
    program.close("2026-11", {each: Sold(6_000_000) for each in ("maru", "nuri", "sora")})
    program.pay("2026-10", date(2026, 11, 12))
    program.pay("2026-11", date(2026, 12, 10))
    closing = program.close(
        "2026-10", {"nuri": Sold(1_000), "sora": Sold(6_000_000)}, acknowledge_paid=True
    )

    corrections = desk(engine, settings).corrections

    assert [(each.month, each.over_awarded, each.under_awarded) for each in corrections] == [
        (each.month, each.restatement.over_awarded, each.restatement.under_awarded)
        for each in closing.months
        if each.restatement.is_unsettled
    ]
    assert corrections


def test_a_month_that_is_over_is_awaited_until_its_files_are_there(
    engine: Engine, settings: Settings, program: Program, tmp_path: Path
) -> None:
    program.pay("2026-10", date(2026, 11, 10))
    root = tmp_path / "settlements"
    root.mkdir()
    settings = settings.model_copy(update={"settlements": str(root)})
    today = date(2026, 12, 3)

    (missing,) = found(engine, settings, today)
    assert state_words(desk(engine, settings, today), month("2026-11"), None) == ("missing",)
    assert "2026-11 is over, but its files are missing" in str(missing.said)
    assert str(root / "2026-11") in str(missing.said)

    (root / "2026-11").mkdir()
    (root / "2026-11" / "settlements.csv").write_text("")
    (there,) = found(engine, settings, today)
    assert state_words(desk(engine, settings, today), month("2026-11"), None) == ("arrived",)
    assert "its files are there, and its payout is due on 2026-12-10" in str(there.said)
    assert forms([there]) == [("close-month", {"month": "2026-11", "mode": "preview"})]

    program.ingest("2026-11", {"maru": Sold(1_000)})
    (ingested,) = found(engine, settings, today)
    assert "2026-11 is ingested but not closed" in str(ingested.said)
    late = found(engine, settings, date(2026, 12, 13))[0]
    assert (late.weight, str(late.said)) == (
        Weight.BAD,
        "2026-11 is ingested but not closed; its payout was due on 2026-12-10 (days late: 3).",
    )


def test_a_month_whose_window_lacks_one_says_which_is_to_be_ingested(
    engine: Engine, settings: Settings, program: Program
) -> None:
    program.pay("2026-10", date(2026, 11, 10))

    said = [str(each.said) for each in found(engine, settings, date(2027, 1, 3))]

    assert "2026-12 cannot be closed: 2026-11 was not ingested." in said


def test_a_month_that_was_passed_over_is_still_awaited(
    engine: Engine, settings: Settings, program: Program
) -> None:
    program.pay("2026-10", date(2026, 11, 10))
    program.ingest("2026-11", {"maru": Sold(1_000)})
    program.close("2026-12", {"maru": Sold(1_000)})

    said = [str(each.said) for each in found(engine, settings, date(2027, 1, 3))]

    assert any(each.startswith("2026-11 is ingested but not closed") for each in said)


def test_the_months_before_the_one_that_is_set_as_first_are_awaited_by_nobody(
    engine: Engine, settings: Settings
) -> None:
    later = settings.model_copy(update={"first_month": "2027-01"})

    awaited = desk(engine, later, date(2027, 2, 3)).awaited

    assert [str(each.month) for each in awaited] == ["2027-01", "2027-02"]


def test_newer_files_than_a_month_was_closed_with_are_told(
    engine: Engine, settings: Settings, program: Program
) -> None:
    program.ingest("2026-09", {"maru": Sold(2_000)})

    (newer,) = found(engine, settings)

    assert str(newer.said) == "2026-10 has newer files than the ones it was closed with."
    assert forms([newer]) == [("rerun-month", {"month": "2026-10", "mode": "preview"})]


def test_nothing_is_known_before_the_first_month(
    engine: Engine, database_url: str, tmp_path: Path
) -> None:
    empty = Settings(home=tmp_path / "home", database_url=database_url)

    assert [str(each.month) for each in desk(engine, empty).awaited] == ["2026-11"]
    (task,) = found(engine, empty)
    assert task.weight is Weight.SOFT
    assert str(task.said).startswith("No month closes by itself yet. Ingest the months before ")


def test_before_any_month_is_closed_the_one_that_is_due_is_awaited(
    engine: Engine, database_url: str, tmp_path: Path
) -> None:
    history = Program(engine, tmp_path)
    for name in ("2026-08", "2026-09"):
        history.ingest(name, {"maru": Sold(1_000)})
    settings = Settings(home=tmp_path / "home", database_url=database_url)

    awaited = desk(engine, settings).awaited

    assert [str(each.month) for each in awaited] == ["2026-10", "2026-11"]
    (task,) = found(engine, settings)
    assert str(task.said) == "2026-10 is over but not closed; its payout is due on 2026-11-10."


def test_an_overdue_month_stands_before_the_next_payout_date(
    ask: Ask, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.pay("2026-10", date(2026, 11, 10))

    def shown(day: int) -> str:
        at = datetime(2026, 12, day, 9, tzinfo=SEOUL)
        monkeypatch.setattr(visit, "this_occasion", lambda: Occasion("tests", "tests", at))
        return ask("", lang="en").text

    due = shown(10)
    assert "The next payout date is 2026-12-10." in due
    assert "To be closed by" in due
    late = shown(13)
    assert "Was due on" in late
    assert "Days late: 3" in late
    assert "The payout of 2026-11 was due on 2026-12-10; the month is not closed." in late
    assert "The next payout date" not in late


def test_points_and_their_unit_stay_on_one_line(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    at = datetime(2026, 11, 11, 9, tzinfo=SEOUL)
    monkeypatch.setattr(visit, "this_occasion", lambda: Occasion("tests", "tests", at))
    assert "is not paid: 300,000\N{NO-BREAK SPACE}P." in ask("", lang="en").text


def test_days_without_reward_files_are_named_and_have_forms(
    engine: Engine, settings: Settings
) -> None:
    days = tuple(date(2026, 11, day) for day in (1, 2, 3, 4))
    standing = replace(desk(engine, settings), rewards=RewardsStanding(days, 0))

    (task,) = tasks(standing)

    assert str(task.said) == (
        "Days of the last week without reward files: "
        "2026-11-01, 2026-11-02, 2026-11-03, 2026-11-04."
    )
    assert [each["day"] for _, each in forms([task])] == ["2026-11-01", "2026-11-02", "2026-11-03"]


def test_every_form_has_the_parameters_that_are_filled_in() -> None:
    from flows.prefect.deployments import DEPLOYED
    from flows.showing import forms as made

    of = SettlementMonth(2026, 10)
    all_forms = (
        *(make(of) for make in (made.ingest_form, made.closing_form, made.rerun_form)),
        *(made.approval_form(of, 1), made.payout_form(of), made.reschedule_form()),
        *(made.correction_form("maru", 1, of), made.adjustment_form("maru")),
        made.delivery_form(),
        made.rewards_form(TODAY),
        *(made.link_form("maru"), made.conversion_form("maru")),
    )
    known = {each.name: each.flow.parameters.properties for each in DEPLOYED}

    for each in all_forms:
        assert each.parameters.keys() <= known[each.deployment].keys(), each


@pytest.mark.parametrize("rule", ["none", "required"])
def test_a_month_without_awards_is_unapproved_only_where_every_payout_needs_it(
    engine: Engine, settings: Settings, program: Program, rule: str
) -> None:
    program.pay("2026-10", date(2026, 11, 10))
    program.close("2026-11", {"sora": Sold(1_000)}, approval=ApprovalRule.parse(rule))

    state = desk(engine, settings).months[month("2026-11")]

    assert state.waits is (rule == "required")
    assert replace(state, waits=False).words == ("closed",)


def test_files_that_cannot_be_seen_from_here_are_not_said_to_be_missing(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    for root, delivered in ((tmp_path, False), (tmp_path / "not-mounted", None)):
        there = settings.model_copy(update={"settlements": str(root)})
        awaited = {each.month: each for each in desk(engine, there, date(2026, 12, 5)).awaited}
        assert awaited[month("2026-11")].delivered is delivered


def test_months_that_are_overdue_are_counted_for_prometheus(
    engine: Engine, settings: Settings
) -> None:
    days = (date(2026, 12, 6), date(2026, 12, 7), date(2027, 1, 7))
    with engine.connect() as connection:
        counted = [_overdue(connection, settings, day) for day in days]
    assert counted == [0, 1, 2]


def test_a_month_whose_payout_date_is_not_known_says_why_on_every_page(
    engine: Engine, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    holidays = tmp_path / "holidays.txt"
    holidays.write_text("no day\n")
    unsure = settings.model_copy(update={"holidays": holidays})

    (task,) = found(engine, unsure)

    said = "The payout date of 2026-11 is not known."
    assert (str(task.said), task.month) == (said, month("2026-11"))
    assert "holidays.txt:1: 'no day' is not a date and a name" in str(task.details[0])
    over = found(engine, unsure, date(2026, 12, 20))
    assert any("its payout date is not known" in str(each.said) for each in over)
    at = datetime(2026, 11, 5, 12, tzinfo=SEOUL)
    monkeypatch.setattr(visit, "this_occasion", lambda: Occasion("tests", "tests", at))
    with serving(unsure, 0) as address:
        for path in ("", "months", "months/2026-11", "months.csv"):
            answer = httpx.get(f"{address}/{path}")
            assert answer.status_code == 200
            assert (said in answer.text) is (path in ("", "months/2026-11"))
