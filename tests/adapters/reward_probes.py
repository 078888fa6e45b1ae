"""Probes of rewards: deliveries, entries, later tries, and what each store pays."""

from datetime import date, timedelta

from sqlalchemy import Connection, Engine, text

from adapters.postgres.ledger import seal_now
from adapters.postgres.ledger.expiring import expire
from adapters.postgres.using import today
from flows.rewarding.pay_entries import pay_again
from tests.adapters.guards import Attempt, Probe, changes, put
from tests.adapters.ledger_probes import (
    BY_HAND,
    line,
    note_by_hand,
    posting,
    seal_again,
    seal_by_hand,
    then,
    then_meet_another,
)
from tests.adapters.ledger_world import adjust, convert, know, link
from tests.using.reward_days import Entry, deliver_to, event

_PAYING = 1_000_000  # the number of a posting, of which others may be noted first


def reward_customers(engine: Engine) -> None:
    """Have q pay E/1, F/1, H/2, Y/2 and later G/1, not E/2 and E/3; w has nothing to pay W/1.

    X/1 returns F/1, Y/1 withdraws H/1. Some of q's points are held. v pays K/1, not K/2 to K/4.
    """
    with engine.begin() as connection:
        day = today(connection)
        know(connection, "w")
        know(connection, "v")
        adjust(connection, "q", 500, key="adjustment/q", on=day)
        adjust(connection, "v", 1, key="adjustment/v", on=day)
        link(connection, "q")
        convert(connection, "q", 10)
    rows = [*event("E", 100, 600, 1, seller_id="q"), *event("F", 50, seller_id="q")]
    rows += [*event("G", 460, seller_id="q"), *event("H", 7, 3, seller_id="q")]
    rows += [Entry("Y", 1, 7, "q", cancels=("H", 1)), Entry("Y", 2, 2, "q")]
    rows += event("K", 1, 700, 800, 5, seller_id="v")
    deliver_to(engine, day, [*rows, *event("W", 5, seller_id="w")])
    with engine.begin() as connection:
        adjust(connection, "q", 200, key="adjustment/q2", on=day)
    assert pay_again(engine, 7, "tests", event_id="G").retried == 1
    assert deliver_to(engine, day, [Entry("X", 1, 50, "q", cancels=("F", 1))]).returned is not None


def go_on_rewarding(engine: Engine) -> None:
    """Pay E's rest and K/2 when there are points, a new entry of another day, and return F/2.

    What was paid before is sealed by then.
    """
    with engine.begin() as connection:
        seal_now(connection)
        day = today(connection)
        adjust(connection, "q", 1_000, key="adjustment/q3", on=day)
        adjust(connection, "v", 700, key="adjustment/v2", on=day)
    paid = deliver_to(engine, day - timedelta(days=1), event("D", 10, seller_id="q"))
    assert (paid.retried, paid.outcomes) == (3, {"paid": 1})
    assert deliver_to(engine, day, [Entry("F", 2, 5, "q")]).outcomes == {"paid": 1}
    with engine.begin() as connection:
        seal_now(connection)
    assert deliver_to(engine, day, [Entry("X2", 1, 5, "q", cancels=("F", 2))]).returned is not None
    _pay_beside_what_expired(engine, day)


def _pay_beside_what_expired(engine: Engine, day: date) -> None:
    """Pay for t, as long ago as u's points expired, and for u, that got new ones; withdraw V/1."""
    with engine.begin() as connection:
        for seller in "tu":
            long_ago = day - timedelta(days=367)
            adjust(connection, seller, 10, key=f"adjustment/{seller}", on=long_ago)
        assert expire(connection, "tests", seller_id="u") is not None
        last = day - timedelta(days=2)
        adjust(connection, "u", 10, key="adjustment/u2", on=day)
    rows = [*event("T", 1, seller_id="t"), *event("U", 1, seller_id="u"), Entry("V", 1, 1, "u")]
    paid = deliver_to(engine, last, [*rows, Entry("V", 2, 1, "u", cancels=("V", 1))])
    assert paid.outcomes == {"paid": 2, "cancelled": 1, "not_paid": 1}


# How the probes write: with valid facts but for those given.


def _delivery(connection: Connection, **facts: object) -> int:
    values: dict[str, object] = {
        "day": today(connection),
        "content_hash": "a" * 64,
        "source": "a probe",
        "entries": 1,
        "profile": "{}",
        "actor": "prober",
        "tried_since": today(connection),
        **facts,
    }
    return put(connection, "reward_delivery", values, returning="reward_delivery_id")


def _entry(connection: Connection, **facts: object) -> int:
    """Record a refused entry of q, Z/1; returns its delivery's number."""
    values: dict[str, object] = {
        "event_id": "Z",
        "position": 1,
        "seller_id": "q",
        "kind": "purchase",
        "points": 10,
        "customer_ref": "c",
        "occurred_on": today(connection),
        "outcome": "insufficient_points",
        **facts,
    }
    if "reward_delivery_id" not in values:
        values["reward_delivery_id"] = _delivery(connection)
    return put(connection, "reward_entry", values, returning="reward_delivery_id")


def _open(connection: Connection, kind: str = "reward", **facts: object) -> int:
    return posting(
        connection, kind, key=f"{kind}/a probe", **{"effective_on": today(connection), **facts}
    )


def _paid(connection: Connection, **facts: object) -> int:
    """Record a paid entry; returns its posting's number, whose points have not moved."""
    number = int(str(facts.pop("posting_no", None) or _open(connection)))
    _entry(connection, **{"outcome": "paid", "posting_no": number, **facts})
    return number


def _retry(connection: Connection, **facts: object) -> int:
    """Pay E/2 at a later try; returns the posting's number."""
    number = facts.pop("posting_no", None) or _open(connection)
    values = {"event_id": "E", "position": 2, "posting_no": number, **facts}
    return put(connection, "reward_retry", values, returning="posting_no")


def _move(connection: Connection, number: int, seller: str = "q", points: int = 10) -> None:
    line(connection, number, "reward", seller, points=points)


def _delivering(**facts: object) -> Attempt:
    return lambda connection: _delivery(connection, **facts)


def _entering(**facts: object) -> Attempt:
    return lambda connection: _entry(connection, **facts)


def _cancelling(event_id: str, position: int, **facts: object) -> Attempt:
    """Cancel an entry of 10 points by Z/1, by default one that was not paid."""
    named = {"cancels_event_id": event_id, "cancels_position": position}
    values = {"kind": "cancellation", "outcome": "not_paid", **named, **facts}

    def attempt(connection: Connection) -> None:
        if values["outcome"] == "returned":
            values["posting_no"] = _open(connection, "cancellation")
        _entry(connection, **values)

    return attempt


def _paying_by(kind: str = "reward", **facts: object) -> Attempt:
    return lambda connection: _paid(connection, posting_no=_open(connection, kind, **facts))


def _retrying(**facts: object) -> Attempt:
    return lambda connection: _retry(connection, **facts)


def _moving_after(first: Attempt, seller: str = "q", points: int = 10) -> Attempt:
    """Record entries, then move the points of their posting."""

    def attempt(connection: Connection) -> None:
        first(connection)
        _move(connection, _newest(connection), seller, points)

    return attempt


def _newest(connection: Connection) -> int:
    newest = "SELECT max(posting_no) FROM growth_points.posting"
    return int(str(connection.scalar(text(newest))))


def _withdrawn_by_another(connection: Connection) -> None:
    """Record Z/1 as cancelled with a cancellation of Z/2."""
    number = _entry(connection, outcome="cancelled")
    _entry(connection, position=2, reward_delivery_id=number)
    named = {"cancels_event_id": "Z", "cancels_position": 2, "outcome": "not_paid"}
    _entry(connection, event_id="Z2", kind="cancellation", reward_delivery_id=number, **named)


def _withdrawn_by_another_delivery(connection: Connection) -> None:
    """Record Z/1 as cancelled, and the cancellation that names it with another delivery."""
    _entry(connection, outcome="cancelled")
    named = {"cancels_event_id": "Z", "cancels_position": 1, "outcome": "not_paid"}
    other = _delivery(connection, content_hash="b" * 64)
    _entry(connection, event_id="Z2", kind="cancellation", reward_delivery_id=other, **named)


def _returned_before_it_is_paid(connection: Connection, **facts: object) -> None:
    """Return Z/1 by a posting that is noted before the one that pays it."""
    returning = _open(connection, "cancellation", **facts)
    number = _delivery(connection)
    paying = _open(connection, posting_no=_PAYING)
    _paid(connection, posting_no=paying, reward_delivery_id=number)
    named = {"cancels_event_id": "Z", "cancels_position": 1, "outcome": "returned"}
    cancels = {"reward_delivery_id": number, "posting_no": returning, **named}
    _entry(connection, event_id="Z2", kind="cancellation", **cancels)
    _move(connection, paying)
    line(connection, returning, "cancellation", "q", points=10)


def _after_its_seal(connection: Connection) -> None:
    """Pay one more entry by a posting whose later tries are sealed."""
    number = _retry(connection)
    connection.execute(text("SELECT growth_points.seal_waiting()"))
    _retry(connection, posting_no=number, position=3)


def _before_it_is_refused(*, later: bool) -> Attempt:
    """Pay Z/2, at once or later, and then record that Z/1 is refused."""

    def attempt(connection: Connection) -> None:
        number = _delivery(connection)
        facts = {"position": 2, "reward_delivery_id": number}
        if later:
            _entry(connection, **facts)
            paying = _retry(connection, event_id="Z")
        else:
            paying = _paid(connection, **facts)
        _move(connection, paying)
        _entry(connection, reward_delivery_id=number)

    return attempt


def _after_its_expiry(connection: Connection) -> None:
    """Have u pay an entry of its last usable day, after its points expired."""
    long_ago = today(connection) - timedelta(days=367)
    adjust(connection, "u", 10, key="adjustment/u", on=long_ago)
    assert expire(connection, "prober", seller_id="u") is not None
    usable = "SELECT last_usable_on FROM growth_points.balance WHERE seller_id = 'u'"
    last = connection.scalar(text(usable))
    number = _delivery(connection, day=last)
    facts = {"seller_id": "u", "occurred_on": last, "reward_delivery_id": number}
    _move(connection, _paid(connection, **facts), "u")


def _of_another_day(connection: Connection) -> None:
    """Add to E by a delivery of the day before."""
    before = today(connection) - timedelta(days=1)
    number = _delivery(connection, day=before)
    _entry(connection, event_id="E", position=4, reward_delivery_id=number, occurred_on=before)


def _one_of_two(connection: Connection) -> None:
    """Have two stores pay, and move the points of one of them."""
    number = _paid(connection)
    delivery = text("SELECT max(reward_delivery_id) FROM growth_points.reward_delivery")
    same = connection.scalar(delivery)
    facts = {"outcome": "paid", "posting_no": number, "reward_delivery_id": same}
    _entry(connection, event_id="Z2", seller_id="i", **facts)
    _move(connection, number)


def _after_its_transfer(connection: Connection) -> None:
    """Pay one more entry by a posting whose points have moved."""
    number = _paid(connection)
    _move(connection, number)
    _retry(connection, posting_no=number)


_TO_Q = ("reward", "q")
_LAST = date(2199, 12, 31)

REWARD_PROBES = (
    Probe("reward_delivery.reward_delivery_pk", _delivering(reward_delivery_id=1)),
    Probe("reward_delivery.reward_delivery_hash_is_sha256", _delivering(content_hash="a")),
    Probe("reward_delivery.reward_delivery_entries_not_negative", _delivering(entries=-1)),
    Probe("reward_delivery.reward_delivery_profile_is_an_object", _delivering(profile="[]")),
    Probe("reward_delivery.reward_delivery_has_an_actor", _delivering(actor="")),
    Probe("reward_delivery.reward_delivery_is_of_the_past", _delivering(day=_LAST)),
    Probe("reward_delivery.reward_delivery_is_recorded_once", then(_delivering(), _delivering())),
    Probe("reward_delivery.takes_turn", then_meet_another(_delivering()), names="lock timeout"),
    Probe(
        "reward_delivery.sees_what_others_posted",
        _delivering(),
        names="READ COMMITTED",
        isolation="REPEATABLE READ",
    ),
    Probe(
        "reward_delivery.sealed",
        seal_again(_entering(), "reward_delivery"),
        names="seal_seals_once",
        without=BY_HAND,
    ),
    *(
        Probe("reward_delivery.sealed", attempt, names="reward_is_cancelled_by_an_entry")
        for attempt in (
            _entering(outcome="cancelled"),
            _withdrawn_by_another,
            _withdrawn_by_another_delivery,
        )
    ),
    Probe("reward_delivery.sealed", _entering(position=2), names="reward_event_has_no_gap"),
    *(
        Probe("reward_delivery.sealed", attempt, names="reward_event_is_of_one_store")
        for attempt in (
            _entering(event_id="E", position=4, seller_id="i"),
            _of_another_day,
        )
    ),
    # An entry is one for ever, of its store and its day, and says what became of it.
    Probe("reward_entry.reward_entry_pk", _entering(event_id="E")),
    *(
        Probe("reward_entry.reward_entry_event_length", _entering(event_id=event_id))
        for event_id in ("", "e" * 65)
    ),
    Probe("reward_entry.reward_entry_position_counts_from_1", _entering(position=0)),
    Probe("reward_entry.reward_entry_kind_known", _entering(kind="gift")),
    *(
        Probe("reward_entry.reward_entry_points_plausible", _entering(points=points))
        for points in (0, 10**12 + 1)
    ),
    *(
        Probe("reward_entry.reward_entry_customer_length", _entering(customer_ref=ref))
        for ref in ("", "c" * 65)
    ),
    *(
        Probe("reward_entry.reward_entry_names_what_it_cancels", _entering(**facts))
        for facts in (
            {"cancels_event_id": "E", "cancels_position": 2},
            {"cancels_event_id": "E"},
            {"cancels_position": 2},
        )
    ),
    Probe("reward_entry.reward_entry_outcome_known", _entering(outcome="not_paid")),
    Probe("reward_entry.reward_entry_outcome_known", _cancelling("E", 2, outcome="cancelled")),
    *(
        Probe("reward_entry.reward_entry_moves_points_by_a_posting", _entering(**facts))
        for facts in ({"outcome": "paid"}, {"posting_no": 1})
    ),
    Probe(
        "reward_entry.reward_entry_is_cancelled_once",
        _cancelling("F", 1, points=50, outcome="returned"),
    ),
    Probe("reward_entry.belongs", _entering(reward_delivery_id=1), names="never later"),
    Probe("reward_entry.belongs", _entering(reward_delivery_id=1_000), names="never later"),
    *(
        Probe("reward_entry.is_entitled", attempt, names="title_belongs")
        for attempt in (
            _entering(outcome="paid", posting_no=10_000),
            _paying_by("cancellation"),
            _paying_by(effective_on=date(2026, 1, 2)),
        )
    ),
    Probe(
        "reward_entry.is_entitled",
        _entering(occurred_on=date(2026, 1, 2)),
        names="reward_entry_is_of_its_day",
    ),
    *(
        Probe("reward_entry.is_entitled", attempt, names="reward_cancellation_is_of_an_entry")
        for attempt in (
            _cancelling("nothing", 1),
            _cancelling("Y", 1, points=7),
            _cancelling("E", 2, points=599),
            _cancelling("E", 2, points=600, seller_id="i"),
            _cancelling("E", 2, points=600, outcome="returned"),
            _cancelling("E", 1, points=100),
            _cancelling("G", 2, points=460, outcome="returned"),
            _returned_before_it_is_paid,
            lambda connection: _returned_before_it_is_paid(connection, posting_no=_PAYING + 1),
        )
    ),
    *(
        Probe(
            "reward_entry.is_entitled",
            then(record(subject="run", subject_key=str(_PAYING)), _returned_before_it_is_paid),
            names="reward_cancellation_is_of_an_entry",
            without=(f"{table}.made_by_the_database",),
        )
        for table, record in (("unsealed", note_by_hand), ("seal", seal_by_hand))
    ),
    # It is paid later if it was refused.
    Probe("reward_retry.reward_retry_pk", _retrying(event_id="G", position=1)),
    Probe("reward_retry.reward_retry_of_an_entry", _retrying(event_id="nothing")),
    Probe("reward_retry.takes_turn", then_meet_another(_retrying()), names="lock timeout"),
    *(
        Probe("reward_retry.is_entitled", attempt, names="title_belongs")
        for attempt in (
            _retrying(posting_no=10_000),
            lambda connection: _retry(
                connection, posting_no=_open(connection, effective_on=date(2026, 1, 2))
            ),
            _after_its_transfer,
        )
    ),
    *(
        Probe("reward_retry.is_entitled", attempt, names="reward_retry_is_of_a_refused_entry")
        for attempt in (
            _retrying(position=1),
            _retrying(event_id="X", position=1),
            _retrying(event_id="H", position=1),
        )
    ),
    Probe("reward_retry.is_entitled", _after_its_seal, names="reward_retry_is_recorded_at_once"),
    Probe(
        "reward_retry.sealed",
        then(
            _retrying(),
            lambda connection: _retry(connection, posting_no=_newest(connection), position=3),
        ),
        names="unsealed_pk",
    ),
    # What a store pays is the sum of its entries, in order, while its points are usable.
    *(
        Probe("transfer.is_entitled", attempt, names="transfer_has_a_title")
        for attempt in (
            _moving_after(_paid, points=11),
            _moving_after(_paid, seller="i"),
            _moving_after(_open),
        )
    ),
    *(
        Probe("transfer.is_entitled", attempt, names="reward_event_is_paid_in_order")
        for attempt in (
            _moving_after(_retrying(position=3), points=1),
            _moving_after(lambda connection: _paid(connection, event_id="E", position=4)),
            _before_it_is_refused(later=False),
            _before_it_is_refused(later=True),
        )
    ),
    *(
        Probe("transfer.is_entitled", attempt, names="reward_is_in_time")
        for attempt in (
            _moving_after(lambda connection: _paid(connection, seller_id="j"), "j"),
            _moving_after(lambda connection: _paid(connection, seller_id="stranger"), "stranger"),
            _moving_after(_retrying(event_id="W", position=1), "w", 5),
            _after_its_expiry,
        )
    ),
    Probe("posting.sealed", _one_of_two, names="posting_moves_what_it_is_entitled_to"),
    Probe(
        "posting.sealed",
        then(
            _moving_after(_paid),
            lambda connection: _move(connection, _newest(connection)),
        ),
        names="posting_moves_what_it_is_entitled_to",
    ),
    *(
        Probe(f"{table}.append_only", attempt, names="stays")
        for table, column in (
            ("reward_delivery", "actor"),
            ("reward_entry", "points"),
            ("reward_retry", "posting_no"),
        )
        for attempt in changes(table, column)
    ),
)
