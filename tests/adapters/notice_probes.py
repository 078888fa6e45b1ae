"""Probes of notices that points expire: of whom, when, how often."""

from datetime import date, timedelta

from sqlalchemy import Connection, text

from adapters.postgres.notices import record_notices
from adapters.postgres.using import today
from domain.months import add_months
from tests.adapters.guards import Attempt, Probe, changes, put
from tests.adapters.ledger_probes import BY_HAND, seal_again, then_meet_another
from tests.adapters.ledger_world import adjust

_LEFT = 10  # days until n's points expire


def tell_stores(connection: Connection) -> None:
    """Give n 40 points that expire in some days, and tell it so, 30 days before."""
    given_on = add_months(today(connection) + timedelta(days=_LEFT), -12)
    adjust(connection, "n", 40, key="adjustment/n", on=given_on)
    assert record_notices(connection, {_last_day(connection): 30}, "tests") is not None


def go_on_telling(connection: Connection) -> None:
    """Tell n once more, on the first day on which that may be."""
    left = (_last_day(connection) - today(connection)).days
    assert record_notices(connection, {_last_day(connection): left}, "tests") is not None


def _last_day(connection: Connection) -> date:
    usable = """
      SELECT last_usable_on FROM growth_points.balance
      WHERE (seller_id, account) = ('n', 'available')
    """
    return date.fromisoformat(str(connection.scalar(text(usable))))


def _list(connection: Connection, **facts: object) -> int:
    return put(connection, "notice_list", {"actor": "prober", **facts}, returning="notice_list_id")


def tell(connection: Connection, **facts: object) -> int:
    """Tell n of its points, with valid facts but for those given; returns the list's number."""
    values: dict[str, object] = {
        "seller_id": "n",
        "last_usable_on": _last_day(connection),
        "days_before": 20,
        "points": 40,
        **facts,
    }
    if "notice_list_id" not in values:
        values["notice_list_id"] = _list(connection)
    return put(connection, "notice", values, returning="notice_list_id")


def _telling(**facts: object) -> Attempt:
    return lambda connection: tell(connection, **facts)


def _telling_on(left: int) -> Attempt:
    """Tell n 20 days before, as if so many days were left."""

    def attempt(connection: Connection) -> None:
        day = _last_day(connection) - timedelta(days=left)
        tell(connection, notice_list_id=_list(connection, told_on=day))

    return attempt


def _adjust_what_was_told(connection: Connection) -> None:
    """Have another connection take points between a notice and its commit."""
    tell(connection)
    with connection.engine.connect() as another:
        another.execute(text("SET lock_timeout = '100ms'"))
        adjust(another, "n", -1, key="adjustment/meanwhile")


NOTICE_PROBES = (
    Probe("notice_list.notice_list_pk", lambda connection: _list(connection, notice_list_id=1)),
    Probe("notice_list.notice_list_has_an_actor", lambda connection: _list(connection, actor="")),
    Probe(
        "notice_list.sees_what_others_posted",
        _list,
        names="READ COMMITTED",
        isolation="REPEATABLE READ",
    ),
    Probe("notice_list.takes_turn", then_meet_another(_list), names="lock timeout"),
    Probe("notice_list.sealed", _list, names="notice_list_tells_somebody"),
    Probe(
        "notice_list.sealed",
        seal_again(tell, "notice_list"),
        names="seal_seals_once",
        without=BY_HAND,
    ),
    Probe("notice.notice_tells_once", _telling(days_before=30)),
    Probe("notice.belongs", _telling(notice_list_id=1), names="never later"),
    Probe("notice.belongs", _telling(notice_list_id=1_000), names="never later"),
    *(
        Probe("notice.is_due", attempt, names="notice_is_due")
        for attempt in (
            _telling(points=41),
            _telling(last_usable_on=date(2026, 1, 1)),
            _telling(seller_id="i"),
            _telling(seller_id="stranger"),
            _telling(days_before=_LEFT - 1),
            _telling_on(21),
            _telling_on(-1),
        )
    ),
    Probe("notice.is_due", _adjust_what_was_told, names="lock timeout"),
    *(
        Probe(f"{table}.append_only", attempt, names="stays")
        for table, column in (("notice_list", "actor"), ("notice", "points"))
        for attempt in changes(table, column)
    ),
)
