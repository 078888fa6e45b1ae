"""Each rule has one mutation of a sound delivery that breaks exactly it."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import narwhals as nw
import pytest

from adapters.ingest.delivery import find_delivery
from domain.columns import Content
from domain.findings import Finding, Severity
from domain.limits import LIMITS
from domain.profile import Changes, Past, PastMonth
from domain.settlement import SELLER_FLAGS
from expectations.comparison_rules import COMPARISON_RULES
from expectations.rule import Limit, RowRule, Rule
from expectations.suite import ALL_RULES
from flows.ingesting.read_delivery import judge_beside, read_delivery
from tests.deliveries import MONTH, Row, SmallDelivery
from tests.workbooks import write_sheets

Mutation = Callable[[SmallDelivery], object]


def line(**values: str) -> Mutation:
    """Change the last line, the only one of its seller."""
    return lambda delivery: delivery.lines[-1].update(values)


def seller(**values: str) -> Mutation:
    """Change the last seller, who has no line."""
    return lambda delivery: delivery.sellers[-1].update(values)


def every_line(**values: str) -> Mutation:
    """Change all lines."""
    return lambda delivery: [each.update(values) for each in delivery.lines]


def every_seller(**values: str) -> Mutation:
    """Change all sellers."""
    return lambda delivery: [each.update(values) for each in delivery.sellers]


def declared(content: str, **values: object) -> Mutation:
    """Declare something else of a file than it holds."""

    def mutate(delivery: SmallDelivery) -> None:
        delivery.write()
        delivery.declare(values, content)

    return mutate


def damaged(name: str) -> Mutation:
    """Add a row with a quote that never ends."""

    def mutate(delivery: SmallDelivery) -> None:
        delivery.write()
        with (delivery.folder / name).open("a") as file:
            file.write('"cut off, in the mid')

    return mutate


def beside(delivery: SmallDelivery) -> None:
    """Write the lines into a workbook, and something else into another sheet of it."""
    delivery.write()
    (delivery.folder / "settlements.csv").unlink()
    rows = [list(delivery.lines[0]), *(list(each.values()) for each in delivery.lines)]
    sheets = {"정산": rows, "요약": [["month", "sum"], ["2026-10", "259000"]]}
    write_sheets(delivery.folder / "settlements.xlsx", sheets)


def without(content: str) -> Mutation:
    """Leave only the header, and of sellers no line either, so that none is unknown."""

    def mutate(delivery: SmallDelivery) -> None:
        delivery.write()
        path = delivery.folder / f"{content}.csv"
        path.write_text(path.read_text().splitlines()[0] + "\n")

    return mutate


def _numbered_lines(ids: Iterable[str]) -> list[Row]:
    """Make lines of one seller and of little money, with ids of their own."""
    seller = SmallDelivery(Path()).lines[0]
    return [seller | {"product_order_id": each, "payment_amount_krw": "1"} for each in ids]


def _gifts(count: int) -> list[Row]:
    """Make lines of an unknown type."""
    return [line | {"line_type": "GIFT"} for line in _numbered_lines(f"G{n}" for n in range(count))]


def _sleepers(delivery: SmallDelivery, count: int) -> list[Row]:
    """Make stores of an unknown status."""
    store = delivery.sellers[-1] | {"status": "SLEEPING"}
    return [store | {"seller_id": f"sleeper-{n}"} for n in range(count)]


def _large_lines() -> list[Row]:
    """Make two lines of one seller, each as large as a line may be."""
    return [each | {"payment_amount_krw": str(10**12)} for each in _numbered_lines(["L1", "L2"])]


def _small_lines(count: int) -> list[Row]:
    """Make many lines of little money."""
    seller = SmallDelivery(Path()).lines[0]
    return [
        seller | {"product_order_id": f"small-{number}", "payment_amount_krw": "1"}
        for number in range(count)
    ]


FLAG_MUTATIONS: dict[str, Mutation] = {
    rule: mutation
    for flag in SELLER_FLAGS
    for rule, mutation in (
        (f"{flag}_missing", seller(**{flag: ""})),
        (f"{flag}_unreadable", seller(**{flag: "maybe"})),
    )
}

MUTATIONS: dict[str, Mutation] = FLAG_MUTATIONS | {
    "line_seller_missing": line(seller_id=""),
    "product_order_missing": line(product_order_id=""),
    "product_order_too_long": line(product_order_id="9" * 65),
    "product_order_inexact": line(product_order_id="2.02610E+15"),
    "line_type_missing": line(line_type=""),
    "line_type_malformed": line(line_type="GIFT\x01WRAPPING"),
    "line_type_unknown": line(line_type="GIFT_WRAPPING"),
    "line_type_new": line(line_type="GIFT_WRAPPING"),
    "settlement_type_new": line(settlement_type="SLOW_SETTLE"),
    "settlement_type_missing": line(settlement_type=""),
    "line_type_unknown_often": lambda d: d.lines.extend(_gifts(3)),
    "line_type_unknown_mostly": lambda d: d.lines.extend(_gifts(5)),
    "status_unknown_often": lambda d: d.sellers.extend(_sleepers(d, 3)),
    "status_unknown_mostly": lambda d: d.sellers.extend(_sleepers(d, 4)),
    "settlement_type_malformed": line(settlement_type="SLOW\x01SETTLE"),
    "settlement_type_unknown": line(settlement_type="SLOW_SETTLE"),
    "line_incomplete": lambda d: d.lines[2].update(product_order_id=""),
    "amount_missing": line(payment_amount_krw=""),
    "amount_unreadable": line(payment_amount_krw="1500.5"),
    "amount_too_large": line(payment_amount_krw="99999999999999999999"),
    "confirmed_on_missing": line(confirmed_on=""),
    "confirmed_on_unreadable": line(confirmed_on="7 October"),
    "confirmed_outside_month": line(confirmed_on="2026-11-01"),
    "line_unreadable": damaged("settlements.csv"),
    "line_continued": line(order_id="5\n6"),
    "line_duplicated": lambda d: d.lines.append(dict(d.lines[-1])),
    "seller_unknown": line(seller_id="store-z"),
    "settlements_empty": without("settlements"),
    "snapshot_empty": without("sellers"),
    "snapshot_row_unreadable": damaged("sellers.csv"),
    "snapshot_seller_missing": seller(seller_id=""),
    "snapshot_seller_malformed": seller(seller_id=" store-c"),
    "product_order_zeros_lost": lambda d: d.lines.extend(
        _numbered_lines(["0000260000000001", "260000000002"])
    ),
    "product_order_rounded": lambda d: d.lines.extend(
        _numbered_lines(f"20261008000{n:04}0" for n in range(20))
    ),
    "snapshot_seller_lookalike": lambda d: d.sellers.extend(
        d.sellers[-1] | {"seller_id": each} for each in ("0051", "51")
    ),
    "snapshot_seller_inexact": seller(seller_id="5.1E+16"),
    "snapshot_seller_twice": lambda d: d.sellers.append(dict(d.sellers[-1])),
    "approved_on_missing": seller(approved_on=""),
    "approved_on_unreadable": seller(approved_on="2026-02-30"),
    "approved_on_implausible": seller(approved_on="1026-05-20"),
    "status_missing": seller(status=""),
    "status_new": seller(status="SLEEPING"),
    "status_unknown": seller(status="SLEEPING"),
    "line_types_all_unknown": every_line(line_type="GIFT_WRAPPING"),
    "settlement_types_all_unknown": every_line(settlement_type="SLOW_SETTLE"),
    "statuses_all_unknown": every_seller(status="true"),
    "product_orders_absent": every_line(line_type="DELIVERY"),
    "normal_stores_absent": every_seller(status="PAUSED"),
    "status_malformed": seller(status="SOLD\x00"),
    "seller_amount_too_large": lambda d: d.lines.extend(_large_lines()),
    "seller_negative": line(payment_amount_krw="-1"),
    "sale_before_approval": lambda d: d.sellers[0].update(approved_on="2026-10-31"),
    "sheet_not_read": beside,
    **dict.fromkeys((rule.name for rule in COMPARISON_RULES), lambda _: None),
    "lines_unusual": lambda d: d.lines.extend(_small_lines(10)),
    "amount_unusual": line(payment_amount_krw="900000"),
    "control_total_rows": declared("sellers", rows=4),
    "control_total_amount": declared("settlements", payment_amount_krw=259001),
    "control_total_sha256": declared("sellers", sha256="0" * 64),
}

# Without a snapshot every seller is unknown, and what all lines break some break: that cannot be
# helped.
ALSO_BROKEN = {
    "snapshot_empty": {"seller_unknown"},
    "line_type_new": {"line_type_unknown"},
    "settlement_type_new": {"settlement_type_unknown"},
    "status_new": {"status_unknown"},
    "line_types_all_unknown": {"line_type_unknown_mostly"},
    "settlement_types_all_unknown": {"settlement_type_unknown"},
    "statuses_all_unknown": {"status_unknown_mostly"},
}


# Two months like the sound delivery, and nobody who left since.
NO_PAST = Past()
PAST = Past(tuple(PastMonth(MONTH - back, 4, 259_000) for back in (1, 2)))


def changed(rule: Rule) -> Past:
    """Have so many of 10,000 stores changed that the rule is broken, and no heavier one."""
    count = rule.limit.allows(10_000, LIMITS) + 1
    counts = (replace(v, count=count if v.rule == rule.count_of else 0) for v in Changes().counts)
    return Past(changes=Changes(MONTH - 1, 10_000, tuple(counts), 10_000))


NOTHING_SEEN = Past(words=frozenset())
PASTS = {
    "line_type_new": NOTHING_SEEN,
    "settlement_type_new": NOTHING_SEEN,
    "status_new": NOTHING_SEEN,
    **{rule.name: changed(rule) for rule in COMPARISON_RULES},
    "lines_unusual": PAST,
    "amount_unusual": PAST,
}


def findings_of(delivery: SmallDelivery, work: Path, past: Past = NO_PAST) -> tuple[Finding, ...]:
    if not delivery.folder.exists():
        delivery.write()
    found = find_delivery(str(delivery.root), MONTH)
    staged = read_delivery(found, work / "staging", work / "quarantine")
    return judge_beside(staged, past).findings


def test_a_sound_delivery_has_no_finding(tmp_path: Path) -> None:
    delivery = SmallDelivery(tmp_path).write(manifest=True)
    assert findings_of(delivery, tmp_path) == ()


def test_every_rule_has_a_mutation_that_breaks_it() -> None:
    assert MUTATIONS.keys() == {rule.name for rule in ALL_RULES}


@pytest.mark.parametrize("unseen", ["\u200b", "\u202e", "\ufeff", "\u00ad", "\u0085"])
def test_no_two_stores_look_alike(unseen: str, tmp_path: Path) -> None:
    delivery = SmallDelivery(tmp_path)
    seller(seller_id=f"store{unseen}-c")(delivery)
    assert [each.rule for each in findings_of(delivery, tmp_path)] == ["snapshot_seller_malformed"]


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.name)
def test_a_mutation_breaks_exactly_its_rule(rule: Rule, tmp_path: Path) -> None:
    delivery = SmallDelivery(tmp_path)
    MUTATIONS[rule.name](delivery)
    findings = {
        finding.rule: finding
        for finding in findings_of(delivery, tmp_path, PASTS.get(rule.name, NO_PAST))
    }
    assert findings.keys() == {rule.name} | ALSO_BROKEN.get(rule.name, set())
    found = findings[rule.name]
    assert found.severity is rule.severity
    assert found.where in ("settlements.csv", "settlements.xlsx", "sellers.csv", "the delivery")
    assert found.sentence.startswith(f"{found.where}: {rule.sentence}")


def test_what_a_sound_month_may_hold_only_warns() -> None:
    warnings = {rule.name for rule in ALL_RULES if rule.severity is Severity.WARNING}
    assert warnings == {
        "line_continued",
        "line_incomplete",
        "line_type_unknown_often",
        "status_unknown_often",
        "line_type_new",
        "settlement_type_new",
        "status_new",
        "product_order_rounded",
        "seller_negative",
        "sale_before_approval",
        "sheet_not_read",
        "sellers_vanished",
        "sellers_returned",
        "sellers_joined",
        "approval_date_moved",
        "status_changed_often",
        *(f"{flag}_changed_often" for flag in SELLER_FLAGS),
        "lines_unusual",
        "amount_unusual",
    }


def test_what_is_told_every_month_is_no_warning() -> None:
    told = {rule.name for rule in ALL_RULES if rule.severity is Severity.INFO}
    changes = {"seller_vanished", "seller_returned", "status_changed"}
    changes |= {"seller_withdrawn", "seller_restated"}
    changes |= {f"{flag}_changed" for flag in SELLER_FLAGS}
    assert told == {"line_type_unknown", "settlement_type_unknown", "status_unknown"} | changes


def test_rows_that_are_refused_cannot_be_allowed_for() -> None:
    rule = Rule("any", Content.SETTLEMENTS, Severity.CRITICAL, "it is so", Limit(count=1))
    with pytest.raises(ValueError, match="cannot be allowed for"):
        RowRule(rule, "seller_id", lambda _: nw.lit(value=True))
