"""A roll-forward as accountants read it: an account a column, what changed it below each other."""

from collections.abc import Sequence

from console.output import echo
from console.terminal import print_section
from domain.accounting.roll_forward import OF_SELLERS, Movement
from domain.sentence import Text, Word, sentence
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
    print_section(
        Section(period.name, ("", *(Word("account", str(each)) for each in OF_SELLERS)), rows)
    )
    if period.head:
        head = period.head
        echo(sentence("ledger head: {number} {hash}", number=head.seal_no, hash=head.hash))


def _row(name: str, points: Sequence[int], nothing: str) -> tuple[Text, ...]:
    return Word("movement", str(name)), *(f"{each:,}" if each else nothing for each in points)
