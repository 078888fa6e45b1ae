"""The events of conversions: held for long, no answer from the ad system, credits that differ."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from adapters.languages.catalog import Language, say
from adapters.postgres.using import HeldConversions
from domain.sentence import Text, sentence
from flows.prefect.events import AD_SYSTEM_SILENT, CONVERSIONS_HELD, CREDITS_DIFFER, emit_about

LONG: Final = timedelta(hours=2)  # a conversion takes seconds if the ad system answers
SILENT: Final = timedelta(minutes=10)  # three runs
_RESOURCE: Final = "growth-points.conversions"


def emit_held(held: HeldConversions, language: Language) -> None:
    """Emit an event if conversions are held for long, and one if none of them ends any more."""
    payload = {
        "conversions": held.conversions,
        "points": held.points,
        "unanswered": held.unanswered,
        "oldest_hours": held.oldest_seconds // 3_600,
    }
    if held.oldest_seconds >= LONG.total_seconds():
        emit_about(CONVERSIONS_HELD, _RESOURCE, "conversions", payload)
    if held.silent_seconds >= SILENT.total_seconds():
        said = sentence(
            "It has answered about no conversion for {minutes:,} minutes. Held: {count:,}.",
            minutes=held.silent_seconds // 60,
            count=held.conversions,
        )
        emit_silent(said, language)


def emit_silent(said: object, language: Language) -> None:
    """Emit an event that the ad system does not answer, with what it was asked in a sentence."""
    emit_about(AD_SYSTEM_SILENT, _RESOURCE, "conversions", {"message": say(said, language)})


def emit_difference(day: date, found: Sequence[Text]) -> None:
    """Emit an event that what the ad system credited on a day differs from what is recorded."""
    payload = {"day": str(day), "differences": len(found), "first": str(found[0])}
    emit_about(CREDITS_DIFFER, f"growth-points.credits.{day}", f"credits of {day}", payload)
