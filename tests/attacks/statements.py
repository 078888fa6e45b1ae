"""How attacks write: statements of the ledger with valid facts, except for those given."""

from tests.attacks.attack import Attack

_POSTING = """
  INSERT INTO growth_points.posting (key, kind, settlement_month, evaluation_id, request_hash,
                                     effective_on, actor, reason)
  VALUES ('{key}', '{kind}', {month}, {evaluation}, sha256('{key}'), '{on}', 'me', 'mine');
"""
_TRANSFER = """
  INSERT INTO growth_points.transfer (posting_no, kind, seller_id, debit_account, credit_account,
                                      points, tier, award_no, finishes)
  VALUES {rows};
"""
MINE = "(SELECT posting_no FROM growth_points.posting WHERE key = '{key}')"
NEWEST = (
    "(SELECT evaluation_id FROM growth_points.evaluation WHERE settlement_month = '{month}'"
    " ORDER BY evaluation_no DESC LIMIT 1)"
)
OCTOBER = "'2026-10-01'"
_DECIDED = ("award", "reversal")
ENTRY = "(SELECT entry_no FROM growth_points.award WHERE (seller_id, tier) = ('{seller}', {tier}))"


def key_of(kind: str, number: int = 1) -> str:
    """Return the key of an attack's posting."""
    names = {"payout": "payout/2026-10", **{each: f"{each}/2026-10/3" for each in _DECIDED}}
    return names.get(kind, f"{kind}/attack/{number}")


def posting(
    kind: str,
    *,
    key: str | None = None,
    month: str = OCTOBER,
    evaluation: str | None = None,
    on: str = "2026-11-10",
) -> str:
    """Insert a posting, by default of October's newest evaluation."""
    named = kind in {"award", "reversal", "payout"}
    decided = evaluation or NEWEST.format(month=month.strip("'"))
    return _POSTING.format(
        on=on,
        key=key or key_of(kind),
        kind=kind,
        month=month if named else "NULL",
        evaluation=decided if kind in {"award", "reversal"} else "NULL",
    )


def row(
    kind: str, seller: str = "g", points: str = "1", *, key: str | None = None, **facts: str
) -> str:
    """Write a transfer of an attack's posting as a row of VALUES."""
    ways = {
        "award": ("program_fund", "pending"),
        "payout": ("pending", "available"),
        "reversal": ("pending", "program_fund"),
        "adjustment": ("program_fund", "available"),
    }
    debit, credit = ways.get(kind, ("available", "expired"))
    values = {
        "posting_no": MINE.format(key=key or key_of(kind)),
        "kind": f"'{kind}'",
        "seller_id": f"'{seller}'",
        "debit": f"'{debit}'",
        "credit": f"'{credit}'",
        "points": points,
        "tier": "NULL",
        "award_no": "NULL",
        "finishes": "NULL",
        **facts,
    }
    return f"({', '.join(values.values())})"


def transfer(*rows: str) -> str:
    """Insert transfers in one statement."""
    return _TRANSFER.format(rows=", ".join(rows))


def by_service(name: str, sql: str, refused: str) -> Attack:
    """Make an attack that only the service's privileges allow to begin."""
    return Attack(name, sql, by={"service": refused})


def by_user(name: str, sql: str, refused: str) -> Attack:
    """Make an attack that whoever uses points may begin: the service and the stores' process."""
    return Attack(name, sql, by={"service": refused, "stores": refused})


_PAYOUT = """
  INSERT INTO growth_points.payout (settlement_month, posting_no, sellers, points, paid_on, actor)
  VALUES ({month}, {posting}, {sellers}, {points}, '{on}', 'me');
"""


def payout(of: str = MINE.format(key=key_of("payout")), **facts: object) -> str:
    """Insert a payout, by default of one store and tier 1."""
    values = {
        "month": OCTOBER,
        "posting": of,
        "sellers": 1,
        "points": 150_000,
        "on": "2026-11-10",
        **facts,
    }
    return _PAYOUT.format(**values)


AWARD = {"tier": "1", "award_no": "1"}
AWARDS_C = transfer(row("award", "c", "150000", **AWARD))


def pays_october(on: str, *, awards_c: bool = True) -> str:
    """Award c as October decided, unless told otherwise, and pay whatever it has open then."""
    open_awards = [("a", "150000", 1), ("d", "300000", 2), *([("c", "150000", 1)] * awards_c)]
    rows = [
        row("payout", seller, points, finishes=ENTRY.format(seller=seller, tier=tier))
        for seller, points, tier in open_awards
    ]
    paid = posting("payout", on=on) + transfer(*rows)
    paid += payout(sellers=len(rows), points=sum(int(each[1]) for each in open_awards), on=on)
    return posting("award") + AWARDS_C + paid if awards_c else paid
