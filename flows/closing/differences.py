"""What a closing changes, store by store and month by month, as rows of its report."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from domain.decision import ChangedResult, Result
from domain.ledger import Award, total_points
from domain.restatement import Restatement
from domain.sentence import Text, Word, joined, sentence
from flows.closing.evaluation import EvaluatedMonth
from flows.closing.record_closing import Closing
from flows.reports.report import Section

CHANGES: Final = (
    "settlement_month",
    "seller_id",
    "before",
    "after",
    "reasons",
    "points",
    "consequence",
)


def change_rows(closing: Closing) -> Iterator[tuple[Text | int, ...]]:
    """List each seller whose result changed, in every month of a closing.

    The columns are CHANGES; `points` is the change in points, `consequence` what is posted for it.
    """
    for month in closing.months:
        differences = _differences_by_seller(month)
        for each in month.changes:
            posted = differences.get(each.seller_id)
            yield (
                str(month.month),
                each.seller_id,
                _result(each.before),
                _result(each.after),
                _reasons(each),
                each.points,
                joined(posted) if posted else sentence("nothing to post"),
            )


def _reasons(changed: ChangedResult) -> Text:
    """Name the reasons of the newer result, or of the older one if the newer has none."""
    after = changed.after
    shown = after if after and after.reasons else changed.before
    return joined((Word("reason", each) for each in shown.reasons), ";") if shown else ""


_DIFFERENCES: Final[Mapping[str, Text]] = {
    "reverse": sentence("reversed"),
    "post": sentence("awarded"),
    "over_awarded": sentence("over-awarded, paid"),
    "under_awarded": sentence("under-awarded, not paid"),
    "held_elsewhere": sentence("held from another month"),
}

_WOULD_BE: Final[Mapping[str, Text]] = {
    "reverse": sentence("would be reversed"),
    "post": sentence("would be awarded"),
}


def _differences_by_seller(month: EvaluatedMonth) -> Mapping[str, Sequence[Text]]:
    texts: dict[str, list[Text]] = {}
    for field, name in _DIFFERENCES.items():
        for award in getattr(month.restatement, field):
            texts.setdefault(award.seller_id, []).append(
                sentence("tier {tier} {what}", tier=award.tier, what=name)
            )
    return texts


def _result(result: Result | None) -> Text:
    if result is None:
        return sentence("not decided")
    return sentence("tier {tier}", tier=result.tier) if result.tier else sentence("no award")


def paid_otherwise(closing: Closing) -> Iterator[tuple[Text, ...]]:
    """List what paid months paid in excess or lack: month, seller, what, tier, points; and sums."""
    for month in closing.months:
        for field in ("over_awarded", "under_awarded"):
            awards: Sequence[Award] = getattr(month.restatement, field)
            for each in awards:
                row = str(month.month), each.seller_id, _DIFFERENCES[field], str(each.tier)
                yield (*row, f"{each.points:,}")
            if awards:
                yield (
                    str(month.month),
                    sentence("altogether"),
                    _DIFFERENCES[field],
                    "",
                    f"{total_points(awards):,}",
                )


def what_changed(closing: Closing) -> Iterator[Section]:
    """Count by month what is posted and what is only reported; no section if nothing changed."""
    counts = {each.month: _counts(each.restatement) for each in closing.months}
    fields = [field for field in _DIFFERENCES if any(counted[field] for counted in counts.values())]
    if fields:
        rows = [
            (str(month), *(f"{counted[field]:,}" for field in fields))
            for month, counted in counts.items()
            if any(counted.values())
        ]
        preview = closing.request.preview
        title = sentence("What would change") if preview else sentence("What changed")
        names = {**_DIFFERENCES, **(_WOULD_BE if preview else {})}
        columns = (sentence("month"), *(names[field] for field in fields))
        yield Section(title, columns, tuple(rows))


def _counts(restatement: Restatement) -> Mapping[str, int]:
    return {field: len(getattr(restatement, field)) for field in _DIFFERENCES}
