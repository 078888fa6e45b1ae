"""The stores' page converts what was confirmed, and shows the newest conversions."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from adapters.postgres import using
from adapters.postgres.ledger.posting import Posted
from adapters.postgres.using import Conversion
from flows.converting.convert_points import hold_points
from flows.converting.link_ad_account import link_account
from tests.closings import Program
from tests.stores.test_page import said, visitor
from tests.stores.visitor import Visitor
from tests.using.store_a import convert, has
from web.stores.page import converting

__all__ = ["visitor"]


def test_what_was_confirmed_for_another_account_is_not_converted(
    program: Program, visitor: Visitor
) -> None:
    visitor.see("/convert?lang=en")
    visitor.send("/convert/review", points="1000")
    confirmed = dict(visitor.hidden)
    visitor.see("/convert")
    visitor.send("/ad-account", account_id="ads-2")
    visitor.hidden = confirmed

    refused = visitor.send("/convert")

    assert refused.status_code == 409
    assert "Another search-ad account was linked meanwhile." in said(refused.text)
    assert has(program) == (150_000, 0)


def test_an_account_that_is_linked_at_that_moment_gets_no_credit(
    program: Program, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hold_points_after_another_link(engine: Engine, *asked: Any) -> Posted:
        link_account(engine, "A", "ads-2", "another window")
        return hold_points(engine, *asked)

    monkeypatch.setattr(converting, "hold_points", hold_points_after_another_link)
    visitor.see("/convert?lang=en")
    visitor.send("/convert/review", points="1000")

    refused = visitor.send("/convert")

    assert refused.status_code == 409
    assert "Another search-ad account was linked meanwhile." in said(refused.text)
    assert has(program) == (150_000, 0)


def test_the_forms_read_the_newest_conversions_alone(
    program: Program, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(converting, "_MOST", 3)
    read: list[Conversion] = []

    def kept(connection: Connection, **asked: object) -> Iterator[Conversion]:
        for each in every(connection, **asked):
            read.append(each)
            yield each

    every = using._conversions
    monkeypatch.setattr(using, "_conversions", kept)
    for number in range(5):
        convert(program, 1_000 + number, f"r{number}")

    page = visitor.see("/convert").text

    assert re.findall("/conversions/(r[0-9])", page) == ["r4", "r3", "r2"]
    assert len(read) == 3
