"""The deployments: one definition, forms that refuse, schedules in Seoul's time."""

import os
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from importlib.metadata import requires
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_type_hints

import pytest
import yaml
from packaging.requirements import Requirement
from pydantic import TypeAdapter, ValidationError

from domain.months import SettlementMonth
from flows.occasion import SEOUL
from flows.prefect import forms

_ROOT = Path(__file__).parents[2]


def test_the_file_for_a_work_pool_says_what_is_served() -> None:
    from flows.prefect.deployments import prefect_yaml

    assert yaml.safe_load((_ROOT / "deploy" / "prefect.yaml").read_text()) == prefect_yaml()


def test_everything_an_operator_does_can_be_started_from_the_ui() -> None:
    from flows.prefect.deployments import DEPLOYED, served_deployments

    served = {each.name: each for each in served_deployments()}

    assert set(served) >= {"close-month", "rerun-month", "pay-out", "pay-out-sweep", "verify"}
    assert set(served) >= {"ingest-month", "adjust-points", "reschedule-payouts"}
    for each in DEPLOYED:
        assert served[each.name].entrypoint == each.entrypoint
        assert served[each.name].description


def test_no_form_offers_to_pay_before_the_date() -> None:
    from flows.prefect.deployments import DEPLOYED

    (offered,) = [each.flow.parameters.properties for each in DEPLOYED if each.name == "pay-out"]

    assert set(offered) == {"month", "mode"}


def test_schedules_are_kept_in_the_time_of_seoul() -> None:
    from prefect.client.schemas.schedules import CronSchedule

    from flows.prefect.deployments import served_deployments

    schedules = {
        each.name: (schedule.cron, schedule.timezone)
        for each in served_deployments()
        for schedule in (one.schedule for one in each.schedules or [])
        if isinstance(schedule, CronSchedule)
    }

    assert schedules == {
        "close-due-months": ("10 * * * *", "Asia/Seoul"),
        "compare-credits": ("0 7 * * *", "Asia/Seoul"),
        "deliver-conversions": ("*/5 * * * *", "Asia/Seoul"),
        "expire-points": ("0 5 * * *", "Asia/Seoul"),
        "pay-rewards-daily": ("30 4 * * *", "Asia/Seoul"),
        "pay-out-sweep": ("0 10 * * *", "Asia/Seoul"),
        "tell-unclosed-months": ("0 8 * * *", "Asia/Seoul"),
        "tell-late-payouts": ("0 11 * * *", "Asia/Seoul"),
        "tell-missing-approvals": ("30 8 * * *", "Asia/Seoul"),
        "verify": ("0 6 * * 1", "Asia/Seoul"),
        "watch-runs": ("*/15 * * * *", "Asia/Seoul"),
    }


def test_every_parameter_is_described_and_keeps_its_constraints_in_the_form() -> None:
    from flows.prefect.deployments import DEPLOYED

    for each in DEPLOYED:
        for name, schema in each.flow.parameters.properties.items():
            assert schema["description"], f"{each.name}: {name}"
            if name.endswith("month"):
                assert forms.MONTH_PATTERN in schema["pattern"]
            if name == "mode":
                assert schema["enum"] == ["preview", "commit"]
                assert schema["default"] == "preview"
            if name == "reason":
                assert schema["maxLength"] == 500


@pytest.mark.parametrize(
    "month", ["2026-13", "2026-00", "2026-1", "26-10", "2026-10 ", "x2026-10", "2026-10-01"]
)
def test_a_form_refuses_what_is_no_month(month: str) -> None:
    for kind in (forms.Month, forms.MonthOrNone):
        with pytest.raises(ValidationError):
            TypeAdapter(kind).validate_python(month)


def test_a_form_takes_a_month() -> None:
    for month in ("2026-01", "2026-10", "2026-12", "2009-09"):
        assert TypeAdapter(forms.Month).validate_python(month) == month
        assert TypeAdapter(forms.MonthOrNone).validate_python(month) == month
    assert TypeAdapter(forms.MonthOrNone).validate_python("") == ""


@pytest.mark.parametrize("text", ["a\0b", "a\ud800", "a\nb", "a\u2028b", "a\u202eb", "a" * 501])
def test_a_form_refuses_what_is_not_one_readable_line(text: str) -> None:
    for kind in (forms.Reason, forms.Name, forms.NameOrNone):
        with pytest.raises(ValidationError):
            TypeAdapter(kind).validate_python(text)


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        (forms.Month, "2026-13", "'2026-13' is not a month"),
        (forms.MonthOrNone, "october", "'october' is not a month"),
        (forms.Reason, " ", "is blank"),
        (forms.Name, "", "is blank"),
        (forms.Month, 202610, "valid string"),
    ],
)
def test_a_form_whose_checks_are_off_is_refused_in_the_words_of_the_command_line(
    kind: Any, text: object, said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        TypeAdapter(kind).validate_python(text)


def test_every_text_about_a_person_or_a_reason_is_one_line_in_the_form() -> None:
    from flows.prefect.deployments import DEPLOYED

    texts = ("reason", "asked_by", "approved_by", "seller_id", "request_id")
    for each in DEPLOYED:
        for name, hint in get_type_hints(each.flow.fn, include_extras=True).items():
            if name in texts:
                with pytest.raises(ValidationError):
                    TypeAdapter(hint).validate_python("a\nb")


@pytest.mark.parametrize(
    ("scheduled_at", "month"),
    [
        (datetime(2026, 11, 3, 0, tzinfo=UTC), "2026-10"),
        (datetime(2026, 10, 31, 15, tzinfo=UTC), "2026-10"),  # 1 November in Seoul
        (datetime(2026, 10, 31, 14, 59, tzinfo=UTC), "2026-09"),
        (datetime(2027, 1, 3, 0, tzinfo=UTC), "2026-12"),
    ],
)
def test_a_run_without_a_month_closes_the_one_before_it_was_scheduled(
    monkeypatch: pytest.MonkeyPatch, scheduled_at: datetime, month: str
) -> None:
    from flows.prefect import flow_occasion, run_names

    late = SimpleNamespace(scheduled_start_time=scheduled_at)  # whatever the time is now
    monkeypatch.setattr(flow_occasion, "flow_run", late)

    assert run_names.month_to_close("") == SettlementMonth.parse(month)
    assert run_names.month_to_close("2024-05") == SettlementMonth(2024, 5)


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({"month": "2026-10", "mode": "commit"}, ("close 2026-10", "close 2026-10 · rerun")),
        (
            {"month": "2026-10", "mode": "preview"},
            ("close 2026-10 · preview", "close 2026-10 · rerun preview"),
        ),
    ],
)
def test_runs_are_named_by_what_they_do(
    monkeypatch: pytest.MonkeyPatch, parameters: dict[str, str], names: tuple[str, str]
) -> None:
    from flows.prefect import run_names

    monkeypatch.setattr(run_names, "flow_run", SimpleNamespace(parameters=parameters))

    assert (run_names.closing_name(), run_names.rerun_name()) == names


def test_months_are_closed_and_conversions_delivered_by_one_run_at_a_time() -> None:
    from flows.prefect.deployments import served_deployments

    limits = {
        each.name: (each.concurrency_limit, each.concurrency_options)
        for each in served_deployments()
        if each.concurrency_limit is not None
    }

    assert limits.keys() == {"close-due-months", "deliver-conversions"}
    for limit, options in limits.values():
        assert limit == 1
        assert options is not None
        assert options.collision_strategy == "CANCEL_NEW"


def test_a_deployed_schedule_gets_runs_at_ten_in_seoul_every_day(prefect_server: None) -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter

    from flows.prefect.deployments import served_deployments

    (deployment,) = [each for each in served_deployments() if each.name == "pay-out-sweep"]
    number = deployment.apply()
    with get_client(sync_client=True) as client:
        where = {"id": str(number)}
        client.request(
            "POST", "/deployments/{id}/schedule", path_params=where, json={"min_runs": 3}
        )
        mine = FlowRunFilter.model_validate({"deployment_id": {"any_": [number]}})
        runs = client.read_flow_runs(flow_run_filter=mine)
        client.request("DELETE", "/deployments/{id}", path_params=where)

    times = [run.expected_start_time for run in runs if run.expected_start_time is not None]
    assert len(times) >= 3
    for each in times:
        there = each.astimezone(SEOUL)
        assert (there.hour, there.minute) == (10, 0)
    assert len({each.astimezone(SEOUL).date() for each in times}) == len(times)


def test_versions_that_keep_prefect_from_starting_or_scheduling_are_not_taken() -> None:
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text())["project"]
    wanted = {each.name: each.specifier for each in map(Requirement, project["dependencies"])}
    of_prefect = {each.name: each.specifier for each in map(Requirement, requires("prefect") or ())}

    assert "0.151.0" not in of_prefect["fastapi"]  # the server does not start
    assert "3.8.8" not in wanted["prefect"]  # with SQLAlchemy 2.1 schedules silently make no runs
    assert "4.0.0" not in wanted["prefect"]


def test_plain_prefect_commands_in_the_repository_talk_to_the_programs_server() -> None:
    environment = {name: value for name, value in os.environ.items() if "PREFECT_API" not in name}
    told = subprocess.run(
        [sys.executable, "-c", "import prefect.settings as s; print(s.PREFECT_API_URL.value())"],
        cwd=_ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout.strip() == "http://127.0.0.1:4200/api"
