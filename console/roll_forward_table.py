"""A roll-forward as accountants read it: an account a column, what changed it below each other."""

from collections.abc import Sequence

from console.output import echo
from console.terminal import print_section
from domain.accounting.roll_forward import OF_SELLERS, Movement
from flows.accounting.roll_forward import Period
from flows.reports.report import Section


def print_period(period: Period) -> None:
    """Print the accounts of a period, without what changed none of them, and its ledger head."""
    accounts = [period.accounts[name] for name in OF_SELLERS]
    changes = {each: [rolled.changes[each] for rolled in accounts] for each in Movement}
    rows = (
        _row("opening", [each.opening for each in accounts], nothing="0"),
        *(
            _row(movement, points, nothing="–")
            for movement, points in changes.items()
            if any(points)
        ),
        _row("closing", [each.closing for each in accounts], nothing="0"),
    )
    print_section(Section(period.name, ("", *map(str, OF_SELLERS)), rows))
    if period.head:
        echo(f"ledger head: {period.head.seal_no} {period.head.hash}")


def _row(name: str, points: Sequence[int], nothing: str) -> tuple[str, ...]:
    return str(name), *(f"{each:,}" if each else nothing for each in points)
