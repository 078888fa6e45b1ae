"""The report of a period whose delivery is refused."""

from collections.abc import Sequence

from domain.delivery import Period
from domain.findings import Finding
from domain.sentence import Text, sentence
from flows.reports.report import Mood, NextStep, Report, Section


def blocked(
    period: Period, headline: Text, source: str, findings: Sequence[Finding], next_step: NextStep
) -> Report:
    """Build a report without figures: what was found, and where the delivery is."""
    delivery = Section(sentence("The delivery"), ("", ""), ((sentence("delivery"), source),))
    return Report(
        period=period,
        headline=headline,
        mood=Mood.BAD,
        findings=tuple(findings),
        figures=(),
        sections=(delivery,),
        next_step=next_step,
    )
