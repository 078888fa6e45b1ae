"""What is sent: each alarm once for what it is about, none for runs that have ended."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest
from prefect import State
from prefect.client.orchestration import get_client
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.states import (
    Cancelled,
    Completed,
    Crashed,
    Failed,
    Late,
    Paused,
    Pending,
    Running,
    Scheduled,
)

from adapters.languages.catalog import say
from flows.occasion import this_occasion
from flows.prefect import events as events_of_ours
from flows.prefect.alarm_list import ALARMS, Alarm
from flows.prefect.alarms import apply_alarms, save_webhook
from flows.prefect.endings import REFUSED
from flows.prefect.watch_runs import find_hanging, watch_runs
from tests.alarm_server import a_flow, forget_the_webhook, texts, webhook
from tests.clocks import move_the_machines_clock

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
MONTH = "growth-points.month.2026-10"

_SOON = timedelta(seconds=10)


@pytest.mark.slow
def test_runs_that_do_not_start_are_told_once_and_one_that_hangs_by_its_name(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with webhook() as (url, received), get_client(sync_client=True) as client:
        save_webhook(url)
        apply_alarms()
        nobody_works = client.create_deployment(client.create_flow(a_flow), "nobody-works")
        late = [
            client.create_flow_run_from_deployment(
                nobody_works, name=f"late-{number}", state=Scheduled(scheduled_time=LONG_AGO)
            )
            for number in range(3)
        ]
        [of_one] = texts(received, 1)
        stuck = client.create_flow_run(a_flow, name="stuck", state=Running())
        client.create_flow_run(a_flow, name="done", state=Completed())
        monkeypatch.setattr(events_of_ours, "server_is_temporary", lambda: False)
        assert watch_runs(return_state=True).message == "No run hangs."
        move_the_machines_clock(monkeypatch, timedelta(minutes=61))
        assert watch_runs(return_state=True).message == "stuck"
        assert watch_runs(return_state=True).message == "stuck"
        [of_the_other] = texts(received, 1)
        move_the_machines_clock(monkeypatch, timedelta(hours=25))
        watch_runs()
        ended = client.read_flow_run(stuck.id).state
        [of_its_end] = texts(received, 1)
        for run in late:
            client.delete_flow_run(run.id)
        assert received.empty()
    forget_the_webhook()

    assert of_one.startswith("growth-points: runs do not start\nlate-")
    assert any(f"/v2/runs/flow-run/{run.id}\n" in of_one for run in late)
    assert "docs/runbook/run-late.md" in of_one
    assert of_the_other.startswith("growth-points: stuck hangs\nIt has been running since 20")
    assert f"http://127.0.0.1:4200/v2/runs/flow-run/{stuck.id}\n" in of_the_other
    assert "docs/runbook/run-stuck.md" in of_the_other
    assert ended is not None
    assert ended.is_crashed()
    assert of_its_end.startswith(
        "growth-points: stuck crashed\nThe command that started it is gone."
    )


@pytest.mark.slow
def test_three_hundred_short_runs_call_nobody(server: str) -> None:
    """Runs with a sign of life that ends with them, as PrefectHQ/prefect#21932 has them."""
    with webhook() as (url, received), get_client(sync_client=True) as client:
        save_webhook(url)
        apply_alarms([_impatient(alarm) for alarm in ALARMS])
        deployment = client.create_deployment(client.create_flow(a_flow), "short")
        runs = []
        for _ in range(300):
            runs.append(client.create_flow_run_from_deployment(deployment, state=Running()).id)
            client.set_flow_run_state(runs[-1], Completed())
        _emit(server, "prefect.flow-run.heartbeat", *(f"prefect.flow-run.{run}" for run in runs))
        time.sleep(3 * _SOON.total_seconds())
        failed = client.create_flow_run(a_flow, name="last", state=Failed(message="So."))
        [told] = texts(received, 1)
        states = Counter(client.read_flow_run(run).state_name for run in runs)
        assert received.empty()
    forget_the_webhook()

    assert told.startswith("growth-points: last failed\nSo.\n")
    assert str(failed.id) in told
    assert states == {"Completed": 300}


@pytest.mark.slow
def test_alarms_of_runs_fire_for_their_own_ending_and_for_no_other(server: str) -> None:
    """A refusal with an event of its own, an end in order, a run under way: those call nobody."""
    of_nobody: tuple[State, ...] = (
        Failed(name=REFUSED),
        Completed(),
        Cancelled(),
        Running(),
        Pending(),
        Paused(),
    )
    with webhook() as (url, received), get_client(sync_client=True) as client:
        save_webhook(url)
        apply_alarms()
        for state in of_nobody:
            client.create_flow_run(a_flow, name=f"quiet-{state.name}", state=state)
        for state in (Failed(message="No."), Crashed(message="Gone."), Late()):
            for _ in range(2):
                client.create_flow_run(a_flow, name=f"loud-{state.name}", state=state)
        told = sorted(texts(received, 4))
        time.sleep(_SOON.total_seconds())
        assert received.empty()
    forget_the_webhook()

    assert [each.partition("\n")[0].removeprefix("growth-points: ") for each in told] == [
        "loud-Crashed crashed",
        "loud-Crashed crashed",
        "loud-Failed failed",  # once for its name; a crash is told of each run
        "runs do not start",  # once for all
    ]


SAMPLES: Final[Mapping[str, tuple[str, Mapping[str, Any], str]]] = {
    "run-stuck": (
        "growth-points.run.1",
        {"run": "a run", "state": "running", "since": "2026-11-01 09:00", "address": "http://x/1"},
        "a run hangs\nIt has been running since 2026-11-01 09:00 in Seoul; ",
    ),
    "month-blocked": (
        MONTH,
        {"critical": 2, "findings": [{"sentence": "No."}], "report": "http://x/2"},
        "2026-10 is blocked\nCritical findings: 2. The first one: No. Report: http://x/2\n",
    ),
    "month-refused": (MONTH, {"reason": "No."}, "2026-10 was not closed\nNo. It is tried again "),
    "month-unclosed": (
        MONTH,
        {"missing": "Nothing.", "due_on": "2026-11-10", "later": 2},
        (
            "2026-10 is still not closed\nWhat is missing: Nothing. Payout date: 2026-11-10. "
            "Later months that wait for it: 2."
        ),
    ),
    "approval-missing": (
        MONTH,
        {"due_on": "2026-11-10", "points": 1_500_000, "sellers": 1_000, "form": "http://x/3"},
        (
            "the payout of 2026-10 is not approved\nIt is due on 2026-11-10. Points: 1,500,000, "
            "sellers: 1,000. Approve it: http://x/3\n"
        ),
    ),
    "payout-late": (
        MONTH,
        {"due_on": "2026-11-10", "days_late": 3, "points": 1, "sellers": 1, "why": "It waits."},
        (
            "2026-10 is not paid\nIt was due on 2026-11-10 (days late: 3). Points: 1, sellers: 1. "
            "It waits.\n"
        ),
    ),
    "conversion-held": (
        "growth-points.conversions",
        {"conversions": 1_200, "points": 3, "oldest_hours": 4},
        (
            "conversions have been held for 4 hours\nConversions that have not ended: 1,200. "
            "Points: 3."
        ),
    ),
    "ad-system-silent": (
        "growth-points.conversions",
        {"message": "It was asked about 5."},
        "the ad system does not answer\nIt was asked about 5.\n",
    ),
    "credits-differ": (
        "growth-points.credits.2026-11-01",
        {"day": "2026-11-01", "differences": 1, "first": "one"},
        "the ad system and the ledger differ about 2026-11-01\nDifferences: 1. The first one: one.",
    ),
    "rewards-blocked": (
        "growth-points.rewards.2026-11-01",
        {"day": "2026-11-01", "findings": [{"sentence": "No."}], "report": "http://x/4"},
        "the rewards of 2026-11-01 are blocked\nNo. Report: http://x/4\n",
    ),
    "month-closed": (
        MONTH,
        {"awards": 1_000, "points": 2, "due_on": "2026-11-10", "report": "http://x/5"},
        (
            "2026-10 is closed\nAwards: 1,000, points: 2, to be paid on 2026-11-10. Report: "
            "http://x/5"
        ),
    ),
    "payout-made": (
        MONTH,
        {"points": 2, "sellers": 1, "paid_on": "2026-11-10"},
        "2026-10 is paid\nPaid on 2026-11-10. Points: 2, sellers: 1.",
    ),
    "approval-wanted": (
        MONTH,
        {"due_on": "2026-11-10", "points": 2, "sellers": 1, "form": "http://x/6"},
        "please approve the payout of 2026-10\nIt is due on 2026-11-10. Points: 2, sellers: 1. ",
    ),
}


@pytest.mark.slow
def test_each_event_is_told_once_by_its_own_alarm_and_by_no_other(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROWTH_POINTS_TELL", "closed,paid,approve")
    by_events = {alarm.name: alarm for alarm in ALARMS if alarm.name in SAMPLES}
    with webhook() as (url, received):
        save_webhook(url)
        apply_alarms()
        for name, alarm in by_events.items():
            resource, payload, _ = SAMPLES[name]
            assert isinstance(alarm.trigger, EventTrigger)
            [event] = alarm.trigger.expect
            for _ in range(2):
                _emit(server, event, resource, payload={"month": "2026-10", **payload})
        told = texts(received, len(SAMPLES))
        time.sleep(2)
        assert received.empty()
    forget_the_webhook()

    of_runs = {"run-failed", "run-crashed", "run-late", "run-silent"}
    assert SAMPLES.keys() == {alarm.name for alarm in ALARMS} - of_runs
    said = {name: f"growth-points: {text}" for name, (_, _, text) in SAMPLES.items()}
    for name, text in said.items():
        [mine] = [each for each in told if each.startswith(text)]
        assert (f"docs/runbook/{name}.md" in mine) is (by_events[name].news is None)


def test_news_is_told_only_where_it_is_asked_for_and_in_the_language_set(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROWTH_POINTS_TELL", "paid")
    monkeypatch.setenv("GROWTH_POINTS_LANGUAGE", "ko")
    with webhook() as (url, _):
        save_webhook(url)
        apply_alarms()
        with get_client(sync_client=True) as client:
            sent = {each.name: each.actions[0] for each in client.read_automations()}
        said = {name: getattr(action, "subject", None) for name, action in sent.items()}
        monkeypatch.delenv("GROWTH_POINTS_TELL")
        monkeypatch.delenv("GROWTH_POINTS_LANGUAGE")
        removed = apply_alarms().removed
    forget_the_webhook()

    assert said["growth-points payout-made"] == (
        "growth-points: {{ event.payload.month }} 정산월 지급이 완료되었습니다"
    )
    assert "growth-points month-closed" not in said
    assert removed == ("growth-points payout-made",)
    for alarm in ALARMS:
        for text in (alarm.subject, alarm.body):
            assert text is None or say(text, "ko") != str(text) or text.template == "{message}"


@pytest.mark.parametrize(
    ("state", "minutes", "hangs"),
    [
        (Running, 59, False),
        (Running, 61, True),
        (Pending, 9, False),
        (Pending, 11, True),
        (Completed, 600, False),
        (Failed, 600, False),
    ],
)
def test_a_run_hangs_if_it_goes_on_for_longer_than_any(
    server: str, state: Callable[[], State], minutes: int, hangs: bool
) -> None:
    later = this_occasion().now + timedelta(minutes=minutes)
    with get_client(sync_client=True) as client:
        run = client.create_flow_run(a_flow, state=state()).id
        found = [each.id for each in find_hanging(client, later)]
        client.delete_flow_run(run)

    assert (run in found) is hangs


def _emit(
    server: str, event: str, *resources: str, payload: Mapping[str, Any] | None = None
) -> None:
    of = {"prefect.resource.id": "prefect.deployment.1", "prefect.resource.role": "deployment"}
    told = [
        {
            "id": str(uuid4()),
            "event": event,
            "occurred": datetime.now(UTC).isoformat(),
            "resource": {"prefect.resource.id": resource},
            "related": [of],
            "payload": payload or {},
        }
        for resource in resources
    ]
    httpx.post(f"{server}/events", json=told).raise_for_status()


def _impatient(alarm: Alarm) -> Alarm:
    """Wait for the shortest time there is where the alarm waits for minutes or an hour."""
    if alarm.trigger.posture is Posture.Reactive:
        return alarm
    soon = alarm.trigger.model_copy(update={"within": _SOON})
    return replace(alarm, trigger=soon)
