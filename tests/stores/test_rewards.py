"""Rewards that a service sends: in order, once, with the same checks as files."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from time import sleep
from typing import Any

import httpx
import pytest

from adapters.postgres.database import lock_program
from tests.closings import Program
from tests.stores.conftest import Asked
from tests.stores.test_interface import A, reason
from tests.using.store_a import SOME_DAY, has

DAY = f"/rewards/{SOME_DAY}"


def entry(event: str, position: int, points: int, **others: Any) -> dict[str, Any]:
    return {
        "event_id": event,
        "position": position,
        "seller_id": "A",
        "kind": "purchase",
        "points": points,
        "customer_ref": "c1",
        **others,
    }


def send(asked: Asked, *entries: dict[str, Any], day: str = DAY) -> httpx.Response:
    return asked("POST", day, json={"entries": list(entries)})


def outcomes(response: httpx.Response) -> dict[str, str]:
    assert response.status_code == 200, response.text
    found = response.json()["entries"]
    return {f"{each['event_id']}/{each['position']}": each["outcome"] for each in found}


E = (entry("E", 1, 100_000), entry("E", 2, 60_000), entry("E", 3, 500))
F = (entry("F", 1, 1_500),)


def test_entries_are_paid_in_order_once_and_tried_again(
    program: Program, service: Asked, store: Asked
) -> None:
    sent = send(service, *E, *F)

    assert outcomes(sent) == {
        "E/1": "paid",
        "E/2": "insufficient_points",
        "E/3": "after_refused_entry",
        "F/1": "paid",
    }
    assert outcomes(send(service, *E, *F)) == outcomes(sent)
    assert has(program) == (48_500, 0)
    assert outcomes(store("GET", f"{A}/rewards/E"))["E/2"] == "insufficient_points"

    program.adjust("A", 20_000, on=SOME_DAY)
    again = store("POST", f"{A}/rewards/E/retry")

    assert set(outcomes(again).values()) == {"paid"}
    assert has(program) == (8_000, 0)
    assert outcomes(store("POST", f"{A}/rewards/E/retry")) == outcomes(again)
    assert has(program) == (8_000, 0)


def test_a_reward_is_cancelled_once_and_the_statement_tells_it(
    program: Program, service: Asked, store: Asked
) -> None:
    send(service, *F)
    back = entry("G", 1, 1_500, kind="cancellation", cancels={"event_id": "F", "position": 1})
    assert outcomes(send(service, back)) == {"G/1": "returned"}
    twice = {**back, "event_id": "H"}

    assert reason(send(service, twice)) == "day_blocked"
    assert has(program) == (150_000, 0)
    lines = store("GET", f"{A}/statement").json()["lines"]
    assert [(each["kind"], each["points"]) for each in lines[1:]] == [
        ("reward", -1_500),
        ("cancellation", 1_500),
    ]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"seller_id": "nobody"}, "day_blocked"),
        ({"position": 3}, "day_blocked"),
        ({"points": 1_000_001}, "day_blocked"),
        ({"kind": "cancellation"}, "day_blocked"),
        ({"cancels": {"event_id": "E", "position": 1}}, "day_blocked"),
        ({"kind": "gift"}, "request_invalid"),
        ({"points": 0}, "request_invalid"),
        ({"position": 2**31}, "request_invalid"),
        ({"customer_ref": "a\nb"}, "request_invalid"),
        ({"occurred_on": "2026-12-01"}, "request_invalid"),
    ],
)
def test_one_wrong_entry_refuses_them_all(
    program: Program, service: Asked, wrong: dict[str, Any], told: str
) -> None:
    response = send(service, *E[:1], {**F[0], **wrong})

    assert reason(response) == told
    assert has(program) == (150_000, 0)


def test_a_day_that_has_not_come_and_other_content_are_refused(
    program: Program, service: Asked
) -> None:
    assert reason(send(service, *F, day="/rewards/2026-12-02")) == "day_not_come"
    send(service, *F)
    assert reason(send(service, entry("F", 1, 1_400))) == "day_blocked"
    assert has(program) == (148_500, 0)


def test_a_store_sends_nothing_and_sees_its_own_events_only(
    service: Asked, store: Asked, other: Asked
) -> None:
    send(service, *F)

    assert reason(send(store, *E)) == "scope_missing"
    assert reason(other("GET", "/stores/B/rewards/F")) == "event_unknown"
    assert reason(other("POST", "/stores/B/rewards/F/retry")) == "event_unknown"
    assert reason(other("GET", f"{A}/rewards/F")) == "not_your_store"
    assert outcomes(store("GET", f"{A}/rewards/F")) == {"F/1": "paid"}


def test_whoever_waits_to_pay_rewards_keeps_nobody_from_reading(
    program: Program, store: Asked, service: Asked
) -> None:
    sent = {"entries": [entry("E", 1, 100)]}
    with program.engine.connect() as closing, ThreadPoolExecutor(60) as pool:
        lock_program(closing)
        paying = [pool.submit(service, "POST", DAY, json=sent) for _ in range(45)]
        while not any(each.done() for each in paying):  # too many are refused at once
            sleep(0.01)
        reading = pool.submit(store, "GET", "/stores/A/points")
        assert reading.result(timeout=5).status_code == 200
        closing.rollback()

    answers = Counter(each.result().status_code for each in paying)
    assert answers[200] >= 8
    assert answers[200] + answers[503] == 45
