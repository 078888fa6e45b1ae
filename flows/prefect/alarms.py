"""The alarms as automations on the Prefect server.

Applying the alarms again changes only what differs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ActionTypes, ChangeFlowRunState, DoNothing, SendNotification
from prefect.events.schemas.automations import AutomationCore

from adapters.languages.catalog import say
from domain.sentence import Text, joined, sentence
from flows.addresses import runbook_address
from flows.prefect.alarm_list import ALARMS, ANY_RUN, Alarm
from flows.prefect.server_errors import tolerating_server_errors
from flows.prefect.ui_links import run_address
from flows.settings import Settings

BLOCK: Final = "growth-points-alarms"  # the notification block that alarms are sent through

_PREFIX: Final = "growth-points "


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying the alarms changed; `sent` says whether a block sends them."""

    created: tuple[str, ...]
    updated: tuple[str, ...]
    removed: tuple[str, ...]
    sent: bool
    alarms: int

    def told(self) -> Text:
        """Describe it in a sentence or two."""
        counts = (
            sentence("created: {count}", count=len(self.created)) if self.created else "",
            sentence("updated: {count}", count=len(self.updated)) if self.updated else "",
            sentence("removed: {count}", count=len(self.removed)) if self.removed else "",
        )
        done = joined(counts, ", ") if any(counts) else sentence("no change")
        by_block = sentence("They are sent through the block {block}.", block=BLOCK)
        in_the_ui = sentence(
            "They are shown in the UI only: name a webhook with --webhook, or create a "
            "notification block called {block} and apply the alarms again.",
            block=BLOCK,
        )
        applied = sentence("{count} alarms: {done}.", count=self.alarms, done=done)
        return joined((applied, by_block if self.sent else in_the_ui), " ")


def apply_alarms(alarms: Sequence[Alarm] = ALARMS) -> Applied:
    """Create, update and remove the server's automations to match these alarms.

    An automation that an operator disabled stays disabled; news that nobody asks for has none.
    """
    created, updated, removed = [], [], []
    settings = Settings.read()
    asked_for = [each for each in alarms if each.news is None or each.news in settings.news]
    with get_client(sync_client=True) as client:
        block = _notification_block(client)
        made = (_automation(alarm, block, settings) for alarm in asked_for)
        wanted = {each.name: each for each in made}
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
    return Applied(
        tuple(created), tuple(updated), tuple(removed), block is not None, len(asked_for)
    )


def apply_alarms_if_possible() -> None:
    """Apply the alarms when a worker starts; log a warning if the server fails."""
    with tolerating_server_errors(
        sentence("the alarms could not be applied; use growth-points alarms")
    ):
        apply_alarms()


def save_webhook(url: str) -> None:
    """Save a notification block that posts JSON with a `text` to a webhook, as chats expect."""
    text = {"text": "{{subject}}\n{{body}}"}
    block = CustomWebhookNotificationBlock(
        name=BLOCK, url=url, json_data=text, headers=None, cookies=None
    )
    block.save(BLOCK, overwrite=True)


def _automation(alarm: Alarm, block: UUID | None, settings: Settings) -> AutomationCore:
    return AutomationCore(
        name=_PREFIX + alarm.name,
        description="" if alarm.news else _what_to_do(alarm, settings),
        trigger=alarm.trigger,
        actions=[_crash() if alarm.crashes else _notify(alarm, block, settings)],
    )


def _crash() -> ActionTypes:
    """Mark a run as crashed, which triggers the alarm for crashed runs, unless it has ended."""
    message = "The run sent no heartbeat for 90 seconds: its worker is gone."
    return ChangeFlowRunState(name="Crashed", state=StateType.CRASHED, message=message, force=False)


def _notify(alarm: Alarm, block: UUID | None, settings: Settings) -> ActionTypes:
    if block is None:
        return DoNothing()
    lines = [say(alarm.body, settings.language)]
    if alarm.trigger.match.get("prefect.resource.id") == [ANY_RUN]:
        lines.append(run_address("{{ flow_run.id }}"))
    if not alarm.news:
        lines.append(_what_to_do(alarm, settings))
    subject = f"growth-points: {say(alarm.subject, settings.language)}"
    return SendNotification(block_document_id=block, subject=subject, body="\n".join(lines))


def _what_to_do(alarm: Alarm, settings: Settings) -> str:
    page = runbook_address(settings, alarm.page(settings.language))
    return say(sentence("What to do: {page}", page=page), settings.language)


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
