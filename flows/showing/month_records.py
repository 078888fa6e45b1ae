"""The long lists of a month as rows, the same for files and for the command line.

Columns are an interface. Words keep what they are words of, so that people can read them.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from adapters.ingest.quarantine import quarantined_rows
from adapters.postgres.runs import RecordedRun
from domain.cause import reason_said
from domain.decision import Decision
from domain.sentence import Word, joined
from domain.settlement import LINE_COLUMNS

Row = tuple[object, ...]

DECISIONS: Final = (
    *("settlement_month", "seller_id", "outcome", "tier", "points", "window_amount_krw"),
    *("reasons", "policy"),
)
HISTORY: Final = (
    *("run_no", "recorded_at", "action", "caused_by", "actor", "origin", "reason", "input"),
    *("revision", "evaluation", "policy", "result", "difference", "seconds"),
)
QUARANTINE: Final = (
    *("file", "row", "rules"),
    *(column.name for column in LINE_COLUMNS),
    *("payment_amount_krw_unreadable", "confirmed_on_unreadable"),
)


def decision_row(each: Decision) -> Row:
    """Return a decision as a row."""
    return (
        str(each.settlement_month),
        each.seller_id,
        Word("outcome", each.outcome),
        each.tier,
        each.points,
        each.window_amount_krw,
        joined((Word("reason", reason) for reason in each.reasons), ";"),
        each.policy,
    )


def history_row(each: RecordedRun) -> Row:
    """Return a run as a row.

    `difference` counts what was done, as `name=count` joined with `;`, or is the refusal.
    """
    return (
        each.run_no,
        each.recorded_at.isoformat(timespec="seconds"),
        Word("action", each.action),
        each.caused_by and str(each.caused_by),
        each.actor,
        each.origin,
        reason_said(each.reason),
        each.input,
        each.revision_no,
        each.evaluation_no,
        each.policy,
        Word("result", each.result),
        each.refused or ";".join(f"{name}={count}" for name, count in each.difference.items()),
        round(each.duration.total_seconds(), 1),
    )


def quarantine_rows(file: Path) -> Iterator[Row]:
    """Stream the refused rows in a quarantine file."""
    for line in quarantined_rows(file, QUARANTINE):
        yield tuple(";".join(each) if isinstance(each, list) else each for each in line)


def held_values(row: Sequence[object], between: str) -> Row:
    """Return a refused row with its values, as far as it has any, in one cell below each other."""
    place, number, rules, *values = row
    names = (name.removesuffix("_unreadable") for name in QUARANTINE[3:])
    held = (f"{name} {v}" for name, v in zip(names, values, strict=True) if v not in (None, ""))
    return (place, number, rules, between.join(held))
