"""The alarms: automations on the Prefect server, defined as code.

Each alarm is identified by its name and has a page of the same name in `docs/runbook`. Applying the
alarms again changes only what differs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Final
from uuid import UUID

from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ActionTypes, ChangeFlowRunState, DoNothing, SendNotification
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification

from flows.prefect.events import (
    AD_SYSTEM_SILENT,
    BLOCKED,
    CONVERSIONS_HELD,
    CREDITS_DIFFER,
    LATE,
    REWARDS_BLOCKED,
)
from flows.prefect.server_errors import tolerating_server_errors
from flows.prefect.ui_links import ui_address

BLOCK: Final = "growth-points-alarms"  # the notification block that alarms are sent through

_PREFIX: Final = "growth-points "
_ENDS: Final = frozenset(
    f"prefect.flow-run.{state}" for state in ("Completed", "Failed", "Crashed", "Cancelled")
)
_STARTS: Final = frozenset({"prefect.flow-run.Running", "prefect.flow-run.Cancelled"})
_RUN: Final = "{{ labels.prefect.resource.id | replace('prefect.flow-run.', '') }}"
_A_SHIFT: Final = timedelta(hours=6)  # a run every five minutes says the same
_MONTH: Final = "{{ event.payload.month }}"


@dataclass(frozen=True, slots=True)
class Alarm:
    """A trigger and the message that it sends.

    One that `crashes` marks the run as crashed instead, which triggers the alarm for crashed runs.
    """

    name: str
    trigger: EventTrigger
    subject: str = ""
    body: str = ""
    crashes: bool = False

    @property
    def page(self) -> str:
        """The runbook page of the alarm."""
        return f"docs/runbook/{self.name}.md"


def _happens(
    event: str, resource: str, *, again_after: timedelta = timedelta(minutes=1)
) -> EventTrigger:
    return EventTrigger(
        expect={event},
        match=ResourceSpecification({"prefect.resource.id": resource}),
        for_each={"prefect.resource.id"},
        posture=Posture.Reactive,
        threshold=1,
        # A server with a busy SQLite may see an event several times; the alarm is sent once.
        within=again_after,
    )


def _is_missing(
    expect: frozenset[str],
    after: set[str],
    within: timedelta,
    related: Mapping[str, str] = MappingProxyType({}),
) -> EventTrigger:
    return EventTrigger(
        after=after,
        expect=set(expect),
        match=ResourceSpecification({"prefect.resource.id": "prefect.flow-run.*"}),
        match_related=ResourceSpecification(dict(related)),
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=within,
    )


ALARMS: Final = (
    Alarm(
        "run-failed",
        _happens("prefect.flow-run.Failed", "prefect.flow-run.*"),
        "growth-points: {{ flow_run.name }} failed",
        "{{ flow_run.state.message }}",
    ),
    Alarm(
        "run-crashed",
        _happens("prefect.flow-run.Crashed", "prefect.flow-run.*"),
        "growth-points: {{ flow_run.name }} crashed",
        "{{ flow_run.state.message }} Nothing is left half done; it can be run again at once.",
    ),
    Alarm(
        "run-late",
        _is_missing(
            _STARTS,
            {"prefect.flow-run.Late", "prefect.flow-run.Pending"},
            timedelta(minutes=10),
        ),
        "growth-points: a run does not start",
        "It was due 10 minutes ago. Is a worker up?",
    ),
    Alarm(
        "run-stuck",
        _is_missing(_ENDS, {"prefect.flow-run.Running"}, timedelta(hours=1)),
        "growth-points: a run has been going on for an hour",
        "No run of this program takes that long.",
    ),
    Alarm(
        "run-silent",
        # A heartbeat comes every 30 seconds (PREFECT_FLOWS_HEARTBEAT_FREQUENCY), but not from the
        # runs of commands, which have no deployment. A run may die before its first one.
        _is_missing(
            _ENDS | {"prefect.flow-run.heartbeat"},
            {"prefect.flow-run.Running", "prefect.flow-run.heartbeat"},
            timedelta(seconds=90),
            related={"prefect.resource.role": "deployment"},
        ),
        crashes=True,
    ),
    Alarm(
        "month-blocked",
        _happens(BLOCKED, "growth-points.month.*"),
        f"growth-points: {_MONTH} is blocked",
        "{{ event.payload.critical }} critical findings, the first: "
        "{{ event.payload.findings[0].sentence }} Report: {{ event.payload.report }}",
    ),
    Alarm(
        "payout-late",
        _happens(LATE, "growth-points.month.*"),
        f"growth-points: {_MONTH} is not paid",
        "It was due on {{ event.payload.due_on }}, {{ event.payload.days_late }} days ago: "
        "{{ event.payload.points }} points to {{ event.payload.sellers }} sellers.",
    ),
    Alarm(
        "conversion-held",
        _happens(CONVERSIONS_HELD, "growth-points.conversions", again_after=_A_SHIFT),
        "growth-points: conversions are held for {{ event.payload.oldest_hours }} hours",
        "{{ event.payload.conversions }} conversions of {{ event.payload.points }} points have not "
        "ended.",
    ),
    Alarm(
        "ad-system-silent",
        _happens(AD_SYSTEM_SILENT, "growth-points.conversions", again_after=_A_SHIFT),
        "growth-points: the ad system does not answer",
        "It was asked three times or more about each of {{ event.payload.conversions }} held "
        "conversions.",
    ),
    Alarm(
        "credits-differ",
        _happens(CREDITS_DIFFER, "growth-points.credits.*"),
        "growth-points: the ad system and the ledger differ about {{ event.payload.day }}",
        "{{ event.payload.differences }} differences, the first: {{ event.payload.first }}.",
    ),
    Alarm(
        "rewards-blocked",
        _happens(REWARDS_BLOCKED, "growth-points.rewards.*"),
        "growth-points: the rewards of {{ event.payload.day }} are blocked",
        "{{ event.payload.findings[0].sentence }} Report: {{ event.payload.report }}",
    ),
)


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying the alarms changed; `sent` says whether a block sends them."""

    created: tuple[str, ...]
    updated: tuple[str, ...]
    removed: tuple[str, ...]
    sent: bool

    def sentence(self) -> str:
        """Describe it in a sentence or two."""
        counts = (self.created, "created"), (self.updated, "updated"), (self.removed, "removed")
        done = ", ".join(f"{len(names)} {what}" for names, what in counts if names)
        by_block = f"They are sent through the block {BLOCK}."
        in_the_ui = (
            "They are shown in the UI only: name a webhook with --webhook, or create a "
            f"notification block called {BLOCK} and apply the alarms again."
        )
        return (
            f"{len(ALARMS)} alarms: {done or 'no change'}. {by_block if self.sent else in_the_ui}"
        )


def apply_alarms(alarms: Sequence[Alarm] = ALARMS) -> Applied:
    """Create, update and remove the server's automations to match these alarms.

    An automation that an operator disabled stays disabled.
    """
    created, updated, removed = [], [], []
    with get_client(sync_client=True) as client:
        block = _notification_block(client)
        wanted = {each.name: each for each in (_automation(alarm, block) for alarm in alarms)}
        for found in client.read_automations(limit=200):
            if not found.name.startswith(_PREFIX):
                continue
            keep = wanted.pop(found.name, None)
            if keep is None:  # from an earlier version, or a duplicate
                client.delete_automation(found.id)
                removed.append(found.name)
                continue
            keep = keep.model_copy(update={"enabled": found.enabled})
            if _definition(keep) != _definition(found):
                # An update forgets which runs are being watched, so update only if needed.
                client.update_automation(found.id, keep)
                updated.append(found.name)
        for automation in wanted.values():
            client.create_automation(automation)
            created.append(automation.name)
    return Applied(tuple(created), tuple(updated), tuple(removed), block is not None)


def apply_alarms_if_possible() -> None:
    """Apply the alarms when a worker starts; log a warning if the server fails."""
    with tolerating_server_errors("the alarms could not be applied; use growth-points alarms"):
        apply_alarms()


def save_webhook(url: str) -> None:
    """Save a notification block that posts JSON with a `text` to a webhook, as chats expect."""
    text = {"text": "{{subject}}\n{{body}}"}
    block = CustomWebhookNotificationBlock(
        name=BLOCK, url=url, json_data=text, headers=None, cookies=None
    )
    block.save(BLOCK, overwrite=True)


def _automation(alarm: Alarm, block: UUID | None) -> AutomationCore:
    return AutomationCore(
        name=_PREFIX + alarm.name,
        description=f"What to do: {alarm.page}",
        trigger=alarm.trigger,
        actions=[_crash() if alarm.crashes else _notify(alarm, block)],
    )


def _crash() -> ActionTypes:
    """Mark a run as crashed, which triggers the alarm for crashed runs, unless it has ended."""
    message = "The run sent no heartbeat for 90 seconds: its worker is gone."
    return ChangeFlowRunState(name="Crashed", state=StateType.CRASHED, message=message, force=False)


def _notify(alarm: Alarm, block: UUID | None) -> ActionTypes:
    if block is None:
        return DoNothing()
    about_a_run = "prefect.flow-run.*" in str(alarm.trigger.match)
    where = f"\n{ui_address()}/runs/flow-run/{_RUN}" if about_a_run else ""
    body = f"{alarm.body}{where}\nWhat to do: {alarm.page}"
    return SendNotification(block_document_id=block, subject=alarm.subject, body=body)


def _notification_block(client: SyncPrefectClient) -> UUID | None:
    """Find the notification block, of whichever type the operator chose."""
    for document in client.read_block_documents(limit=200, include_secrets=False):
        schema = document.block_schema
        if document.name == BLOCK and schema is not None and "notify" in schema.capabilities:
            return document.id
    return None


def _definition(automation: AutomationCore) -> dict[str, object]:
    """Return an automation's definition without its id; sets stay sets, whatever their order."""
    return AutomationCore(**automation.model_dump(exclude={"id"})).model_dump()
