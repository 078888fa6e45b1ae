"""Attacks on months: what is decided, awarded, approved and paid."""

from tests.attacks.attack import GOT_THROUGH, Attack
from tests.attacks.statements import (
    AWARD,
    AWARDS_C,
    ENTRY,
    NEWEST,
    by_service,
    payout,
    pays_october,
    posting,
    row,
    transfer,
)

PAYS_A = posting("payout") + transfer(
    row("payout", "a", "150000", finishes=ENTRY.format(seller="a", tier=1))
)

REVERSES_A = transfer(row("reversal", "a", "150000", finishes=ENTRY.format(seller="a", tier=1)))

DECIDES_AGAIN = (
    "INSERT INTO growth_points.evaluation (settlement_month, evaluation_no, input_hash,"
    " policy_hash, actor, reason) SELECT settlement_month, evaluation_no + 1, input_hash,"
    " policy_hash, 'me', 'mine' FROM growth_points.evaluation"
    " WHERE settlement_month = '2026-10-01' ORDER BY evaluation_no DESC LIMIT 1;"
    " INSERT INTO growth_points.evaluation_input (evaluation_id, revision_id)"
    " SELECT (SELECT max(evaluation_id) FROM growth_points.evaluation), revision_id"
    " FROM growth_points.revision WHERE settlement_month = '2026-10-01'"
    " ORDER BY revision_no DESC LIMIT 1;"
)

AWARDS = (
    by_service(
        "award what was not decided",
        posting("award") + transfer(row("award", "b", "150000", tier="1", award_no="2")),
        "transfer_was_decided",
    ),
    by_service(
        "award other points",
        posting("award") + transfer(row("award", "c", "300000", **AWARD)),
        "transfer_was_decided",
    ),
    by_service(
        "award a tier twice",
        posting("award") + transfer(row("award", "a", "150000", **AWARD)),
        "transfer_awards_a_tier_once",
    ),
    by_service(
        "award a standing tier once more",
        posting("award") + transfer(row("award", "a", "150000", tier="1", award_no="2")),
        "transfer_awards_again",
    ),
    by_service(
        "award for an evaluation that was replaced",
        posting(
            "award",
            evaluation="(SELECT min(evaluation_id) FROM growth_points.evaluation"
            " WHERE settlement_month = '2026-10-01')",
        ),
        "posting_evaluation_is_current",
    ),
    by_service(
        "award in a month that was paid",
        posting("award", month="'2026-09-01'"),
        "posting_month_is_not_paid",
    ),
    by_service(
        "reverse what was paid",
        posting("reversal")
        + transfer(row("reversal", "f", "150000", finishes=ENTRY.format(seller="f", tier=1))),
        "transfer_finishes",
    ),
    by_service(
        "reverse an award twice",
        posting("reversal")
        + transfer(row("reversal", "b", "150000", finishes=ENTRY.format(seller="b", tier=1))),
        "transfer_finishes_an_award_once",
    ),
    by_service(
        "reverse another store's award",
        posting("reversal")
        + transfer(row("reversal", "d", "150000", finishes=ENTRY.format(seller="a", tier=1))),
        "transfer_finishes_its_award",
    ),
    by_service(
        "decide later",
        "INSERT INTO growth_points.decision (evaluation_id, seller_id, outcome, tier, points,"
        " window_amount_krw, reasons) VALUES (1, 'me', 'awarded', 1, 150000, 1, '{}')",
        "never later",
    ),
    by_service(
        "decide after the evaluation was noted",
        DECIDES_AGAIN + " SET CONSTRAINTS ALL IMMEDIATE;"
        " INSERT INTO growth_points.decision (evaluation_id, seller_id, outcome, tier, points,"
        " window_amount_krw, reasons) SELECT max(evaluation_id), 'a', 'awarded', 1, 150000, 1, '{}'"
        " FROM growth_points.evaluation",
        "never later",
    ),
    by_service(
        "open a posting, decide the month again, then award",
        posting("award") + DECIDES_AGAIN + AWARDS_C,
        "transfer_evaluation_is_current",
    ),
    by_service(
        "open a posting, pay the month, then reverse",
        posting("reversal") + pays_october("2026-11-10") + REVERSES_A,
        "transfer_finishes_an_award_once",
    ),
)

PAYOUTS = (
    by_service("pay twice", payout("NULL", month="'2026-09-01'"), "payout_pk"),
    by_service("pay early", pays_october("2026-11-09"), "payout_is_due"),
    Attack("pay on its date", pays_october("2026-11-10"), by={"service": GOT_THROUGH}),
    by_service(
        "pay a month without a date",
        payout("NULL", month="'2026-12-01'", sellers=0, points=0),
        "payout_is_due",
    ),
    by_service(
        "pay nothing of what is open", payout("NULL", sellers=0, points=0), "payout_is_complete"
    ),
    by_service("pay a part of what is open", PAYS_A + payout(), "payout_is_complete"),
    by_service(
        "pay less than was decided",
        pays_october("2026-11-10", awards_c=False),
        "payout_is_what_was_decided",
    ),
    by_service(
        "reverse what was decided, and pay nothing",
        posting("reversal")
        + transfer(
            *(
                row("reversal", seller, points, finishes=ENTRY.format(seller=seller, tier=tier))
                for seller, points, tier in (("a", "150000", 1), ("d", "300000", 2))
            )
        )
        + payout("NULL", sellers=0, points=0),
        "payout_is_what_was_decided",
    ),
    by_service(
        "decide again without awards, and pay those that stand",
        DECIDES_AGAIN + pays_october("2026-11-10", awards_c=False),
        "payout_is_what_was_decided",
    ),
    by_service(
        "pay a month that nobody closed",
        "INSERT INTO growth_points.payout_date (settlement_month, plan_no, due_on, passed_over,"
        " calendar, extra_holidays, policy_hash) SELECT '2026-07-01', 1, '2026-08-10', '[]', 'me',"
        " '{}', min(policy_hash) FROM growth_points.policy;"
        + payout("NULL", month="'2026-07-01'", sellers=0, points=0),
        "payout_is_of_a_closed_month",
    ),
    by_service("pay and record no payout", PAYS_A, "posting_of_a_payout"),
    by_service(
        "pay one award to another store",
        posting("payout")
        + transfer(row("payout", "g", "150000", finishes=ENTRY.format(seller="a", tier=1))),
        "transfer_finishes_its_award",
    ),
    by_service(
        "pay more than was awarded",
        posting("payout")
        + transfer(row("payout", "a", "150001", finishes=ENTRY.format(seller="a", tier=1))),
        "transfer_finishes_its_award",
    ),
    by_service(
        "pay an award twice at once",
        posting("payout")
        + transfer(*[row("payout", "a", "150000", finishes=ENTRY.format(seller="a", tier=1))] * 2),
        "transfer_finishes_an_award_once",
    ),
    by_service(
        "pay without the approval that a closing demanded",
        "INSERT INTO growth_points.approval_rule (settlement_month, above_points)"
        " VALUES ('2026-10-01', -1);" + payout("NULL"),
        "payout_is_approved",
    ),
)

_APPROVAL = (
    "INSERT INTO growth_points.approval (evaluation_id, points, actor, reason)"
    " VALUES ({evaluation}, {points}, 'me', 'mine');"
)
_RUN = (
    "INSERT INTO growth_points.run (settlement_month, action, actor, origin, reason, changed,"
    " difference, started_at, evaluation_id) VALUES ('2026-10-01', '{}', 'me', 'mine', 'mine',"
    " false, '{{}}', now(), 1);"
)
_OPEN = NEWEST.format(month="2026-10-01")


def _by_approver(name: str, sql: str, refused: str) -> Attack:
    return Attack(name, sql, by={"approver": refused})


APPROVALS = (
    Attack(
        "approve what it pays",
        _APPROVAL.format(evaluation=_OPEN, points=450_000),
        by={"approver": GOT_THROUGH},
    ),
    _by_approver(
        "approve another total",
        _APPROVAL.format(evaluation=_OPEN, points=1),
        "approval_is_of_the_open_total",
    ),
    _by_approver(
        "approve what was replaced",
        _APPROVAL.format(evaluation=1, points=450_000),
        "approval_is_of_the_open_total",
    ),
    _by_approver(
        "approve twice", _APPROVAL.format(evaluation=_OPEN, points=450_000) * 2, "approval_pk"
    ),
    Attack(
        "record an approval that it did not give",
        _RUN.format("approve"),
        by={"service": "run_is_of_its_login", "approver": GOT_THROUGH},
    ),
    Attack(
        "record a payout that it did not make",
        _RUN.format("pay out"),
        by={"approver": "run_is_of_its_login", "service": GOT_THROUGH},
    ),
)
