"""Probes of the ledger: attempts at what must not happen to it, on a small ledger to try them."""

from datetime import date, timedelta

from sqlalchemy import Connection, Engine, text

from adapters.postgres.database import lock_program
from adapters.postgres.ledger import seal_now
from adapters.postgres.using import today
from domain.months import SettlementMonth
from tests.adapters.guards import (
    Attempt,
    Probe,
    change,
    changes,
    empty,
    put,
)
from tests.adapters.ledger_world import (
    JUNE,
    LONG_AGO,
    NOVEMBER,
    OCTOBER,
    POLICY,
    SEPTEMBER,
    adjust,
    award,
    awards_of,
    evaluate,
    pay,
    plan,
    reverse,
)

TAKING = {"debit_account": "available", "credit_account": "program_fund"}
LIMIT = POLICY.policy.adjustment_limit


def keep_a_small_ledger(engine: Engine) -> None:
    """September is paid: f has 150,000 available, and g 1,000 by adjustment; h was paid, and its
    points were clawed back; a, c, d and e were decided later and lack theirs. October's current
    evaluation decided tier 1 for a and c, tier 2 for d; a and d are pending, b and e were reversed,
    c is not posted yet. November: a and b are pending with tier 2 as well. June has no award."""
    with engine.begin() as connection:
        award(connection, awards_of("fh", month=SEPTEMBER), month=SEPTEMBER)
        plan(connection, month=SEPTEMBER)
        pay(connection, month=SEPTEMBER, on=date(2026, 10, 12))
        evaluate(connection, awards_of("acdefh", month=SEPTEMBER), month=SEPTEMBER)
        adjust(connection, "g", 1_000)
        _approve(key="adjustment/approved")(connection)
        _clawback("h")(connection)
        seal_now(connection)
    with engine.begin() as connection:
        award(connection, [*awards_of("abe"), *awards_of("d", tier=2)])
        reverse(connection, awards_of("be"))
        evaluate(connection, [*awards_of("ac"), *awards_of("d", tier=2)])
        award(connection, awards_of("ab", tier=2, month=NOVEMBER), month=NOVEMBER)
        adjust(connection, "g", -1, key="adjustment/not sealed yet")
        plan(connection)
        plan(connection, month=NOVEMBER)
    with engine.begin() as connection:
        evaluate(connection, [], month=JUNE)
        _budget(floor=-2_000_000)(connection)


# How the probes write: a posting with valid facts of its kind, except for those given.


def posting(connection: Connection, kind: str, **facts: object) -> int:
    """Insert a posting; returns its number."""
    corrects = kind in {"reversal", "adjustment"}
    decided = kind in {"award", "reversal"}
    values: dict[str, object] = {
        "key": _key(connection, kind),
        "kind": kind,
        "settlement_month": OCTOBER.first_day if decided or kind == "payout" else None,
        "evaluation_id": current(connection, OCTOBER) if decided else None,
        "request_hash": b"0" * 32,
        "effective_on": date(2026, 11, 10),
        "actor": "prober",
        "reason": "a probe" if corrects else None,
        **facts,
    }
    return put(connection, "posting", values, returning="posting_no")


def _key(connection: Connection, kind: str) -> str:
    if kind in {"award", "reversal"}:
        query = """
          SELECT concat_ws('/', CAST(:kind AS text), '2026-10', max(evaluation_no))
          FROM growth_points.evaluation WHERE settlement_month = '2026-10-01'
        """
        return str(connection.execute(text(query), {"kind": kind}).scalar_one())
    return "payout/2026-10" if kind == "payout" else f"{kind}/a probe"


def line(connection: Connection, posting_no: int, kind: str, seller: str, **facts: object) -> int:
    """Insert a transfer; returns its number."""
    flows = {
        "award": ("program_fund", "pending"),
        "payout": ("pending", "available"),
        "reversal": ("pending", "program_fund"),
        "adjustment": ("program_fund", "available"),
        "conversion": ("available", "held"),
        "delivery": ("held", "search_ad_credit"),
        "return": ("held", "available"),
        "expiry": ("available", "expired"),
        "reward": ("available", "customer_reward"),
        "cancellation": ("customer_reward", "available"),
    }
    debit, credit = flows[kind]
    values: dict[str, object] = {
        "posting_no": posting_no,
        "kind": kind,
        "seller_id": seller,
        "debit_account": debit,
        "credit_account": credit,
        "points": 150_000,
        **({"tier": 1, "award_no": 1} if kind == "award" else {}),
        **facts,
    }
    return put(connection, "transfer", values, returning="entry_no")


def current(connection: Connection, month: SettlementMonth) -> int:
    """Find a month's current evaluation."""
    query = (
        "SELECT evaluation_id FROM growth_points.evaluation WHERE settlement_month = :month"
        " ORDER BY evaluation_no DESC LIMIT 1"
    )
    return int(connection.execute(text(query), {"month": month.first_day}).scalar_one())


def entry_of(connection: Connection, seller: str, tier: int = 1) -> int:
    """Find the transfer of a seller's award."""
    query = "SELECT entry_no FROM growth_points.award WHERE seller_id = :seller AND tier = :tier"
    return int(connection.execute(text(query), {"seller": seller, "tier": tier}).scalar_one())


def correct(connection: Connection, kind: str, seller: str, **facts: object) -> int:
    """Record what an adjustment corrects, that is not made yet; returns its posting's number."""
    values: dict[str, object] = {
        "kind": kind,
        "settlement_month": SEPTEMBER.first_day,
        "seller_id": seller,
        "tier": 1,
        "points": 150_000,
        "undoes": None,
        **facts,
    }
    if "posting_no" not in values:
        values["posting_no"] = posting(connection, "adjustment", key=correction_key(values))
    return put(connection, "correction", values, returning="posting_no")


def correction_key(of: dict[str, object]) -> str:
    """Spell the key of the posting of a correction."""
    kind = "award-correction" if of["kind"] == "award" else of["kind"]
    parts = (kind, of["undoes"], str(of["settlement_month"])[:7], of["tier"], of["seller_id"])
    return "/".join(str(part) for part in parts if part is not None)


def posting_of(connection: Connection, seller: str, *, clawback: bool = False) -> int:
    """Find the posting of a seller's award, or of its clawback."""
    table = "correction" if clawback else "award"
    query = f"SELECT posting_no FROM growth_points.{table} WHERE (seller_id, tier) = (:seller, 1)"  # noqa: S608 names
    return int(connection.execute(text(query), {"seller": seller}).scalar_one())


def _correct(kind: str, seller: str, **facts: object) -> Attempt:
    return lambda connection: correct(connection, kind, seller, **facts)


def _correct_under(key: str, kind: str, *, seller: str = "c", **facts: object) -> Attempt:
    """Record a correction of a posting with another key than its own."""
    return lambda connection: correct(
        connection, kind, seller, posting_no=posting(connection, "adjustment", key=key), **facts
    )


def _approve(**facts: object) -> Attempt:
    """Approve an adjustment beyond the limit, that of the probes unless another is given."""
    values: dict[str, object] = {
        "key": "adjustment/a probe",
        "seller_id": "g",
        "points": LIMIT + 1,
        "actor": "approver",
        "reason": "seen",
        **facts,
    }
    return lambda connection: put(connection, "adjustment_approval", values, returning="key")


def _limit_adjustments(points: int) -> Attempt:
    """Close a later month by a policy with another limit."""

    def attempt(connection: Connection) -> None:
        evaluate(connection, [], month=NOVEMBER + 1)
        given = "UPDATE growth_points.policy SET adjustment_limit = :points"
        connection.execute(text("ALTER TABLE growth_points.policy DISABLE TRIGGER append_only"))
        connection.execute(text(given), {"points": points})

    return attempt


def _award_correction(seller: str, *, to: str = "", **transferred: object) -> Attempt:
    def attempt(connection: Connection) -> None:
        made = correct(connection, "award", seller)
        line(connection, made, "adjustment", to or seller, **transferred)

    return attempt


def _undo(
    kind: str, of: str, *, seller: str = "", clawback: bool = False, **facts: object
) -> Attempt:
    """Record that the posting of an award, or of its clawback, is undone."""
    return lambda connection: correct(
        connection,
        kind,
        seller or of,
        undoes=posting_of(connection, of, clawback=clawback),
        **facts,
    )


def _clawback(seller: str) -> Attempt:
    def attempt(connection: Connection) -> None:
        undoes = posting_of(connection, seller)
        made = correct(connection, "clawback", seller, undoes=undoes)
        line(connection, made, "adjustment", seller, **TAKING)

    return attempt


def _reinstate(seller: str) -> Attempt:
    def attempt(connection: Connection) -> None:
        undoes = posting_of(connection, seller, clawback=True)
        made = correct(connection, "reinstatement", seller, undoes=undoes)
        line(connection, made, "adjustment", seller)

    return attempt


def _limit_september(above_points: int, month: SettlementMonth = SEPTEMBER) -> Attempt:
    """Record that more points of September, or of another month, need an approval."""
    values = {"settlement_month": month.first_day, "above_points": above_points}
    return lambda connection: put(connection, "approval_rule", values, returning="above_points")


def _approve_award_correction(**facts: object) -> Attempt:
    """Approve September's award correction of c, or something near to it."""
    key = "award-correction/2026-09/1/c"
    return _approve(**{"key": key, "seller_id": "c", "points": 150_000, **facts})


def _pay_c_by_an_approved_adjustment(connection: Connection) -> None:
    """Give c as many points as September lacks by an adjustment that was approved."""
    _approve(seller_id="c", points=150_000)(connection)
    number = posting(connection, "adjustment")
    line(connection, number, "adjustment", "c", points=150_000)


def correct_june(connection: Connection) -> None:
    """Pay June, and give a store what it turns out to lack: as many points as need no approval."""
    pay_nothing_of_june(connection)
    evaluate(connection, awards_of("w", month=JUNE), month=JUNE)
    _limit_september(150_000, month=JUNE)(connection)
    made = correct(connection, "award", "w", settlement_month=JUNE.first_day)
    line(connection, made, "adjustment", "w")


def correct_september(connection: Connection) -> None:
    """Give c, d and e what they lack of September, and h's back: 750,000 with the payout, as many
    as need no approval. Then, where each needs one, take f's, which does not, and give it back.

    The same tier of e was reversed in October, and d has another one.
    """
    _limit_september(750_000)(connection)
    for seller in "cde":
        _award_correction(seller)(connection)
    for attempt in (_reinstate("h"), _limit_september(-1), _clawback("f")):
        attempt(connection)
    undoes = posting_of(connection, "f", clawback=True)
    key = f"reinstatement/{undoes}/2026-09/1/f"
    _approve(key=key, seller_id="f", points=150_000)(connection)
    _reinstate("f")(connection)


def _correct_twice(connection: Connection) -> None:
    made = correct(connection, "award", "c")
    undoes = posting_of(connection, "f")
    correct(connection, "clawback", "f", undoes=undoes, posting_no=made)


def _correct_what_moved(connection: Connection) -> None:
    made = posting(connection, "adjustment")
    line(connection, made, "adjustment", "c")
    correct(connection, "award", "c", posting_no=made)


def _move_twice(connection: Connection) -> None:
    made = correct(connection, "award", "c")
    for _ in range(2):
        line(connection, made, "adjustment", "c")


def _move_at_once(*sellers: str) -> Attempt:
    """Adjust by several transfers in one statement."""

    def attempt(connection: Connection) -> None:
        number = posting(connection, "adjustment")
        moves = text("""
          INSERT INTO growth_points.transfer
            (posting_no, kind, seller_id, debit_account, credit_account, points)
          SELECT :number, 'adjustment', seller, 'program_fund', 'available', 1
          FROM unnest(CAST(:sellers AS text[])) seller
        """)
        connection.execute(moves, {"number": number, "sellers": list(sellers)})

    return attempt


def _move_for_two_postings(connection: Connection) -> None:
    """Adjust two stores for two postings in one statement."""
    for key in ("adjustment/one", "adjustment/two"):
        posting(connection, "adjustment", key=key)
    moves = text("""
      INSERT INTO growth_points.transfer
        (posting_no, kind, seller_id, debit_account, credit_account, points)
      SELECT posting_no, 'adjustment', 'g', 'program_fund', 'available', 1
      FROM growth_points.posting WHERE key IN ('adjustment/one', 'adjustment/two')
    """)
    connection.execute(moves)


def _move_in_two_kinds(connection: Connection) -> None:
    """Adjust and award for one posting in one statement."""
    number = posting(connection, "adjustment")
    moves = text("""
      INSERT INTO growth_points.transfer
        (posting_no, kind, seller_id, debit_account, credit_account, points, tier, award_no)
      VALUES (:number, 'adjustment', 'g', 'program_fund', 'available', 1, NULL, NULL),
             (:number, 'award', 'c', 'program_fund', 'pending', 1, 1, 1)
    """)
    connection.execute(moves, {"number": number})


def _move_both_ways_at_once(connection: Connection) -> None:
    """Adjust up and down in one statement, which leaves no store the program's points."""
    number = posting(connection, "adjustment")
    moves = text("""
      INSERT INTO growth_points.transfer
        (posting_no, kind, seller_id, debit_account, credit_account, points)
      VALUES (:number, 'adjustment', 'g', 'program_fund', 'available', 2),
             (:number, 'adjustment', 'g', 'available', 'program_fund', 1)
    """)
    connection.execute(moves, {"number": number})
    none_or_error = """
      SELECT 1 / (count(*) = 0)::integer FROM growth_points.balance
      JOIN growth_points.account USING (account) WHERE holder = 'program'
    """
    connection.execute(text(none_or_error))


def then(*attempts: Attempt) -> Attempt:
    """Make several attempts one after the other."""

    def attempt(connection: Connection) -> None:
        for each in attempts:
            each(connection)

    return attempt


def give(seller: str = "c", **facts: object) -> Attempt:
    """Post an award of October, by default the one that was decided and not posted."""
    return lambda connection: line(
        connection, posting(connection, "award"), "award", seller, **facts
    )


def _finish(kind: str, seller: str, *, of: str, tier: int = 1, **facts: object) -> Attempt:
    return lambda connection: line(
        connection,
        posting(connection, kind),
        kind,
        seller,
        finishes=entry_of(connection, of, tier),
        **facts,
    )


def _move(kind: str, seller: str, points: int, **facts: object) -> Attempt:
    return lambda connection: line(
        connection, posting(connection, kind), kind, seller, points=points, **facts
    )


def _posting(kind: str, **facts: object) -> Attempt:
    return lambda connection: posting(connection, kind, **facts)


def _payout(**facts: object) -> Attempt:
    values: dict[str, object] = {
        "settlement_month": JUNE.first_day,
        "posting_no": None,
        "sellers": 0,
        "points": 0,
        "paid_on": date(2026, 12, 10),
        "actor": "prober",
        **facts,
    }

    def attempt(connection: Connection) -> object:
        plan(connection, month=JUNE)
        put(connection, "payout", values, returning="actor")
        return values["settlement_month"]

    return attempt


def _finish_a_reversal(connection: Connection) -> None:
    """Reverse what reversed b's award."""
    number = posting(connection, "reversal")
    finishes = connection.scalar(
        text("SELECT entry_no FROM growth_points.transfer WHERE kind = 'reversal' LIMIT 1")
    )
    line(connection, number, "reversal", "b", finishes=finishes)


def _decide_in_november(connection: Connection) -> None:
    evaluate(connection, awards_of("z", month=NOVEMBER), month=NOVEMBER)


def _award_once_paid(connection: Connection) -> None:
    number = posting(connection, "award")
    pay_october(leave="c")(connection)
    line(connection, number, "award", "c")


def _award_once_decided_again(connection: Connection) -> None:
    number = posting(connection, "award")
    evaluate(connection, [*awards_of("ac"), *awards_of("d", tier=2)])
    line(connection, number, "award", "c")


def _finish_twice(connection: Connection) -> None:
    number = posting(connection, "reversal")
    for _ in range(2):
        line(connection, number, "reversal", "a", finishes=entry_of(connection, "a"))


def _add_to_committed(key: str) -> Attempt:
    def attempt(connection: Connection) -> None:
        found = text("SELECT posting_no FROM growth_points.posting WHERE key = :key")
        number = connection.execute(found, {"key": key}).scalar_one()
        line(connection, number, "adjustment", "g", points=1)

    return attempt


def _add_after_the_seal(connection: Connection) -> None:
    number = posting(connection, "adjustment")
    line(connection, number, "adjustment", "g", points=1)
    connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    line(connection, number, "adjustment", "g", points=1)


def pay_nothing_of_june(connection: Connection) -> None:
    """Pay a month that has no award and needs no approval."""
    _payout()(connection)


def pay_october(*, leave: str = "", **facts: object) -> Attempt:
    """Award c, then pay what is pending of October, less `leave`; c is not awarded if it is left.

    The payout says what its posting paid, except for the facts that are given.
    """
    awards = [("a", 1, 150_000), ("c", 1, 150_000), ("d", 2, 300_000)]
    paid = [each for each in awards if each[0] != leave]

    def attempt(connection: Connection) -> None:
        if leave != "c" and not _is_awarded(connection, "c"):
            give("c")(connection)
        number = posting(connection, "payout")
        for seller, tier, amount in paid:
            entry = entry_of(connection, seller, tier)
            line(connection, number, "payout", seller, points=amount, finishes=entry)
        said: dict[str, object] = {
            "settlement_month": OCTOBER.first_day,
            "posting_no": number,
            "sellers": len(paid),
            "points": sum(each[2] for each in paid),
            "paid_on": date(2026, 11, 10),
        }
        _payout(**{**said, **facts})(connection)

    return attempt


def _is_awarded(connection: Connection, seller: str) -> bool:
    found = text("SELECT count(*) > 0 FROM growth_points.award WHERE seller_id = :seller")
    return bool(connection.scalar(found, {"seller": seller}))


def _pay_by_another_months_posting(connection: Connection) -> None:
    """Let a payout of June name the posting that pays October whole."""
    pay_october()(connection)
    number = connection.scalar(text("SELECT max(posting_no) FROM growth_points.posting"))
    said = {"settlement_month": JUNE.first_day, "posting_no": number, "sellers": 3}
    more = {"points": 600_000, "paid_on": date(2026, 11, 10), "actor": "prober"}
    put(connection, "payout", {**said, **more}, returning="actor")


def _pay_by_an_adjustment(connection: Connection) -> None:
    """Let October's payout name an adjustment, while another posting pays October whole."""
    number = posting(connection, "adjustment")
    line(connection, number, "adjustment", "g", points=1_000)
    pay_october(posting_no=number, sellers=1, points=1_000)(connection)


def _pay_nothing(month: SettlementMonth) -> Attempt:
    return lambda connection: put(
        connection,
        "payout",
        {
            "settlement_month": month.first_day,
            "sellers": 0,
            "points": 0,
            "paid_on": date(2026, 12, 10),
            "actor": "prober",
        },
        returning="actor",
    )


def _withdraw_a(connection: Connection) -> None:
    """Decide October again without a, and reverse nothing."""
    again = evaluate(connection, [*awards_of("c"), *awards_of("d", tier=2)], stores="a")
    decided: dict[str, object] = {
        "evaluation_id": again.evaluation_id,
        "seller_id": "a",
        "outcome": "not_eligible",
        "points": 0,
        "window_amount_krw": 1,
        "reasons": ["uses_api"],
    }
    put(connection, "decision", decided, returning="seller_id")


def _reverse_all_and_pay_nothing(connection: Connection) -> None:
    number = posting(connection, "reversal")
    for seller, tier, amount in (("a", 1, 150_000), ("d", 2, 300_000)):
        entry = entry_of(connection, seller, tier)
        line(connection, number, "reversal", seller, points=amount, finishes=entry)
    _pay_nothing(OCTOBER)(connection)


def _pay_by_a_reversal(connection: Connection) -> None:
    number = posting(connection, "reversal")
    for seller, tier, amount in (("a", 1, 150_000), ("d", 2, 300_000)):
        entry = entry_of(connection, seller, tier)
        line(connection, number, "reversal", seller, points=amount, finishes=entry)
    _payout(
        settlement_month=OCTOBER.first_day,
        posting_no=number,
        sellers=2,
        points=450_000,
        paid_on=date(2026, 11, 10),
    )(connection)


def _pay_without_a_payout(connection: Connection) -> None:
    number = posting(connection, "payout")
    line(connection, number, "payout", "a", finishes=entry_of(connection, "a"))


def then_meet_another(attempt: Attempt) -> Attempt:
    """Do something of which only one may be under way, then let another connection try to."""

    def meet(connection: Connection) -> None:
        attempt(connection)
        with connection.engine.connect() as another:
            another.execute(text("SET lock_timeout = '100ms'"))
            lock_program(another)

    return meet


def seal_by_hand(**facts: object) -> Attempt:
    values: dict[str, object] = {
        "seal_no": 1_000,
        "subject": "probe",
        "subject_key": "1",
        "content_hash": b"",
        "sealed_at": date(2026, 11, 10),
        "hash": b"",
        **facts,
    }
    return lambda connection: put(connection, "seal", values, returning="seal_no")


def _hold(**facts: object) -> Attempt:
    values = {"seal_no": 1_000, "account": "expired", "points": 0, "floor": 0, **facts}
    return lambda connection: put(connection, "seal_balance", values, returning="seal_no")


def _account(**facts: object) -> Attempt:
    values = {"account": "probe", "holder": "seller", **facts}
    return lambda connection: put(connection, "account", values, returning="holder")


def _flow(**facts: object) -> Attempt:
    values = {"kind": "gift", "debit_account": "program_fund", "credit_account": "pending", **facts}
    return lambda connection: put(connection, "flow", values, returning="kind")


def note_by_hand(**facts: object) -> Attempt:
    values: dict[str, object] = {
        "subject": "probe",
        "subject_key": "1",
        "content_hash": b"",
        **facts,
    }
    return lambda connection: put(connection, "unsealed", values, returning="note_no")


def _chain(*notes: str) -> Attempt:
    """Note changes of the program's accounts, and seal after each."""

    def attempt(connection: Connection) -> None:
        for number, changed in enumerate(notes):
            note_by_hand(subject_key=str(number), changes=changed)(connection)
            seal_now(connection)

    return attempt


def _borrow(function: str, table: str) -> Attempt:
    """Have a trigger of another table call a trigger's function."""
    borrows = f"""
      CREATE TABLE mine (LIKE growth_points.{table});
      CREATE TRIGGER borrows AFTER INSERT ON mine
        FOR EACH ROW EXECUTE FUNCTION growth_points.{function}();
      INSERT INTO mine SELECT * FROM growth_points.{table};
    """  # noqa: S608 names
    return change(borrows)


def _noted_twice(connection: Connection) -> None:
    for _ in range(2):
        note_by_hand()(connection)


def seal_again(attempt: Attempt, subject: str) -> Attempt:
    """Do something that is sealed, then seal it once more: the seals' key must refuse that."""

    def twice(connection: Connection) -> None:
        key = str(attempt(connection))
        seal_now(connection)
        seal_by_hand(subject=subject, subject_key=key)(connection)

    return twice


def _budget(**facts: object) -> Attempt:
    values: dict[str, object] = {"floor": None, "actor": "o", "reason": "r", **facts}
    return lambda connection: put(connection, "budget", values, returning="budget_no")


_NOTED = change("SET CONSTRAINTS ALL IMMEDIATE")


def _chain_beyond_a_new_budget(connection: Connection) -> None:
    """Set a budget of what is out, and take one point more before it is sealed."""
    out = "SELECT points FROM growth_points.program_balance WHERE account = 'program_fund'"
    _budget(floor=connection.scalar(text(out)))(connection)
    _NOTED(connection)
    _chain('{"program_fund": -1}')(connection)


BY_HAND = ("seal.made_by_the_database",)
BALANCES_BY_HAND = ("balance.moved_by_transfers",)
HELD_BY_HAND = ("seal_balance.made_by_the_database",)
TAKING = {"debit_account": "available", "credit_account": "program_fund"}

# Accounts of each holder.
LEDGER_RECORDS = (_account(), _account(holder="program"))

LEDGER_PROBES = (
    # A posting is one request, whole and attributable.
    Probe("posting.posting_pk", _posting("adjustment", posting_no=1)),
    Probe("posting.posting_key_is_used_once", _posting("adjustment", key="adjustment/1")),
    Probe("posting.posting_key_length", _posting("adjustment", key=f"adjustment/{'k' * 190}")),
    *(
        Probe("posting.posting_key_is_of_its_kind", _posting(kind, key=key))
        for kind, key in (
            ("adjustment", ""),
            ("adjustment", "payout/2026-10"),
            ("payout", "payout/2026-11"),
            ("payout", "adjustment/1"),
            ("award", "reversal/2026-10/1"),
            ("conversion", "expiry/1"),
        )
    ),
    *(
        Probe(
            "posting.is_in_time", _posting(kind, key=key), names="posting_key_is_of_its_evaluation"
        )
        for kind, key in (
            ("award", "award/2026-10/99"),
            ("award", "award/2026-12/3"),
            ("reversal", "reversal/2026-10/1"),
        )
    ),
    *(
        Probe("calendar_day.calendar_day_in_range", _posting("award", **{column: "infinity"}))
        for column in ("settlement_month", "effective_on")
    ),
    Probe(
        "calendar_month.calendar_month_is_a_first",
        _posting("payout", settlement_month=date(2026, 10, 2)),
    ),
    Probe("posting.sealed", _posting("gift"), names="posting_has_transfers"),
    Probe("posting.posting_hash_is_sha256", _posting("adjustment", request_hash=b"short")),
    Probe("posting.posting_has_an_actor", _posting("adjustment", actor="")),
    Probe("posting.posting_reason_says_something", _posting("conversion", reason="")),
    Probe("posting.posting_correction_has_a_reason", _posting("adjustment", reason=None)),
    Probe("posting.posting_correction_has_a_reason", _posting("reversal", reason=None)),
    Probe("posting.posting_names_its_month", _posting("payout", settlement_month=None)),
    Probe(
        "posting.posting_names_its_month",
        _posting("conversion", settlement_month=date(2026, 10, 1)),
    ),
    Probe("posting.posting_rests_on_an_evaluation", _posting("award", evaluation_id=None)),
    Probe("posting.posting_rests_on_an_evaluation", _posting("adjustment", evaluation_id=1)),
    Probe(
        "posting.sees_what_others_posted",
        _move("adjustment", "g", 1),
        names="READ COMMITTED",
        isolation="REPEATABLE READ",
    ),
    Probe(
        "posting.sees_what_others_posted",
        _move("adjustment", "g", 1),
        names="READ COMMITTED",
        isolation="SERIALIZABLE",
    ),
    *(
        Probe("posting.takes_turn", then_meet_another(_posting(kind)), names="lock timeout")
        for kind in ("award", "payout", "reversal")
    ),
    Probe(
        "posting.is_in_time",
        lambda connection: posting(
            connection,
            "award",
            settlement_month=SEPTEMBER.first_day,
            evaluation_id=current(connection, SEPTEMBER),
        ),
        names="posting_month_is_not_paid",
    ),
    Probe(
        "posting.is_in_time",
        lambda connection: posting(
            connection, "award", evaluation_id=current(connection, NOVEMBER)
        ),
        names="posting_evaluation_is_current",
    ),
    Probe(
        "posting.is_in_time",
        lambda connection: posting(
            connection, "award", evaluation_id=current(connection, OCTOBER) - 1
        ),
        names="posting_evaluation_is_current",
    ),
    Probe("posting.sealed", _posting("adjustment"), names="posting_has_transfers"),
    *(
        Probe("posting.sealed", attempt, names="posting_of_a_payout")
        for attempt in (
            _pay_without_a_payout,
            pay_october(posting_no=None, sellers=0, points=0),
        )
    ),
    # A transfer is one debit and one credit that the vocabulary allows, of one seller.
    Probe("transfer.transfer_pk", _move("adjustment", "g", 1, entry_no=1)),
    Probe("transfer.transfer_seller_id_length", _move("adjustment", "", 1)),
    Probe("transfer.transfer_seller_id_length", _move("adjustment", "s" * 65, 1)),
    Probe("transfer.transfer_points_positive", _move("adjustment", "g", 0)),
    Probe("transfer.transfer_points_positive", _move("adjustment", "g", -1)),
    Probe("transfer.transfer_points_at_most", _move("adjustment", "g", 10**12 + 1)),
    *(
        Probe("transfer.is_entitled", attempt, names="transfer_flow_is_allowed")
        for attempt in (
            _move("adjustment", "g", 1, credit_account="search_ad_credit"),
            _move("adjustment", "g", 1, debit_account="expired"),
        )
    ),
    # Nothing records yet what entitles a store to reward customers.
    *(
        Probe(
            "transfer.is_entitled",
            _move(kind, "g", 1, credit_account=account),
            names="transfer_flow_is_allowed",
        )
        for kind, account in (
            ("conversion", "search_ad_credit"),
            ("conversion", "customer_reward"),
            ("expiry", "customer_reward"),
        )
    ),
    Probe("account.account_pk", _account(account="pending")),
    Probe("account.account_holder_known", _account(holder="nobody")),
    Probe("flow.flow_pk", _flow(kind="award")),
    Probe("flow.flow_debit_account_fk", _flow(debit_account="nowhere")),
    Probe("flow.flow_credit_account_fk", _flow(credit_account="nowhere")),
    Probe("transfer.transfer_award_has_a_tier", give(award_no=None)),
    Probe("transfer.transfer_award_has_a_tier", _move("adjustment", "g", 1, tier=1)),
    Probe("transfer.transfer_award_no_counts_from_1", give(award_no=0)),
    Probe("transfer.transfer_names_the_award_it_finishes", _move("reversal", "a", 150_000)),
    Probe(
        "transfer.transfer_names_the_award_it_finishes",
        _move("adjustment", "g", 1, finishes=1),
        without=("transfer.is_entitled",),
    ),
    Probe("transfer.transfer_awards_a_tier_once", give("a")),
    Probe("transfer.transfer_finishes_an_award_once", _finish_twice),
    *(
        Probe("transfer.is_entitled", _add_to_committed(key), names="transfer_belongs")
        for key in ("adjustment/1", "adjustment/not sealed yet")
    ),
    *(
        Probe("transfer.is_entitled", attempt, names="transfer_belongs")
        for attempt in (_add_after_the_seal, _move_for_two_postings, _move_in_two_kinds)
    ),
    Probe(
        "transfer.is_entitled",
        lambda connection: line(connection, 10_000, "adjustment", "g", points=1),
        names="transfer_belongs",
    ),
    Probe(
        "transfer.is_entitled",
        lambda connection: line(
            connection, posting(connection, "adjustment"), "conversion", "g", points=1
        ),
        names="transfer_belongs",
    ),
    Probe(
        "transfer.is_entitled",
        _award_once_paid,
        names="transfer_month_is_not_paid",
        without=("payout.is_what_was_decided",),
    ),
    Probe(
        "transfer.is_entitled", _award_once_decided_again, names="transfer_evaluation_is_current"
    ),
    Probe("transfer.is_entitled", give("b", award_no=2), names="transfer_was_decided"),
    Probe("transfer.is_entitled", give("c", tier=2), names="transfer_was_decided"),
    Probe("transfer.is_entitled", give("c", points=150_001), names="transfer_was_decided"),
    Probe("transfer.is_entitled", give("stranger"), names="transfer_was_decided"),
    Probe("transfer.is_entitled", give("a", award_no=2), names="transfer_awards_again"),
    Probe("transfer.is_entitled", give("c", award_no=2), names="transfer_awards_again"),
    Probe(
        "transfer.is_entitled",
        then(_award_correction("c"), give("c")),
        names="transfer_gives_a_tier_once",
    ),
    *(
        Probe("posting.sealed", attempt, names="posting_is_one_adjustment")
        for attempt in (_move_twice, _move_at_once("c", "c"), _move_at_once("c", "g"))
    ),
    Probe("transfer.moves_points", _move_both_ways_at_once, names="posting_is_one_adjustment"),
    Probe(
        "transfer.moves_points",
        then_meet_another(_move_at_once("c", "g")),
        names="lock timeout",
    ),
    *(
        Probe("transfer.is_entitled", attempt, names="transfer_is_its_correction")
        for attempt in (
            _award_correction("c", points=150_001),
            _award_correction("c", to="g"),
            then(
                lambda connection: adjust(connection, "c", 150_000, key="adjustment/some points"),
                _award_correction("c", **TAKING),
            ),
        )
    ),
    # A correction is of a paid month, comes before its points, and each is undone once.
    Probe("correction.correction_pk", _correct_twice),
    Probe("correction.correction_kind_known", _correct_under("adjustment/1.1", "gift", undoes=1)),
    Probe(
        "correction.correction_of_a_paid_month",
        _correct("award", "c", settlement_month=OCTOBER.first_day),
    ),
    Probe("correction.correction_names_what_it_undoes", _correct("clawback", "f")),
    Probe("correction.correction_names_what_it_undoes", _undo("award", of="f", seller="c")),
    Probe(
        "correction.correction_undoes_once",
        lambda connection: _correct_under(
            "clawback/1", "clawback", seller="h", undoes=posting_of(connection, "h")
        )(connection),
    ),
    Probe(
        "correction.correction_awards_a_tier_once",
        then(_award_correction("c"), _correct_under("award-correction/1", "award")),
    ),
    *(
        Probe("correction.is_entitled", attempt, names="correction_has_its_key")
        for attempt in (
            _correct_under("adjustment/1.1", "award"),
            _correct_under("clawback/2026-09/1/c", "award"),
            _correct_under("award-correction/2026-08/1/c", "award"),
            _correct_under("award-correction/2026-09/2/c", "award"),
            _correct_under("award-correction/2026-09/1/d", "award"),
            _correct_under("reinstatement/1/2026-09/1/c", "clawback", undoes=1),
            _correct_under("clawback/2/2026-09/1/c", "clawback", undoes=1),
        )
    ),
    # An adjustment that corrects no month is of a store that a snapshot has, and of few points
    # unless somebody approved them.
    *(
        Probe("transfer.is_entitled", attempt, names="transfer_is_approved")
        for attempt in (
            _move("adjustment", "g", LIMIT + 1),
            _move("adjustment", "g", LIMIT + 1, **TAKING),
            then(_approve(), _move("adjustment", "g", LIMIT + 2)),
            then(_approve(), _move("adjustment", "f", LIMIT + 1)),
            then(_approve(), _move("adjustment", "g", LIMIT + 1, **TAKING)),
            then(_approve(key="adjustment/other"), _move("adjustment", "g", LIMIT + 1)),
            then(_limit_adjustments(0), _move("adjustment", "g", 1)),
        )
    ),
    Probe(
        "transfer.is_entitled", _move("adjustment", "stranger", 1), names="transfer_seller_is_known"
    ),
    # What is given is usable for a year from its date.
    Probe(
        "transfer.is_entitled",
        lambda connection: line(
            connection,
            posting(connection, "adjustment", effective_on=today(connection) + timedelta(days=1)),
            "adjustment",
            "g",
            points=1,
        ),
        names="transfer_is_not_ahead",
    ),
    Probe(
        "transfer.is_entitled",
        lambda connection: line(
            connection,
            posting(connection, "adjustment", key="clawback/1"),
            "adjustment",
            "g",
            points=1,
        ),
        names="transfer_key_is_an_adjustments",
    ),
    Probe("adjustment_approval.adjustment_approval_pk", then(_approve(), _approve(seller_id="f"))),
    Probe(
        "adjustment_approval.adjustment_approval_key_length",
        _approve(key=f"adjustment/{'k' * 190}"),
    ),
    Probe(
        "adjustment_approval.adjustment_approval_is_of_an_adjustment",
        _approve(key="payout/2026-10"),
    ),
    *(
        Probe(
            "adjustment_approval.adjustment_approval_seller_id_length", _approve(seller_id=seller)
        )
        for seller in ("", "s" * 65)
    ),
    *(
        Probe("adjustment_approval.adjustment_approval_points_at_most", _approve(points=points))
        for points in (10**12 + 1, -(10**12) - 1)
    ),
    Probe("adjustment_approval.adjustment_approval_has_an_actor", _approve(actor="")),
    Probe("adjustment_approval.adjustment_approval_has_a_reason", _approve(reason="")),
    Probe(
        "adjustment_approval.sealed",
        seal_again(_approve(), "adjustment_approval"),
        names="seal_seals_once",
        without=BY_HAND,
    ),
    Probe(
        "correction.takes_turn",
        then_meet_another(_correct("award", "c")),
        names="lock timeout",
    ),
    *(
        Probe("correction.is_entitled", attempt, names="correction_belongs")
        for attempt in (
            _correct("award", "c", posting_no=10_000),
            lambda connection: correct(
                connection, "award", "c", posting_no=posting(connection, "award")
            ),
            lambda connection: correct(
                connection, "award", "c", posting_no=posting_of(connection, "f")
            ),
            _correct_what_moved,
        )
    ),
    *(
        Probe("correction.is_approved", attempt, names="correction_is_approved")
        for attempt in (
            then(_limit_september(299_999), _award_correction("c")),
            then(_limit_september(-1), _limit_september(300_000), _award_correction("c")),
            then(_limit_september(449_999), _award_correction("d"), _award_correction("c")),
            then(_limit_september(299_999), _reinstate("h")),
            then(_limit_september(-1), _pay_c_by_an_approved_adjustment, _award_correction("c")),
            *(
                then(
                    _limit_september(-1), _approve_award_correction(**other), _award_correction("c")
                )
                for other in (
                    {"key": "award-correction/2026-09/1/d"},
                    {"seller_id": "d"},
                    {"points": 150_001},
                )
            ),
        )
    ),
    Probe("correction.is_entitled", _correct("award", "a"), names="transfer_gives_a_tier_once"),
    *(
        Probe("correction.is_entitled", attempt, names="correction_was_decided")
        for attempt in (
            _correct("award", "stranger"),
            _correct("award", "c", tier=2),
            _correct("award", "c", points=150_001),
            then(_decide_in_november, _correct("award", "z")),
        )
    ),
    *(
        Probe("correction.is_entitled", attempt, names="correction_alternates")
        for attempt in (
            _undo("reinstatement", of="f"),
            _undo("clawback", of="h", clawback=True),
            _undo("clawback", of="f", seller="g"),
            _undo("clawback", of="f", tier=2),
            _undo("clawback", of="f", points=149_999),
            _undo("reinstatement", of="h", clawback=True, seller="f"),
            _undo("reinstatement", of="h", clawback=True, points=150_001),
            _correct("reinstatement", "h", undoes=10_000),
            then(pay_october(), _undo("clawback", of="f", settlement_month=OCTOBER.first_day)),
            then(pay_october(), _undo("clawback", of="b", settlement_month=OCTOBER.first_day)),
        )
    ),
    Probe(
        "transfer.is_entitled",
        _finish("reversal", "a", of="a", points=149_999),
        names="transfer_finishes_its_award",
    ),
    Probe(
        "transfer.is_entitled",
        _finish("reversal", "d", of="a"),
        names="transfer_finishes_its_award",
    ),
    Probe(
        "transfer.is_entitled",
        _finish("reversal", "a", of="a", tier=2, points=300_000),
        names="transfer_finishes_its_award",
    ),
    Probe("transfer.is_entitled", _finish_a_reversal, names="transfer_finishes_its_award"),
    Probe(
        "transfer.moves_points",
        _move("adjustment", "g", 1_000, **TAKING),
        names="balance_not_overdrawn",
    ),
    Probe(
        "transfer.moves_points",
        _move("adjustment", "z", 1, **TAKING),
        names="balance_not_overdrawn",
    ),
    # A balance follows from its transfers and stays above its floor.
    Probe("balance.balance_not_overdrawn", _move("adjustment", "g", 1_000, **TAKING)),
    Probe(
        "balance.balance_not_overdrawn",
        change("UPDATE growth_points.balance SET points = -1 WHERE account = 'pending'"),
        without=BALANCES_BY_HAND,
    ),
    Probe(
        "balance.balance_pk",
        change("INSERT INTO growth_points.balance VALUES ('a', 'pending', 0)"),
        without=BALANCES_BY_HAND,
    ),
    Probe(
        "balance.moved_by_transfers",
        change("UPDATE growth_points.balance SET points = points + 1"),
        names="by hand is refused",
    ),
    Probe(
        "balance.moved_by_transfers",
        change("INSERT INTO growth_points.balance VALUES ('z', 'available', 1)"),
        names="by hand is refused",
    ),
    *(
        Probe("balance.stays", attempt, names="what was recorded stays")
        for attempt in (change("DELETE FROM growth_points.balance"), empty("balance"))
    ),
    Probe(
        "posting.sealed",
        then(_approve(points=2_000_000), _move("adjustment", "g", 2_000_000)),
        names="posting_stays_within_the_budget",
    ),
    Probe(
        "posting.sealed",
        then(
            _move("adjustment", "g", 700_000),
            lambda connection: line(
                connection,
                posting(connection, "adjustment", key="adjustment/another"),
                "adjustment",
                "f",
                points=700_000,
            ),
        ),
        names="posting_stays_within_the_budget",
    ),
    Probe(
        "seal_balance.seal_balance_not_below_its_floor",
        _hold(account="program_fund", points=-2_000_001, floor=-2_000_000),
        without=HELD_BY_HAND,
    ),
    # A month is paid once, when it is due, whole.
    Probe("payout.payout_pk", _payout(settlement_month=date(2026, 9, 1))),
    Probe("payout.payout_has_an_actor", _payout(actor="")),
    Probe("calendar_month.calendar_month_is_a_first", _payout(settlement_month=date(2026, 10, 2))),
    *(
        Probe("calendar_day.calendar_day_in_range", _payout(**{column: "infinity"}))
        for column in ("settlement_month", "paid_on")
    ),
    Probe(
        "payout.sees_what_others_posted",
        _payout(),
        names="READ COMMITTED",
        isolation="REPEATABLE READ",
        without=("payout_date.sees_what_others_posted",),
    ),
    Probe(
        "payout.takes_turn",
        then_meet_another(_payout()),
        names="lock timeout",
        without=("payout_date.takes_turn",),
    ),
    Probe("payout.is_due", _payout(paid_on=date(2026, 7, 9)), names="payout_is_due"),
    Probe("payout.is_due", _payout(settlement_month=date(2026, 7, 1)), names="payout_is_due"),
    Probe("payout.is_due", _payout(paid_on=date(2099, 1, 1)), names="payout_is_not_far_ahead"),
    *(
        Probe("payout.is_complete", attempt, names="payout_is_complete")
        for attempt in (
            pay_october(leave="d"),
            pay_october(sellers=4),
            pay_october(points=600_001),
            pay_october(paid_on=date(2026, 11, 11)),
            _payout(posting_no=10_000),  # of no posting
            _pay_by_another_months_posting,
            _pay_by_an_adjustment,
            _pay_by_a_reversal,
        )
    ),
    Probe(
        "payout.is_what_was_decided",
        then(lambda connection: plan(connection, month=LONG_AGO - 1), _pay_nothing(LONG_AGO - 1)),
        names="payout_is_of_a_closed_month",
    ),
    *(
        Probe("payout.is_what_was_decided", attempt, names="payout_is_what_was_decided")
        for attempt in (
            pay_october(leave="c"),
            then(_withdraw_a, pay_october()),
            _reverse_all_and_pay_nothing,
        )
    ),
    # A budget is set by the owner, with a reason, and never below what is out.
    Probe("budget.budget_pk", _budget(budget_no=1)),
    Probe(
        "budget.sees_what_others_posted",
        _budget(),
        names="READ COMMITTED",
        isolation="REPEATABLE READ",
    ),
    Probe("budget.budget_has_an_actor", _budget(actor="")),
    Probe("budget.budget_has_a_reason", _budget(reason="")),
    Probe("budget.covers_what_is_out", _budget(floor=-1), names="budget_covers_what_is_out"),
    Probe(
        "payout.sealed",
        seal_again(_payout(), "payout"),
        names="seal_seals_once",
        without=BY_HAND,
    ),
    Probe(
        "budget.sealed",
        seal_again(_budget(), "budget"),
        names="seal_seals_once",
        without=BY_HAND,
    ),
    # The chain has no gap, no twin, and no seal but those of commits.
    Probe("seal.seal_pk", seal_by_hand(seal_no=1), without=BY_HAND),
    Probe("seal.seal_seals_once", seal_by_hand(subject="posting"), without=BY_HAND),
    Probe("seal.made_by_the_database", seal_by_hand(), names="by hand is refused"),
    *(
        Probe(
            "seal_balance.seal_balance_not_below_its_floor",
            _hold(account=account, points=-1),
            without=HELD_BY_HAND,
        )
        for account in ("search_ad_credit", "customer_reward", "expired")
    ),
    Probe(
        "seal_balance.seal_balance_pk",
        then(_hold(), _hold()),
        without=HELD_BY_HAND,
    ),
    Probe("seal_balance.made_by_the_database", _hold(), names="by hand is refused"),
    # A seal carries each account of the program by itself, and the newest budget, be it
    # sealed before or now.
    *(
        Probe(
            "sealing.chains",
            attempt,
            names="seal_balance_not_below_its_floor",
            without=("unsealed.made_by_the_database",),
        )
        for attempt in (
            _chain('{"customer_reward": -1000}'),
            _chain('{"program_fund": 10000000}', '{"customer_reward": -1000}'),
            _chain('{"program_fund": -2000000}'),
            then(seal_now, _chain('{"program_fund": -2000000}')),
            then(_budget(), _NOTED, _chain('{"customer_reward": -1000}')),
            _chain_beyond_a_new_budget,
        )
    ),
    Probe("payout.sealed", _borrow("seal_payout", "payout"), names="is called by a trigger of"),
    # What is committed waits for its seal as it was noted.
    Probe("unsealed.made_by_the_database", note_by_hand(), names="by hand is refused"),
    Probe("unsealed.unsealed_pk", _noted_twice, without=("unsealed.made_by_the_database",)),
    Probe(
        "unsealed.leaves_by_its_seal",
        change("DELETE FROM growth_points.unsealed"),
        names="by hand is refused",
    ),
    *(
        Probe(
            guard, change(f"DO $$ BEGIN {statement} {pretends}; END $$"), names="by hand is refused"
        )
        for pretends in (
            "/* growth_points.seal_waiting() */",
            '/* "\nPL/pgSQL function growth_points.seal_waiting() line 6 at SQL statement\n" */',
        )
        for guard, statement in (
            ("unsealed.leaves_by_its_seal", "DELETE FROM growth_points.unsealed"),
            ("seal.made_by_the_database", "INSERT INTO growth_points.seal SELECT"),
        )
    ),
    Probe(
        "unsealed.leaves_by_its_seal",
        change("SELECT growth_points.chain_waiting()"),
        names="by hand is refused",
    ),
    *(
        Probe("unsealed.stays_as_noted", change(statement), names="stays")
        for statement in (
            "TRUNCATE growth_points.unsealed",
            "UPDATE growth_points.unsealed SET subject = subject",
        )
    ),
    # What was recorded stays.
    *(
        Probe(f"{table}.append_only", attempt, names="stays")
        for table, column in (
            ("account", "holder"),
            ("flow", "kind"),
            ("posting", "actor"),
            ("transfer", "points"),
            ("correction", "points"),
            ("adjustment_approval", "points"),
            ("payout", "actor"),
            ("budget", "floor"),
            ("seal", "hash"),
            ("seal_balance", "points"),
        )
        for attempt in changes(table, column)
    ),
)
