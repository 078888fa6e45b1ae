"""October was paid, then other files of it came: what was paid stays, and nobody is surprised."""

from tests.command_line import Marketplace
from tests.three_stores import (
    NOVEMBER,
    OCTOBER,
    OCTOBER_CORRECTED,
    OCTOBER_DUE_ON,
    deliver,
)


def test_a_paid_month_is_restated_only_when_somebody_agrees(closed_november: Marketplace) -> None:
    shop = closed_november
    shop.done("pay-out", "--on", OCTOBER_DUE_ON)
    deliver(shop, OCTOBER, OCTOBER_CORRECTED)
    before = shop.row_counts(), shop.result(OCTOBER, NOVEMBER)

    preview = shop.done("close", OCTOBER, "--preview")
    rows = shop.done("close", OCTOBER, "--preview", "--output", "csv").rows()
    refused = shop.run("close", OCTOBER)

    assert "over-awarded, paid" in preview.stdout
    assert "sora" in preview.stdout
    assert {(row["settlement_month"], row["seller_id"]) for row in rows} >= {
        (OCTOBER, "maru"),
        (OCTOBER, "sora"),
    }
    assert refused.exit_code == 1
    assert f"{OCTOBER}: over-awarded" in refused.stderr
    assert "--acknowledge-paid" in refused.stderr
    assert (shop.row_counts(), shop.result(OCTOBER, NOVEMBER)) == before

    shop.done("close", OCTOBER, "--acknowledge-paid", "--reason", "the sender's correction")
    again = shop.done("close", OCTOBER)

    assert "no change" in again.stdout
    assert shop.result()["payouts"][0]["points"] == "300000"
    history = shop.done("history", OCTOBER, "--output", "csv").rows()
    told = [(row["action"], row["reason"].split(",")[0], row["result"]) for row in history]
    assert told == [
        ("close", "monthly closing", "changed"),
        ("pay out", "paid later", "changed"),
        ("close", "monthly closing", "refused"),
        ("close", "the sender's correction", "changed"),
        ("close", "monthly closing", "no change"),
    ]
    explained = shop.done("explain", "sora", OCTOBER).stdout
    assert "Tier 1, 150,000 points, was paid on" in explained
    assert "before the month was restated; what was paid stays." in explained
    shop.done("verify", "--replay")
