"""The report of a reward day, of one that is blocked, and the sentences of both."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from adapters.ingest.staged_rewards import StagedRewards
from domain.delivery import Period
from domain.findings import Finding
from domain.using.allocation import Outcome
from flows.reports.report import Figure, Link, Mood, NextStep, Report, Section
from flows.rewarding.pay_entries import Payment

_MEANS: Final = {
    Outcome.PAID: "given to the customer",
    Outcome.INSUFFICIENT_POINTS: "the store's points did not reach; tried again for some days",
    Outcome.AFTER_REFUSED_ENTRY: "comes after a refused entry of its event; tried again with it",
    Outcome.POINTS_EXPIRED: "the store's points had expired",
    Outcome.CANCELLED: "cancelled before it was paid",
    Outcome.RETURNED: "a cancellation that returned points to its store",
    Outcome.NOT_PAID: "a cancellation of an entry that was not paid",
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
        headline=f"Rewards of {day}: {payment.entries:,} new entries, {refused:,} refused",
        mood=Mood.WARN if refused else Mood.GOOD,
        findings=tuple(findings),
        figures=tuple(_figures(payment)),
        sections=(Section("New entries", ("outcome", "entries", "means"), _outcomes(payment)),),
        next_step=NextStep("Send the answer to the marketplace; it has every entry."),
        links=(Link("answer", answer),),
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
        headline=f"{report.headline}; this is a preview, nothing was written",
        next_step=NextStep("Nothing was written. To pay it:", f"growth-points pay-rewards {day}"),
        links=(),
    )


def blocked_report(
    day: Period, source: str, findings: Sequence[Finding], quarantine: Path | None
) -> Report:
    """Build the report of a day that is blocked."""
    return Report(
        period=day,
        headline=f"The rewards of {day} are blocked: nothing was paid",
        mood=Mood.BAD,
        findings=tuple(findings),
        figures=(),
        sections=(Section("The delivery", ("", ""), (("delivery", source),)),),
        next_step=NextStep(
            "Have the sender deliver the whole day again, then pay it:",
            f"growth-points pay-rewards {day}",
        ),
        links=() if quarantine is None else (Link("refused rows", quarantine),),
    )


def blocked_advice(staged: StagedRewards) -> str:
    """Say where the refused rows are, and what to do."""
    rows = "" if staged.quarantine is None else f"The refused rows are in {staged.quarantine}. "
    return (
        f"{rows}Have the sender deliver the whole day again, then pay it with "
        f"`growth-points pay-rewards {staged.day}`; what was paid of it stays."
    )


def payment_summary(payment: Payment, *, preview: bool = False) -> str:
    """Describe what a run paid, or would pay, in a few sentences."""
    return " ".join(_sentences(payment, preview))


def _sentences(payment: Payment, preview: bool) -> Iterator[str]:
    are, were = ("would be", "would be") if preview else ("are", "were")
    if preview:
        yield "Nothing was written: this is a preview."
    if payment.is_new:
        told = (f"{count:,} {each}" for each, count in payment.outcomes.items())
        yield f"{payment.entries:,} new entries: {', '.join(told)}."
    if payment.retried:
        yield f"{payment.retried:,} entries that had been refused {are} paid."
    for posted, what in ((payment.paid, "given to customers"), (payment.returned, "returned")):
        if posted is not None:
            yield f"{posted.points:,} points {were} {what}."
    if payment.expired is not None:
        yield f"{payment.expired.points:,} points that returned had expired."
    if not (payment.is_new or payment.retried):
        yield "Nothing is new and nothing could be paid."


def _figures(payment: Payment) -> Iterator[Figure]:
    paid, returned, expired = payment.paid, payment.returned, payment.expired
    yield Figure("new entries", f"{payment.entries:,}")
    yield Figure("paid at a later try", f"{payment.retried:,}")
    yield Figure("points given", f"{paid.points if paid else 0:,}")
    yield Figure("points returned", f"{returned.points if returned else 0:,}", "by cancellations")
    if expired is not None:
        yield Figure(
            "points expired", f"{expired.points:,}", "returned after their last usable day"
        )


def _outcomes(payment: Payment) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (str(each), f"{payment.outcomes[each]:,}", means)
        for each, means in _MEANS.items()
        if payment.outcomes.get(each)
    )
