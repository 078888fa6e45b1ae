"""What a closing changes, store by store and month by month, as rows of its report."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from domain.decision import Result
from domain.ledger import Award, total_points
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


def change_rows(closing: Closing) -> Iterator[tuple[object, ...]]:
    """List each seller whose result changed, in every month of a closing.

    The columns are CHANGES; `points` is the change in points, `consequence` what is posted for it.
    """
    for month in closing.months:
        differences = _differences_by_seller(month)
        for each in month.changes:
            shown = each.after if each.after and each.after.reasons else each.before
            yield (
                str(month.month),
                each.seller_id,
                _result(each.before),
                _result(each.after),
                ";".join(shown.reasons) if shown else "",
                each.points,
                "; ".join(differences.get(each.seller_id, ())) or "nothing to post",
            )


_DIFFERENCES: Final = {
    "reverse": "reversed",
    "post": "awarded",
    "over_awarded": "over-awarded, paid",
    "under_awarded": "under-awarded, not paid",
    "held_elsewhere": "held from another month",
}

_WOULD_BE: Final = {"reverse": "would be reversed", "post": "would be awarded"}


def _differences_by_seller(month: EvaluatedMonth) -> Mapping[str, Sequence[str]]:
    texts: dict[str, list[str]] = {}
    for field, name in _DIFFERENCES.items():
        for award in getattr(month.restatement, field):
            texts.setdefault(award.seller_id, []).append(f"tier {award.tier} {name}")
    return texts


def _result(result: Result | None) -> str:
    if result is None:
        return "not decided"
    return f"tier {result.tier}" if result.tier else "no award"


def paid_otherwise(closing: Closing) -> Iterator[tuple[str, ...]]:
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
                    "altogether",
                    _DIFFERENCES[field],
                    "",
                    f"{total_points(awards):,}",
                )


def what_changed(closing: Closing) -> Iterator[Section]:
    """Count by month what is posted and what is only reported; no section if nothing changed."""
    counts = {
        each.month: {field: len(getattr(each.restatement, field)) for field in _DIFFERENCES}
        for each in closing.months
    }
    fields = [field for field in _DIFFERENCES if any(counted[field] for counted in counts.values())]
    if fields:
        rows = [
            (str(month), *(f"{counted[field]:,}" for field in fields))
            for month, counted in counts.items()
            if any(counted.values())
        ]
        preview = closing.request.preview
        title = "What would change" if preview else "What changed"
        names = (_WOULD_BE.get(field) if preview else None for field in fields)
        columns = (name or _DIFFERENCES[field] for name, field in zip(names, fields, strict=True))
        yield Section(title, ("month", *columns), tuple(rows))
