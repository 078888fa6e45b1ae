"""What a product order adds to its store's month, however often it was settled and taken back."""

from pathlib import Path

import pytest

from tests.adapters.test_ingest import read, rows_of, violations
from tests.deliveries import SmallDelivery

QUICK, QUICK_BACK = "QUICK_SETTLE_ORIGINAL", "QUICK_SETTLE_CANCEL"
NORMAL, AFTER = "NORMAL_SETTLE_ORIGINAL", "NORMAL_SETTLE_AFTER_CANCEL"
PART, PART_BACK = "QUANTITY_CANCEL_DEDUCTION", "QUANTITY_CANCEL_RESTORE"

# The lines of one product order in one month (rules 3 and 4), and what they add to it.
STORIES: list[tuple[list[tuple[str, int]], int]] = [
    ([(QUICK, 9_000)], 9_000),
    ([(QUICK, 9_000), (QUICK_BACK, -9_000)], 0),
    ([(QUICK_BACK, -9_000)], -9_000),
    ([(QUICK, 9_000), (QUICK_BACK, -9_000), (NORMAL, 9_000)], 9_000),
    ([(NORMAL, 9_000), (AFTER, -9_000)], 0),
    ([(AFTER, -9_000)], -9_000),
    ([(NORMAL, 9_000), (PART, -4_000)], 5_000),
    ([(NORMAL, 9_000), (PART, -4_000), (PART_BACK, 4_000)], 9_000),
]


def sold(folder: Path, settled: list[tuple[str, int]]) -> SmallDelivery:
    """Deliver one product order of store-c, settled in some ways on one day."""
    delivery = SmallDelivery(folder)
    order = delivery.lines[0] | {"seller_id": "store-c", "product_order_id": "2026101500000001"}
    delivery.lines += [
        order | {"settlement_type": kind, "payment_amount_krw": str(amount)}
        for kind, amount in settled
    ]
    return delivery.write()


@pytest.mark.parametrize(("settled", "adds"), STORIES, ids=lambda value: str(value)[:70])
def test_a_product_order_adds_each_of_its_lines_once(
    tmp_path: Path, settled: list[tuple[str, int]], adds: int
) -> None:
    staged = read(sold(tmp_path, settled))
    assert ("store-c", "PROD_ORDER", len(settled), adds) in rows_of(staged.totals)
    assert violations(staged, "line_duplicated").count == 0


@pytest.mark.parametrize("amounts", [(-10_000, -5_000), (-5_000, -5_000)])
def test_two_partial_cancellations_of_one_day_cannot_be_told_from_one_sent_twice(
    tmp_path: Path, amounts: tuple[int, int]
) -> None:
    staged = read(sold(tmp_path, [(NORMAL, 20_000), *((PART, amount) for amount in amounts)]))
    assert violations(staged, "line_duplicated").count == 2
