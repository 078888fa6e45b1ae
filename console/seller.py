"""Printing all that there is of a store."""

import json
from collections.abc import Mapping

from console.output import Output, echo, print_rows
from domain.sentence import sentence
from domain.written import legible
from flows.showing.labels import TITLES
from flows.showing.seller_rows import SELLER_RECORDS, for_people
from flows.showing.seller_view import SellerView


def print_seller(view: SellerView, why: str, output: Output) -> None:
    """Print a store whole: tables and its explanation, or one JSON object."""
    if output == "json":
        echo(
            legible(json.dumps(_facts(view), default=str, ensure_ascii=False, indent=1), json.dumps)
        )
        return
    standing = view.standing
    said = sentence(
        "Store {seller_id}: available {available:,} P, held {held:,} P, usable through {until}; "
        "search-ad account {account_id}.",
        seller_id=view.seller_id,
        available=standing.available,
        held=standing.held,
        until=standing.last_usable_on or "–",
        account_id=standing.account_id or "–",
    )
    echo(said)
    for name in SELLER_RECORDS:
        echo("")
        echo(TITLES[name])
        print_records(view, name, "table")
    if why:
        echo(f"\n{why}")


def print_records(view: SellerView, name: str, output: Output) -> None:
    """Print one of the lists of a store."""
    records = SELLER_RECORDS[name]
    rows = records.rows(view)
    if output == "table":
        rows = (for_people(records, row) for row in rows)
    print_rows(records.columns, rows, output)


def _facts(view: SellerView) -> Mapping[str, object]:
    standing = view.standing
    return {
        "seller_id": view.seller_id,
        "status": view.status,
        "available": standing.available,
        "held": standing.held,
        "last_usable_on": standing.last_usable_on,
        "account_id": standing.account_id,
        **{
            name: [dict(zip(each.columns, row, strict=True)) for row in each.rows(view)]
            for name, each in SELLER_RECORDS.items()
        },
    }
