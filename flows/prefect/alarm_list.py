"""The alarms, each with its trigger and what it says.

Each alarm is identified by its name and has a page of the same name in `docs/runbook`.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification

from adapters.languages.catalog import ENGLISH, Language
from domain.sentence import Sentence, sentence
from flows.prefect.endings import REFUSED as REFUSED_STATE
from flows.prefect.events import (
    AD_SYSTEM_SILENT,
    BLOCKED,
    CLOSED,
    CONVERSIONS_HELD,
    CREDITS_DIFFER,
    LATE,
    PAID,
    REFUSED,
    REWARDS_BLOCKED,
    STUCK,
    UNAPPROVED,
    UNCLOSED,
    WAITING,
)

_ENDS: Final = frozenset(
    f"prefect.flow-run.{state}"
    for state in ("Completed", "Failed", "Crashed", "Cancelled", "TimedOut", REFUSED_STATE)
)
_AT_ONCE: Final = timedelta(minutes=1)
_HEARTBEAT: Final = "prefect.flow-run.heartbeat"
_A_SHIFT: Final = timedelta(hours=6)  # a run every five minutes says the same
_A_DAY: Final = timedelta(days=1)
ANY_RUN: Final = "prefect.flow-run.*"


def _said(name: str) -> str:
    """Have the server put in a fact of the event."""
    return f"{{{{ event.payload.{name} }}}}"


def _counted(name: str) -> str:
    """Have the server put in a number of the event."""
    return f"{{{{ '{{:,}}'.format(event.payload.{name}) }}}}"


_RUN: Final = {"run": "{{ flow_run.name }}", "message": "{{ flow_run.state.message }}"}
_MONTH: Final = _said("month")
_POINTS: Final = {"points": _counted("points"), "sellers": _counted("sellers")}
_APPROVE: Final = sentence(
    "It is due on {due_on}. Points: {points}, sellers: {sellers}. Approve it: {form}",
    due_on=_said("due_on"),
    form=_said("form"),
    **_POINTS,
)


@dataclass(frozen=True, slots=True)
class Alarm:
    """A trigger and the message that it sends, a subject and a body.

    One that `crashes` marks the run as crashed instead, which triggers the alarm for crashed runs.
    One that is `news` is no trouble: it is sent only where the setting asks for it.
    """

    name: str
    trigger: EventTrigger
    subject: Sentence | None = None
    body: Sentence | None = None
    crashes: bool = False
    news: str | None = None

    def page(self, language: Language = ENGLISH) -> str:
        """Return the runbook page of the alarm in a language."""
        folder = "" if language == ENGLISH else f"{language}/"
        return f"docs/runbook/{folder}{self.name}.md"


def _happens(
    event: str,
    resource: str,
    *,
    again_after: timedelta = _AT_ONCE,
    told_apart_by: str | None = "prefect.resource.id",
) -> EventTrigger:
    """Fire when an event comes, and after that not again for a while for the same resource."""
    return EventTrigger(
        expect={event},
        match=ResourceSpecification({"prefect.resource.id": resource}),
        for_each={told_apart_by} if told_apart_by else set(),
        posture=Posture.Reactive,
        threshold=1,
        # A server with a busy SQLite may see an event several times; the alarm is sent once.
        within=again_after,
    )


def _falls_silent(after: set[str], within: timedelta) -> EventTrigger:
    """Fire when a run of a deployment neither ends nor gives a sign of life.

    The server may miss the end of a run (PrefectHQ/prefect#21932), so this is for actions that do
    nothing to a run that has ended, never for messages.
    """
    return EventTrigger(
        after=after | {_HEARTBEAT},
        expect={*_ENDS, _HEARTBEAT},
        match=ResourceSpecification({"prefect.resource.id": ANY_RUN}),
        match_related=ResourceSpecification({"prefect.resource.role": "deployment"}),
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=within,
    )


ALARMS: Final = (
    Alarm(
        "run-failed",
        # A run by a schedule that fails again says so again after a shift, whatever its number.
        _happens(
            "prefect.flow-run.Failed",
            ANY_RUN,
            again_after=_A_SHIFT,
            told_apart_by="prefect.resource.name",
        ),
        sentence("{run} failed", **_RUN),
        sentence("{message}", **_RUN),
    ),
    Alarm(
        "run-crashed",
        _happens("prefect.flow-run.Crashed", ANY_RUN),
        sentence("{run} crashed", **_RUN),
        sentence("{message} Nothing is left half done; it can be run again at once.", **_RUN),
    ),
    Alarm(
        "run-late",
        # The server itself says so, once a run is late by PREFECT_SERVER_SERVICES_LATE_RUNS_AFTER_
        # SECONDS. That no worker is up is one fact, however many runs wait for it.
        _happens(
            "prefect.flow-run.Late", ANY_RUN, again_after=timedelta(hours=1), told_apart_by=None
        ),
        sentence("runs do not start"),
        sentence("{run} was due 10 minutes ago. Is a worker up?", **_RUN),
    ),
    Alarm(
        "run-stuck",
        _happens(STUCK, "growth-points.run.*", again_after=_A_DAY),
        sentence("{run} hangs", run=_said("run")),
        sentence(
            "It has been {state} since {since} in Seoul; no run of this program takes that long. "
            "{address}",
            state=_said("state"),
            since=_said("since"),
            address=_said("address"),
        ),
    ),
    Alarm(
        "run-silent",
        # A heartbeat comes every 30 seconds (PREFECT_FLOWS_HEARTBEAT_FREQUENCY), but not from the
        # runs of commands, which have no deployment. A run may die before its first one.
        _falls_silent({"prefect.flow-run.Running"}, timedelta(seconds=90)),
        crashes=True,
    ),
    Alarm(
        "month-blocked",
        _happens(BLOCKED, "growth-points.month.*"),
        sentence("{month} is blocked", month=_MONTH),
        sentence(
            "Critical findings: {critical}. The first one: {finding} Report: {report}",
            critical=_said("critical"),
            finding=_said("findings[0].sentence"),
            report=_said("report"),
        ),
    ),
    Alarm(
        "month-refused",
        _happens(REFUSED, "growth-points.month.*"),
        sentence("{month} was not closed", month=_MONTH),
        sentence(
            "{reason} It is tried again when its files, settings or other months' data change, and "
            "once a day.",
            reason=_said("reason"),
        ),
    ),
    Alarm(
        "month-unclosed",
        _happens(UNCLOSED, "growth-points.month.*"),
        sentence("{month} is still not closed", month=_MONTH),
        sentence(
            "What is missing: {missing} Payout date: {due_on}. Later months that wait for it: "
            "{later}.",
            missing=_said("missing"),
            due_on=_said("due_on"),
            later=_said("later"),
        ),
    ),
    Alarm(
        "approval-missing",
        _happens(UNAPPROVED, "growth-points.month.*"),
        sentence("the payout of {month} is not approved", month=_MONTH),
        _APPROVE,
    ),
    Alarm(
        "payout-late",
        _happens(LATE, "growth-points.month.*"),
        sentence("{month} is not paid", month=_MONTH),
        sentence(
            "It was due on {due_on} (days late: {days}). Points: {points}, sellers: {sellers}. "
            "{why}",
            due_on=_said("due_on"),
            days=_said("days_late"),
            why=_said("why"),
            **_POINTS,
        ),
    ),
    Alarm(
        "conversion-held",
        _happens(CONVERSIONS_HELD, "growth-points.conversions", again_after=_A_SHIFT),
        sentence("conversions have been held for {hours} hours", hours=_said("oldest_hours")),
        sentence(
            "Conversions that have not ended: {conversions}. Points: {points}.",
            conversions=_counted("conversions"),
            points=_counted("points"),
        ),
    ),
    Alarm(
        "ad-system-silent",
        _happens(AD_SYSTEM_SILENT, "growth-points.conversions", again_after=_A_SHIFT),
        sentence("the ad system does not answer"),
        sentence("{message}", message=_said("message")),
    ),
    Alarm(
        "credits-differ",
        _happens(CREDITS_DIFFER, "growth-points.credits.*"),
        sentence("the ad system and the ledger differ about {day}", day=_said("day")),
        sentence(
            "Differences: {differences}. The first one: {first}.",
            differences=_said("differences"),
            first=_said("first"),
        ),
    ),
    Alarm(
        "rewards-blocked",
        _happens(REWARDS_BLOCKED, "growth-points.rewards.*"),
        sentence("the rewards of {day} are blocked", day=_said("day")),
        sentence(
            "{finding} Report: {report}",
            finding=_said("findings[0].sentence"),
            report=_said("report"),
        ),
    ),
    Alarm(
        "month-closed",
        _happens(CLOSED, "growth-points.month.*"),
        sentence("{month} is closed", month=_MONTH),
        sentence(
            "Awards: {awards}, points: {points}, to be paid on {due_on}. Report: {report}",
            awards=_counted("awards"),
            points=_counted("points"),
            due_on=_said("due_on"),
            report=_said("report"),
        ),
        news="closed",
    ),
    Alarm(
        "payout-made",
        _happens(PAID, "growth-points.month.*"),
        sentence("{month} is paid", month=_MONTH),
        sentence(
            "Paid on {paid_on}. Points: {points}, sellers: {sellers}.",
            paid_on=_said("paid_on"),
            **_POINTS,
        ),
        news="paid",
    ),
    Alarm(
        "approval-wanted",
        _happens(WAITING, "growth-points.month.*"),
        sentence("please approve the payout of {month}", month=_MONTH),
        _APPROVE,
        news="approve",
    ),
)
