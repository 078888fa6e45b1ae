"""Events, alarms and whom they tell, on a real Prefect server."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import pytest
from prefect import State, settings
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.events.schemas.automations import Automation, AutomationCore, EventTrigger
from prefect.states import Running

from flows.prefect import ui_links
from flows.prefect.alarm_list import ALARMS
from flows.prefect.alarms import (
    _automation,
    apply_alarms,
    apply_alarms_if_possible,
    save_webhook,
)
from flows.settings import Settings
from tests.alarm_server import PATIENCE_S, a_flow, forget_the_webhook, texts, webhook
from tests.command_line import Line, Marketplace
from tests.lasting_server import events, eventually
from tests.three_stores import OCTOBER, OCTOBER_CORRECTED, STORES, deliver

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
MONTH = "growth-points.month.2026-10"

_SOON = timedelta(seconds=10)


@pytest.mark.slow
def test_what_happens_to_a_month_is_told_as_events_and_alarms(
    with_history: Marketplace, server: str
) -> None:
    marketplace = replace(with_history, variables={"PREFECT_API_URL": server})
    with webhook() as (url, received):
        save_webhook(url)
        assert apply_alarms().sent
        marketplace.deliver(OCTOBER, [Line("maru", 1_000, "2024-12-24")], STORES)
        _run(marketplace, "close", OCTOBER)
        [alarm] = texts(received, 1)
        deliver(marketplace, OCTOBER)
        _run(marketplace, "close", OCTOBER)
        deliver(marketplace, OCTOBER, OCTOBER_CORRECTED)
        _run(marketplace, "close", OCTOBER, "--reason", "corrected")
        told = eventually(lambda: _months(server, at_least=3), PATIENCE_S)
        assert received.empty()
    forget_the_webhook()

    assert [event["event"].removeprefix("growth-points.month.") for event in told] == [
        "blocked",
        "closed",
        "restated",
    ]
    blocked, closed, restated = (event["payload"] for event in told)
    assert blocked["critical"] == len(blocked["findings"])
    assert "2024-12" in blocked["findings"][0]["sentence"]
    assert (closed["month"], closed["awards"], closed["points"]) == (OCTOBER, 2, 300_000)
    assert (restated["reversed"], restated["awarded"], restated["points"]) == (2, 1, 0)
    assert {event["resource"]["prefect.resource.id"] for event in told} == {
        f"growth-points.month.{OCTOBER}"
    }
    assert alarm.startswith(f"growth-points: {OCTOBER} is blocked\nCritical findings: 1. ")
    assert "docs/runbook/month-blocked.md" in alarm


def test_an_alarm_links_to_its_page_in_the_runbook_where_pages_are_served() -> None:
    served = Settings(language="ko", pages_url="https://points.example/desk/")
    for alarm in (each for each in ALARMS if each.subject and not each.news):
        made = _automation(alarm, uuid4(), served)
        page = f"https://points.example/desk/docs/runbook/ko/{alarm.name}.md"
        assert made.description.endswith(page)
        assert str(getattr(made.actions[0], "body", "")).endswith(page)


def test_applying_the_alarms_again_changes_nothing(server: str) -> None:
    apply_alarms()
    before = _automations()

    again = apply_alarms()

    assert (again.created, again.updated, again.removed) == ((), (), ())
    assert _automations() == before
    assert sorted(before) == sorted(
        f"growth-points {alarm.name}" for alarm in ALARMS if alarm.news is None
    )


def test_an_alarm_that_was_changed_is_put_right_and_one_switched_off_stays_off(
    server: str,
) -> None:
    apply_alarms()
    with get_client(sync_client=True) as client:
        changed, off, *_ = client.read_automations()
        client.update_automation(changed.id, _copy(changed, description="?"))
        client.pause_automation(off.id)

    applied = apply_alarms()

    assert applied.updated == (changed.name,)
    assert applied.created == applied.removed == ()
    with get_client(sync_client=True) as client:
        assert not client.read_automation(off.id).enabled  # type: ignore[union-attr]
        client.resume_automation(off.id)


def test_an_alarm_of_an_earlier_version_goes_and_others_automations_stay(server: str) -> None:
    apply_alarms()
    with get_client(sync_client=True) as client:
        one = client.read_automations()[0]
        for name in ("growth-points run-forgotten", "somebody's own"):
            client.create_automation(_copy(one, name=name))

    applied = apply_alarms()

    assert applied.removed == ("growth-points run-forgotten",)
    assert "somebody's own" in _automations()
    with get_client(sync_client=True) as client:
        client.delete_automation(client.read_automations_by_name("somebody's own")[0].id)


def test_a_run_that_dies_is_marked_within_two_minutes() -> None:
    silent = next(alarm for alarm in ALARMS if alarm.crashes)

    assert isinstance(silent.trigger, EventTrigger)
    assert silent.trigger.within.total_seconds() + 30 <= 120  # the server looks every few seconds


def test_a_server_that_balks_at_the_alarms_keeps_nobody_from_working(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gone = {settings.PREFECT_API_URL: "http://127.0.0.1:1/api"}
    with settings.temporary_settings(gone):
        apply_alarms_if_possible()

    assert "growth-points alarms" in caplog.text


@pytest.mark.slow
def test_a_run_that_dies_before_any_sign_of_life_is_marked_as_crashed_within_two_minutes(
    server: str,
) -> None:
    apply_alarms()
    with get_client(sync_client=True) as client:
        of_a_command = client.create_flow_run(a_flow, state=Running()).id
        deployment = client.create_deployment(client.create_flow(a_flow), "a-flow")
        run = client.create_flow_run_from_deployment(deployment)
        client.set_flow_run_state(run.id, Running(), force=True)

        ended = eventually(lambda: _ended(client.read_flow_run(run.id).state), seconds=120)
        assert not _ended(client.read_flow_run(of_a_command).state)  # whoever gave it watches it

    assert ended is not None
    assert (ended.name, ended.type) == ("Crashed", StateType.CRASHED)
    assert "no heartbeat" in (ended.message or "")


def _ended(state: State | None) -> State | None:
    return state if state is not None and state.is_final() else None


def test_a_form_is_linked_filled_in_where_the_server_has_it(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui_links, "server_is_temporary", lambda: False)
    with get_client(sync_client=True) as client:
        flow_id = client.create_flow_from_name("approve-payout")
        made = client.create_deployment(flow_id, "approve-payout")

    found = ui_links.form_address("approve-payout/approve-payout", {"month": OCTOBER, "points": 1})

    assert found is not None
    where, _, filled_in = found.partition("?parameters=")
    assert where == f"http://127.0.0.1:4200/v2/deployments/deployment/{made}/run"
    assert json.loads(unquote(filled_in)) == {"month": OCTOBER, "points": 1}
    assert ui_links.form_address("no-such/deployment", {}) is None


def _copy(automation: Automation, **changes: str) -> AutomationCore:
    return AutomationCore(**automation.model_dump(exclude={"id", "owner_resource"}) | changes)


def _run(marketplace: Marketplace, *words: str) -> None:
    with marketplace.started(*words) as process:
        process.communicate(timeout=PATIENCE_S)


def _months(url: str, at_least: int) -> list[Any]:
    found = events(url, "growth-points.month.")
    return found if len(found) >= at_least else []


def _automations() -> dict[str, Any]:
    with get_client(sync_client=True) as client:
        return {each.name: each.model_dump(mode="json") for each in client.read_automations()}
