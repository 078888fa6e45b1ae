"""What a line of a statement is about, for people; programs read its reference."""

from adapters.postgres.statements import StatementLine
from domain.ledger import TransferKind
from domain.sentence import Sentence, sentence


def about(line: StatementLine) -> Sentence | str:
    """Say what a line of a statement is about."""
    match line.kind:
        case TransferKind.PAYOUT:
            return sentence("settlement month {month}", month=line.reference)
        case TransferKind.CONVERSION | TransferKind.RETURN:
            return sentence("request {request_id}", request_id=line.reference)
        case TransferKind.EXPIRY:
            return sentence("usable through {day}", day=line.reference)
        case _:
            return line.reference
