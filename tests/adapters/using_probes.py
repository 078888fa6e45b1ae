"""Probes of points in use: search-ad accounts, conversions, expiry, and last usable days."""

from datetime import date

from sqlalchemy import Connection, Engine, text

from adapters.postgres.ledger.expiring import expire
from adapters.postgres.using import link_ad_account, record_attempt, today
from domain.months import SettlementMonth
from tests.adapters.guards import Attempt, Probe, changes, put
from tests.adapters.ledger_probes import (
    BY_HAND,
    line,
    posting,
    seal_again,
    then,
    then_meet_another,
)
from tests.adapters.ledger_world import (
    SEPTEMBER,
    adjust,
    award,
    awards_of,
    convert,
    end_conversion,
    link,
    pay,
    plan,
    set_budget,
)

_LONG_OVER = date(2025, 1, 1)
_YEAR_AGO = SettlementMonth(2025, 6)
_A_YEAR_LATER = date(2026, 1, 1)  # the last usable day of what was given when long over


def use_points(engine: Engine) -> None:
    """Of i's 1,000 points 100 are held, 50 were delivered, 30 returned. What j and b have was given
    long ago. So was what k has, but a payout is late. m's points have expired; o has an account."""
    with engine.begin() as connection:
        set_budget(connection, -2_200_000)
        adjust(connection, "i", 1_000, key="adjustment/i", on=today(connection))
        for seller, points in (("j", 300), ("b", 200), ("m", 10)):
            given = adjust(connection, seller, points, key=f"adjustment/{seller}", on=_LONG_OVER)
        expire(connection, "tests", of_posting=given.posting_no)
        link(connection, "i", "j", "o")
        late = awards_of("k", month=_YEAR_AGO)
        plan(connection, month=_YEAR_AGO)
        award(connection, late, month=_YEAR_AGO)
        adjust(connection, "k", 200, key="adjustment/k", on=date(2024, 12, 1))
    with engine.begin() as connection:
        record_attempt(connection, convert(connection, "i", 100).posting_no, "no answer")
        for request_id, points in (("r2", 50), ("r3", 30)):
            held = convert(connection, "i", points, request_id=request_id)
            end_conversion(connection, held, delivered=request_id == "r2")


def go_on_using(engine: Engine) -> None:
    """Convert and end, expire what is due, and what a late payout made due."""
    with engine.begin() as connection:
        for delivered in (True, False):
            held = convert(connection, "i", 20, request_id=f"r4/{delivered}")
            end_conversion(connection, held, delivered=delivered)
        link_ad_account(connection, "o", None, "tests")
        link_ad_account(connection, "o", "another", "tests")
        _expires(connection, sellers=2, points=500)
        pay(connection, month=_YEAR_AGO, on=date(2025, 7, 31))
        _expires(connection, sellers=1, points=150_200)


def _expires(connection: Connection, *, sellers: int, points: int) -> None:
    expired = expire(connection, "tests")
    assert expired is not None
    assert (expired.transfers, expired.points) == (sellers, points)


# How the probes write: what entitles a posting, with valid facts but for those given.


def _open(connection: Connection, kind: str, key: str, **facts: object) -> int:
    return posting(connection, kind, **{"key": key, "effective_on": today(connection), **facts})


def entitle_conversion(connection: Connection, **facts: object) -> int:
    """Record a conversion of 10 points, that are not held yet; returns its posting's number."""
    values = {
        "seller_id": "i",
        "request_id": "p",
        "points": 10,
        "account_id": "ads of i",
        **facts,
    }
    if "posting_no" not in values:
        key = "conversion/{0}/{seller_id}/{request_id}"
        named = key.format(len(str(values["seller_id"])), **values)
        values["posting_no"] = _open(connection, "conversion", named)
    return put(connection, "conversion", values, returning="posting_no")


def _end(connection: Connection, **facts: object) -> int:
    """Record that i's first conversion was delivered; returns its posting's number."""
    first = "SELECT posting_no FROM growth_points.conversion WHERE request_id = 'r1'"
    values = {
        "conversion_no": connection.scalar(text(first)),
        "outcome": "delivered",
        "answer": "an answer",
        **facts,
    }
    if "posting_no" not in values:
        kind = "delivery" if values["outcome"] == "delivered" else "return"
        values["posting_no"] = _open(connection, kind, f"{kind}/{values['conversion_no']}")
    return put(connection, "conversion_end", values, returning="posting_no")


def _expire(connection: Connection, *sellers: str, **facts: object) -> int:
    """Record that j's balance expires, or those of others; returns their posting's number."""
    number = facts.get("posting_no") or _open(connection, "expiry", "expiry/a probe")
    has = """
      SELECT points FROM growth_points.balance WHERE (seller_id, account) = (:s, 'available')
    """
    for seller in sellers or ("j",):
        values = {
            "seller_id": seller,
            "points": connection.scalar(text(has), {"s": seller}) or 1,
            "last_usable_on": _A_YEAR_LATER,
            **facts,
            "posting_no": number,
        }
        put(connection, "expiry", values, returning="seller_id")
    return int(str(number))


def _conversion(**facts: object) -> Attempt:
    return lambda connection: entitle_conversion(connection, **facts)


def _conversion_under(key: str = "conversion/1/i/p", **facts: object) -> Attempt:
    return lambda connection: entitle_conversion(
        connection, posting_no=_open(connection, "conversion", key, **facts)
    )


def _ending(**facts: object) -> Attempt:
    return lambda connection: _end(connection, **facts)


def _end_under(kind: str, *, on: date | None = None, outcome: str = "delivered") -> Attempt:
    """End a conversion by a posting of another kind, or of another day."""

    def attempt(connection: Connection) -> None:
        number = entitle_conversion(connection)
        day = on or today(connection)
        by = _open(connection, kind, f"{kind}/{number}", effective_on=day)
        _end(connection, posting_no=by, conversion_no=number, outcome=outcome)

    return attempt


def _expiring(*sellers: str, **facts: object) -> Attempt:
    return lambda connection: _expire(connection, *sellers, **facts)


def _moved(title: str, *moves: tuple[str, int]) -> Attempt:
    """Record a title, then move points."""

    def attempt(connection: Connection) -> None:
        makes = {"conversion": entitle_conversion, "delivery": _end, "expiry": _expire}
        number = makes[title](connection)
        for seller, points in moves:
            line(connection, number, title, seller, points=points)

    return attempt


def _expire_one_twice(connection: Connection) -> None:
    """Expire what j has twice, and nothing of b's."""
    number = _expire(connection, "b", "j")
    adjust(connection, "j", 300, key="adjustment/as much again", on=_LONG_OVER)
    for _ in range(2):
        line(connection, number, "expiry", "j", points=300)


def _expire_another_later(connection: Connection) -> None:
    """Add a store to an expiry whose points have moved."""
    number = _expire(connection)
    line(connection, number, "expiry", "j", points=300)
    _expire(connection, "b", posting_no=number)


def _expire_by_an_adjustment(connection: Connection) -> None:
    _expire(connection, posting_no=_open(connection, "adjustment", "adjustment/a probe"))


def _expire_on_another_day(connection: Connection) -> None:
    number = _open(connection, "expiry", "expiry/a probe", effective_on=date(2026, 1, 2))
    _expire(connection, posting_no=number)


def _adjust_what_expires(connection: Connection) -> None:
    """Have another connection take points between an expiry's title and its transfer."""
    _expire(connection)
    with connection.engine.connect() as another:
        another.execute(text("SET lock_timeout = '100ms'"))
        adjust(another, "j", -1, key="adjustment/meanwhile")


def _link(**facts: object) -> Attempt:
    values = {"seller_id": "i", "account_id": "ads", "actor": "prober", **facts}
    return lambda connection: put(connection, "ad_account_link", values, returning="link_no")


def _attempt(**facts: object) -> Attempt:
    def attempt(connection: Connection) -> int:
        some = "SELECT min(posting_no) FROM growth_points.conversion"
        values = {"conversion_no": connection.scalar(text(some)), "answer": "none", **facts}
        return put(connection, "conversion_attempt", values, returning="attempt_no")

    return attempt


def _plan(month: SettlementMonth, number: int = 1) -> Attempt:
    return lambda connection: plan(connection, month=month, no=number)


_TOO_LONG = "x" * 501

USING_PROBES = (
    # An account is linked to a store that a snapshot has.
    Probe("ad_account_link.ad_account_link_pk", _link(link_no=1)),
    *(
        Probe("ad_account_link.ad_account_link_account_length", _link(account_id=account))
        for account in ("", "a" * 65)
    ),
    Probe("ad_account_link.ad_account_link_has_an_actor", _link(actor="")),
    Probe(
        "ad_account_link.is_of_a_store",
        _link(seller_id="stranger"),
        names="ad_account_link_is_of_a_store",
    ),
    Probe(
        "ad_account_link.sees_what_others_posted",
        _link(),
        names="READ COMMITTED",
        isolation="REPEATABLE READ",
    ),
    # A conversion is one request, for the linked account, while the points are usable.
    Probe(
        "conversion.conversion_pk",
        lambda connection: entitle_conversion(
            connection, posting_no=entitle_conversion(connection), request_id="q"
        ),
    ),
    Probe("conversion.conversion_is_requested_once", _conversion(posting_no=1, request_id="r1")),
    *(
        Probe("conversion.conversion_request_length", _conversion(request_id=request))
        for request in ("", "r" * 65)
    ),
    *(
        Probe("conversion.is_entitled", attempt, names="title_belongs")
        for attempt in (
            _conversion(posting_no=10_000),
            _conversion_under("conversion/1/i/other"),
            _conversion_under("conversion/1/j/p"),
            _conversion_under(effective_on=date(2026, 1, 2)),
        )
    ),
    *(
        Probe("conversion.is_entitled", attempt, names="conversion_has_its_ad_account")
        for attempt in (
            _conversion(account_id="ads of o"),
            _conversion(seller_id="f"),
            then(_link(account_id=None), _conversion()),
            then(_link(account_id="another"), _conversion()),
        )
    ),
    Probe(
        "conversion.is_entitled",
        _conversion(seller_id="j", account_id="ads of j"),
        names="conversion_is_in_time",
    ),
    # It ends once.
    Probe(
        "conversion_end.conversion_end_pk",
        lambda connection: _end(
            connection, posting_no=_end(connection), conversion_no=entitle_conversion(connection)
        ),
    ),
    Probe(
        "conversion_end.conversion_ends_once",
        then(_ending(), _ending(outcome="refused")),
    ),
    Probe("conversion_end.conversion_end_of_a_conversion", _ending(conversion_no=10_000)),
    Probe("conversion_end.conversion_end_outcome_known", _ending(outcome="unclear")),
    *(
        Probe("conversion_end.conversion_end_answer_length", _ending(answer=answer))
        for answer in ("", _TOO_LONG)
    ),
    *(
        Probe("conversion_end.is_entitled", attempt, names="title_belongs")
        for attempt in (
            _ending(posting_no=10_000),
            _end_under("delivery", outcome="refused"),
            _end_under("return"),
            _end_under("delivery", on=date(2026, 1, 2)),
        )
    ),
    Probe("conversion_attempt.conversion_attempt_pk", _attempt(attempt_no=1)),
    Probe("conversion_attempt.conversion_attempt_of_a_conversion", _attempt(conversion_no=10_000)),
    *(
        Probe("conversion_attempt.conversion_attempt_answer_length", _attempt(answer=answer))
        for answer in ("", _TOO_LONG)
    ),
    # A whole balance expires, after its last usable day, unless a payout is late.
    Probe("expiry.expiry_pk", _expiring("j", "j")),
    Probe(
        "expiry.expiry_comes_after_the_last_usable_day",
        lambda connection: _expire(connection, "i", last_usable_on=today(connection)),
    ),
    Probe(
        "expiry.expiry_comes_after_the_last_usable_day",
        _expiring("i", last_usable_on=date(2199, 12, 31)),
    ),
    *(
        Probe("expiry.is_due", attempt, names="title_belongs")
        for attempt in (
            _expiring(posting_no=10_000),
            _expire_by_an_adjustment,
            _expire_on_another_day,
            _expire_another_later,
        )
    ),
    *(
        Probe("expiry.is_due", attempt, names="expiry_is_due")
        for attempt in (
            _expiring("i"),
            _expiring("stranger"),
            _expiring("m"),
            _expiring(points=150),
            _expiring(last_usable_on=date(2025, 12, 31)),
            _expiring("k", last_usable_on=date(2025, 12, 1)),
        )
    ),
    Probe("expiry.is_due", _adjust_what_expires, names="lock timeout"),
    Probe("expiry.takes_turn", then_meet_another(_expiring()), names="lock timeout"),
    # Points move as recorded.
    *(
        Probe("transfer.is_entitled", attempt, names="transfer_has_a_title")
        for attempt in (
            _moved("conversion", ("i", 11)),
            _moved("conversion", ("f", 10)),
            _moved("delivery", ("i", 99)),
            _moved("expiry", ("b", 200)),
            lambda connection: line(
                connection, _open(connection, "expiry", "expiry/1"), "expiry", "j", points=300
            ),
        )
    ),
    *(
        Probe("posting.sealed", attempt, names="posting_moves_what_it_is_entitled_to")
        for attempt in (
            _moved("conversion", ("i", 10), ("i", 10)),
            _expire_one_twice,
            lambda connection: line(
                connection, _expire(connection, "b", "j"), "expiry", "j", points=300
            ),
        )
    ),
    Probe(
        "transfer.moves_points",
        lambda connection: line(
            connection,
            entitle_conversion(connection, points=1_000),
            "conversion",
            "i",
            points=1_000,
        ),
        names="balance_not_overdrawn",
    ),
    # What is paid is usable from its due date on, so that comes first.
    Probe("payout_date.takes_turn", then_meet_another(_plan(SEPTEMBER - 2)), names="lock timeout"),
    Probe(
        "payout_date.comes_before_the_payout",
        _plan(SEPTEMBER, 2),
        names="payout_date_comes_before_the_payout",
    ),
    *(
        Probe(
            f"{table}.sealed",
            seal_again(attempt, table),
            names="seal_seals_once",
            without=BY_HAND,
        )
        for table, attempt in (("ad_account_link", _link()), ("conversion_attempt", _attempt()))
    ),
    *(
        Probe(f"{table}.append_only", attempt, names="stays")
        for table, column in (
            ("ad_account_link", "account_id"),
            ("conversion", "points"),
            ("conversion_end", "outcome"),
            ("conversion_attempt", "answer"),
            ("expiry", "points"),
        )
        for attempt in changes(table, column)
    ),
)
