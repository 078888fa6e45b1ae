"""What a closing came to, in a sentence: the message of its run."""

from domain.ledger import total_points
from domain.many import many
from domain.sentence import Sentence, sentence
from flows.closing.record_closing import Closing


def closing_told(closing: Closing) -> Sentence:
    """Say what a closing awarded, or a preview would award, and when it is paid."""
    closed = closing.closed
    due_on = closing.payouts[closed.month].due_on
    facts = {
        "month": closed.month,
        "awards": many("award", len(closed.earned)),
        "points": many("point", total_points(closed.earned)),
        "due_on": due_on,
    }
    if closing.request.preview:
        return sentence(
            "Nothing was written: this is a preview. {month} would have {awards}, {points}, "
            "due on {due_on}.",
            **facts,
        )
    if not closing.changed:
        return sentence("{month} was closed before with the same input: no change.", **facts)
    if closed.paid_out:
        return sentence("{month} is closed again. It is paid, and what was paid stays.", **facts)
    if due_on <= closing.request.cause.started_at.date():
        return sentence(
            "{month} is closed: {awards}, {points}. Its payout was due on {due_on}.",
            **facts,
        )
    return sentence("{month} is closed: {awards}, {points}, to be paid on {due_on}.", **facts)
