"""Attacks by whoever may convert and expire: beyond the balance, too late, twice, by halves."""

from tests.attacks.statements import MINE, by_service, by_user, posting, row, transfer

_TODAY = "(SELECT growth_points.today())"
_CONVERSION = """
  INSERT INTO growth_points.conversion (posting_no, seller_id, request_id, points, account_id)
  VALUES ({posting}, '{seller}', '{request}', {points}, '{account}');
"""
_END = """
  INSERT INTO growth_points.conversion_end (posting_no, conversion_no, outcome, answer)
  VALUES ({posting}, {conversion}, '{outcome}', 'mine');
"""
_EXPIRY = """
  INSERT INTO growth_points.expiry (posting_no, seller_id, points, last_usable_on)
  VALUES ({posting}, '{seller}', {points}, {last});
"""
_NUMBER = "(SELECT posting_no FROM growth_points.conversion WHERE request_id = '{}')"
_BY_NUMBER = """
  INSERT INTO growth_points.posting (key, kind, request_hash, effective_on, actor)
  SELECT concat('{kind}/', posting_no), '{kind}', sha256(''), {on}, 'me'
  FROM growth_points.conversion WHERE request_id = '{request}';
"""
_OF_KIND = """
  (SELECT max(posting_no) FROM growth_points.posting WHERE kind = '{}')
"""
_USE = """
  INSERT INTO growth_points.posting (key, kind, request_hash, effective_on, actor)
  VALUES ('{key}', '{kind}', sha256('{key}'), {on}, 'me');
"""


def _opened(kind: str, key: str, on: str = _TODAY) -> str:
    return _USE.format(key=key, kind=kind, on=on)


def _held(
    seller: str = "i", points: int = 10, *, account: str | None = None, moved: int | None = None
) -> str:
    """Convert points, and hold as many unless others are moved."""
    key = f"conversion/1/{seller}/mine"
    number = MINE.format(key=key)
    title = _CONVERSION.format(
        posting=number,
        seller=seller,
        request="mine",
        points=points,
        account=account or f"ads of {seller}",
    )
    moves = _moves("conversion", seller, moved or points, number)
    return _opened("conversion", key) + title + moves


def _moves(kind: str, seller: str, points: int, number: str) -> str:
    ways = {
        "conversion": ("available", "held"),
        "delivery": ("held", "search_ad_credit"),
        "return": ("held", "available"),
        "expiry": ("available", "expired"),
    }
    debit, credit = ways[kind]
    facts = {"posting_no": number, "debit": f"'{debit}'", "credit": f"'{credit}'"}
    return transfer(row(kind, seller, str(points), **facts))


def _ended(kind: str, points: int, *, request: str = "r1", on: str = _TODAY) -> str:
    """End a conversion, and move points on."""
    number = _OF_KIND.format(kind)
    outcome = "delivered" if kind == "delivery" else "refused"
    opened = _BY_NUMBER.format(kind=kind, request=request, on=on)
    title = _END.format(posting=number, conversion=_NUMBER.format(request), outcome=outcome)
    return opened + title + _moves(kind, "i", points, number)


def _expired(seller: str, points: int, last: str = "'2026-01-01'", on: str = _TODAY) -> str:
    """Expire a store's points, and move as many."""
    number = _OF_KIND.format("expiry")
    title = _EXPIRY.format(posting=number, seller=seller, points=points, last=last)
    return _opened("expiry", "expiry/mine", on) + title + _moves("expiry", seller, points, number)


_LAST = """
  (SELECT last_usable_on FROM growth_points.balance
   WHERE (seller_id, account) = ('i', 'available'))
"""
_BACK = "DATE '2025-12-31'"

_TOLD = """
  INSERT INTO growth_points.notice_list (actor) VALUES ('me');
  INSERT INTO growth_points.notice (notice_list_id, seller_id, last_usable_on, days_before, points)
  SELECT max(notice_list_id), 'n', {last}, {days}, {points} FROM growth_points.notice_list;
"""
_LAST_OF_N = """
  (SELECT last_usable_on FROM growth_points.balance
   WHERE (seller_id, account) = ('n', 'available'))
"""


def _told(*, last: str = _LAST_OF_N, days: int = 20, points: int = 40) -> str:
    return _TOLD.format(last=last, days=days, points=points)


USES = (
    by_service("tell of other points", _told(points=41), "notice_is_due"),
    by_service("tell of another day", _told(last=f"{_LAST_OF_N} + 1"), "notice_is_due"),
    by_service("tell too early", _told(days=9), "notice_is_due"),
    by_service("tell twice", _told(days=30), "notice_tells_once"),
    by_service(
        "tell nobody",
        "INSERT INTO growth_points.notice_list (actor) VALUES ('me')",
        "notice_list_tells_somebody",
    ),
    by_service(
        "choose the day of a notice",
        "INSERT INTO growth_points.notice_list (told_on) VALUES ('2025-12-31')",
        "42501 ",
    ),
    by_service("convert more than there is", _held(points=10_000), "balance_not_overdrawn"),
    by_service("convert what is held", _held(points=901), "balance_not_overdrawn"),
    by_user("convert after the last usable day", _held("j", 300), "conversion_is_in_time"),
    by_user(
        "convert without an account",
        _held("f", 10, account="mine"),
        "conversion_has_its_ad_account",
    ),
    by_user(
        "convert to another's account",
        _held(account="ads of o"),
        "conversion_has_its_ad_account",
    ),
    by_service("hold more than is converted", _held(moved=11), "transfer_has_a_title"),
    by_user("hold without a conversion", posting("conversion"), "posting_has_transfers"),
    by_user(
        "convert on an earlier day",
        _opened("conversion", "conversion/1/j/mine", _BACK)
        + _CONVERSION.format(
            posting=MINE.format(key="conversion/1/j/mine"),
            seller="j",
            request="mine",
            points=10,
            account="ads of j",
        ),
        "title_belongs",
    ),
    by_service(
        "choose the day of a conversion",
        "INSERT INTO growth_points.conversion (requested_on) VALUES ('2025-12-31')",
        "42501 ",
    ),
    by_service(
        "choose the day of an expiry",
        "INSERT INTO growth_points.expiry (expired_on) VALUES ('2199-12-31')",
        "42501 ",
    ),
    by_service("deliver twice", _ended("delivery", 50, request="r2"), "posting_key_is_used_once"),
    by_service(
        "deliver what returned", _ended("delivery", 30, request="r3"), "conversion_ends_once"
    ),
    by_service(
        "return what was delivered", _ended("return", 50, request="r2"), "conversion_ends_once"
    ),
    by_service(
        "deliver and return",
        _ended("delivery", 100) + _ended("return", 100),
        "conversion_ends_once",
    ),
    by_service("deliver less than was held", _ended("delivery", 99), "transfer_has_a_title"),
    by_service("return more than was held", _ended("return", 101), "transfer_has_a_title"),
    by_service("deliver on an earlier day", _ended("delivery", 100, on=_BACK), "title_belongs"),
    by_service(
        "deliver without a conversion",
        _opened("delivery", "delivery/10000")
        + _END.format(posting=_OF_KIND.format("delivery"), conversion=10_000, outcome="delivered"),
        "conversion_end_of_a_conversion",
    ),
    by_service(
        "deliver without an end",
        _opened("delivery", "delivery/1")
        + _moves("delivery", "i", 10, _OF_KIND.format("delivery")),
        "transfer_has_a_title",
    ),
    by_service(
        "attempt a conversion that is none",
        "INSERT INTO growth_points.conversion_attempt (conversion_no, answer) VALUES (1, 'mine')",
        "conversion_attempt_of_a_conversion",
    ),
    by_user(
        "link the account of no store",
        "INSERT INTO growth_points.ad_account_link (seller_id, account_id, actor)"
        " VALUES ('stranger', 'mine', 'me')",
        "ad_account_link_is_of_a_store",
    ),
    by_user("expire before the day", _expired("i", 820, _LAST), "expiry_comes_after"),
    by_user("expire as if it was over", _expired("i", 820), "expiry_is_due"),
    by_user("expire half a balance", _expired("j", 150), "expiry_is_due"),
    by_user("expire what a late payout keeps", _expired("k", 200, "'2025-12-01'"), "expiry_is_due"),
    by_user("expire another's points", _expired("m", 300), "expiry_is_due"),
    by_user("expire on an earlier day", _expired("j", 300, on=_BACK), "title_belongs"),
    by_service(
        "expire one store twice and another not",
        _opened("expiry", "expiry/mine")
        + _EXPIRY.format(
            posting=_OF_KIND.format("expiry"), seller="j", points=300, last="'2026-01-01'"
        )
        + _EXPIRY.format(
            posting=_OF_KIND.format("expiry"), seller="b", points=200, last="'2026-01-01'"
        )
        + _moves("expiry", "j", 300, _OF_KIND.format("expiry")),
        "posting_moves_what_it_is_entitled_to",
    ),
    by_service(
        "plan a payout again that was made",
        "INSERT INTO growth_points.payout_date (settlement_month, plan_no, due_on, passed_over,"
        " calendar, extra_holidays, policy_hash) SELECT settlement_month, 2, due_on + 9,"
        " passed_over, calendar, extra_holidays, policy_hash FROM growth_points.payout_date"
        " WHERE settlement_month = '2026-09-01'",
        "payout_date_comes_before_the_payout",
    ),
)
