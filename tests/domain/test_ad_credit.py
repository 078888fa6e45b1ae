"""The id of a conversion in the ad system."""

import re

from domain.using.ad_credit import credit_id


def test_the_id_of_a_conversion_never_changes() -> None:
    assert credit_id("seller-1", "request-1") == (
        "gp1-494c5fa6fe3b42999a2f01f2b49dedd23e6d8d5fa3668a97204b50836ef1258c"
    )


def test_an_id_is_safe_in_an_address_whatever_the_parts_hold() -> None:
    for seller_id, request_id in (
        ("가게", "요청/1?a=b"),
        ("../..", "%2e%2e"),
        ("s" * 64, "r" * 64),
    ):
        assert re.fullmatch(r"gp1-[0-9a-f]{64}", credit_id(seller_id, request_id))


def test_parts_that_read_alike_together_have_different_ids() -> None:
    pairs = [("a", "b/c"), ("a/b", "c"), ("1/a", "b"), ("a", "1/b"), ("ab", "c"), ("a", "bc")]
    assert len({credit_id(*pair) for pair in pairs}) == len(pairs)
