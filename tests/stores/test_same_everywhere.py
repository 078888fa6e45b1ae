"""Page, CSV, interface and ledger say the same of every store of a marketplace at work."""

import csv
import io
from random import Random
from typing import Any

from sqlalchemy import text
from starlette.testclient import TestClient

from adapters.postgres.using import conversions
from flows.converting.convert_points import ConversionRequest, hold_points
from flows.converting.deliver_conversions import deliver
from flows.converting.link_ad_account import link_account
from flows.converting.refusals import PointsNotUsable
from tests.closings import POLICIES, Program, Sold, cause
from tests.stores.conftest import Asked
from tests.stores.tokens import Issuer
from tests.stores.visitor import Visitor
from tests.using.reward_days import Entry, event
from tests.using.reward_days import deliver as deliver_rewards
from tests.using.store_a import SOME_DAY
from tests.using.stores_at_work import AdSystemHere

STORES = tuple(f"s{number}" for number in range(10))
_LEDGER = text("""
    SELECT kind, sum(CASE credit_account WHEN 'available' THEN points ELSE -points END)::bigint
    FROM growth_points.transfer
    WHERE seller_id = :seller_id AND 'available' IN (debit_account, credit_account) GROUP BY kind
""")
_BALANCES = text("""
    SELECT account, points FROM growth_points.balance WHERE seller_id = :seller_id
""")


def _work(program: Program, draw: Random) -> None:
    """Have the stores convert, reward and be adjusted, in any order."""
    program.close("2026-11", {store: Sold() for store in STORES})
    for store in STORES[1:]:  # the first one never gets anything
        program.adjust(store, draw.randint(1, 90_000), on=SOME_DAY)
        link_account(program.engine, store, f"ads of {store}", "tests")
    for number in range(40):
        store = draw.choice(STORES[1:])
        match draw.choice(("adjust", "convert", "convert", "reward")):
            case "adjust":
                program.adjust(store, draw.randint(1, 9_000), f"number {number}", on=SOME_DAY)
            case "convert":
                _convert(program, store, draw.randint(1, 30_000), draw)
            case "reward":
                name = f"event {number}"
                entries = event(name, *(draw.randint(1, 20_000) for _ in "123"), seller_id=store)
                deliver_rewards(program, SOME_DAY, entries)
                back = Entry(f"{name} back", 1, entries[0].points, store, cancels=(name, 1))
                deliver_rewards(program, SOME_DAY, [back])


def _convert(program: Program, store: str, points: int, draw: Random) -> None:
    request = ConversionRequest(store, f"r{draw.random()}", points, cause())
    try:
        hold_points(program.engine, request, POLICIES)
    except PointsNotUsable:
        return
    decides = draw.choice(("delivered", "refused", None))
    with program.engine.connect() as connection:
        held = list(conversions(connection, seller_id=store))[-1]
    deliver(program.engine, AdSystemHere(decides), held, "tests")


def _lines(asked: Asked, store: str) -> list[dict[str, Any]]:
    lines, after = [], 0
    while after is not None:
        path = f"/stores/{store}/statement"
        page = asked("GET", path, params={"limit": 7, "after": after}).json()
        lines += page["lines"]
        after = page["next"]
    return lines


def _rows(written: str) -> list[dict[str, str]]:
    return sorted(csv.DictReader(io.StringIO(written)), key=lambda row: sorted(row.items()))


def test_every_store_reads_the_same_wherever_it_looks(
    program: Program, client: TestClient, issuer: Issuer
) -> None:
    _work(program, Random(16))  # noqa: S311 no secret
    every_kind = set[str]()
    for store in STORES:
        asked = Asked(client, issuer.token(store))
        with program.engine.connect() as connection:
            ledger = {row[0]: row[1] for row in connection.execute(_LEDGER, {"seller_id": store})}
            found = connection.execute(_BALANCES, {"seller_id": store})
            balances = {row[0]: row[1] for row in found}

        points = asked("GET", f"/stores/{store}/points").json()
        assert points["available"] == balances.get("available", 0)
        assert points["held"] == balances.get("held", 0)

        lines, by_kind, balance = _lines(asked, store), dict[str, int](), 0
        for line in lines:
            balance += line["points"]
            assert line["balance"] == balance
            by_kind[line["kind"]] = by_kind.get(line["kind"], 0) + line["points"]
        assert balance == points["available"]
        assert by_kind == ledger
        every_kind.update(by_kind)

        path = f"/api/v1/stores/{store}/statement"
        by_interface = _rows(asked("GET", path, headers={"Accept": "text/csv"}).text)
        visitor = Visitor(client)
        visitor.open(issuer.token(store))
        tabs = {tab: visitor.see(f"/{tab}.csv").text for tab in ("received", "used", "expired")}
        by_page = [row for written in tabs.values() for row in _rows(written)]
        assert sorted(map(sorted, map(dict.items, by_page))) == sorted(
            map(sorted, map(dict.items, by_interface))
        )
        for tab, written in tabs.items():
            shown = visitor.see(f"/{tab}").text
            for row in _rows(written):
                assert f"{int(row['balance']):,}" in shown
                assert f"{abs(int(row['points'])):,}" in shown
    assert every_kind == {"adjustment", "conversion", "return", "reward", "cancellation"}
