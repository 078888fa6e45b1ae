"""The report of a reward day, of one that is blocked, and the sentences of both."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from adapters.ingest.staged_rewards import StagedRewards
from adapters.postgres.ledger import Posted
from domain.delivery import Period
from domain.findings import Finding
from domain.many import many
from domain.sentence import Text, Word, joined, sentence, sentences
from domain.using.allocation import Outcome
from flows.reports.blocked import blocked
from flows.reports.report import Figure, Link, Mood, NextStep, Report, Section
from flows.rewarding.pay_entries import Payment

_MEANS: Final = {
    Outcome.PAID: sentence("given to the customer"),
    Outcome.INSUFFICIENT_POINTS: sentence(
        "the store's points did not reach; tried again for some days"
    ),
    Outcome.AFTER_REFUSED_ENTRY: sentence(
        "comes after a refused entry of its event; tried again with it"
    ),
    Outcome.POINTS_EXPIRED: sentence("the store's points had expired"),
    Outcome.CANCELLED: sentence("cancelled before it was paid"),
    Outcome.RETURNED: sentence("a cancellation that returned points to its store"),
    Outcome.NOT_PAID: sentence("a cancellation of an entry that was not paid"),
}


def day_report(day: Period, payment: Payment, findings: Sequence[Finding], answer: Path) -> Report:
    """Build the report of a day that was paid."""
    refused = sum(
        payment.outcomes.get(each, 0)
        for each in (
            Outcome.INSUFFICIENT_POINTS,
            Outcome.AFTER_REFUSED_ENTRY,
            Outcome.POINTS_EXPIRED,
        )
    )
    return Report(
        period=day,
        headline=sentence(
            "Rewards of {day}: {entries}, {refused:,} refused",
            day=day,
            entries=many("new entry", payment.entries),
            refused=refused,
        ),
        mood=Mood.WARN if refused else Mood.GOOD,
        findings=tuple(findings),
        figures=tuple(_figures(payment)),
        sections=(
            Section(
                sentence("New entries"),
                (sentence("outcome"), sentence("entries"), sentence("means")),
                _outcomes(payment),
            ),
        ),
        next_step=NextStep(sentence("Send the answer to the marketplace; it has every entry.")),
        links=(Link(sentence("answer"), answer),),
        facts={
            "outcomes": {str(each): count for each, count in payment.outcomes.items()},
            "retried": payment.retried,
        },
    )


def previewed_report(day: Period, payment: Payment, findings: Sequence[Finding]) -> Report:
    """Build the report of a day that was only previewed: it has no answer."""
    report = day_report(day, payment, findings, Path())
    return replace(
        report,
        headline=sentence(
            "{headline}; this is a preview, nothing was written", headline=report.headline
        ),
        next_step=NextStep(
            sentence("Nothing was written. To pay it:"), f"growth-points pay-rewards {day}"
        ),
        links=(),
    )


def blocked_report(
    day: Period, source: str, findings: Sequence[Finding], quarantine: Path | None
) -> Report:
    """Build the report of a day that is blocked."""
    headline = sentence("The rewards of {day} are blocked: nothing was paid", day=day)
    next_step = NextStep(
        sentence("Have the sender deliver the whole day again, then pay it:"),
        f"growth-points pay-rewards {day}",
    )
    links = () if quarantine is None else (Link(sentence("refused rows"), quarantine),)
    return replace(blocked(day, headline, source, findings, next_step), links=links)


def blocked_advice(staged: StagedRewards) -> Text:
    """Say where the refused rows are, and what to do."""
    rows = sentence("The refused rows are in {file}.", file=str(staged.quarantine))
    advice = sentence(
        "Have the sender deliver the whole day again, then pay it with "
        "`growth-points pay-rewards {day}`; what was paid of it stays.",
        day=staged.day,
    )
    return joined(("" if staged.quarantine is None else rows, advice), " ")


def payment_summary(payment: Payment, *, preview: bool = False) -> Text:
    """Describe what a run paid, or would pay, in a few sentences."""
    said = joined(_told(payment), " ")
    if preview:
        return joined(
            (sentence("Nothing was written: this is a preview. What would be done:"), said), " "
        )
    return said


def _told(payment: Payment) -> Iterator[Text]:
    if payment.is_new:
        yield sentence(
            "{entries}: {outcomes}.",
            entries=many("new entry", payment.entries),
            outcomes=joined(_counted(payment), ", "),
        )
    if payment.retried:
        yield sentences(
            "{count:,} entry that had been refused is paid.",
            "{count:,} entries that had been refused are paid.",
            count=payment.retried,
        )
    if payment.paid is not None:
        yield sentences(
            "{count:,} point was given to customers.",
            "{count:,} points were given to customers.",
            count=payment.paid.points,
        )
    if payment.returned is not None:
        yield sentences(
            "{count:,} point was returned.",
            "{count:,} points were returned.",
            count=payment.returned.points,
        )
    if payment.expired is not None:
        yield sentences(
            "{count:,} point that returned had expired.",
            "{count:,} points that returned had expired.",
            count=payment.expired.points,
        )
    if not (payment.is_new or payment.retried):
        yield sentence("Nothing is new and nothing could be paid.")


def _counted(payment: Payment) -> Iterator[Text]:
    for each, count in payment.outcomes.items():
        yield sentence("{outcome} {count:,}", outcome=Word("reward outcome", each), count=count)


def _figures(payment: Payment) -> Iterator[Figure]:
    yield Figure(sentence("new entries"), f"{payment.entries:,}")
    yield Figure(sentence("paid at a later try"), f"{payment.retried:,}")
    yield Figure(sentence("points given"), _points(payment.paid))
    yield Figure(
        sentence("points returned"), _points(payment.returned), sentence("by cancellations")
    )
    if payment.expired is not None:
        after = sentence("returned after their last usable day")
        yield Figure(sentence("points expired"), _points(payment.expired), after)


def _points(posted: Posted | None) -> str:
    return f"{posted.points if posted else 0:,}"


def _outcomes(payment: Payment) -> tuple[tuple[Text, ...], ...]:
    return tuple(
        (Word("reward outcome", each), f"{payment.outcomes[each]:,}", means)
        for each, means in _MEANS.items()
        if payment.outcomes.get(each)
    )
